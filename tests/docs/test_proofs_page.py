# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The example of the page about proofs is a proof, and its mutant is refuted."""

import re
from pathlib import Path

import pytest

from macaw.flow.tools import ToolMissingError, find_tool
from macaw.prove import decide

PAGE = Path(__file__).parents[2] / "docs" / "proofs.md"


def test_example_is_proved(tmp_path):
    try:
        find_tool("yosys")
    except ToolMissingError as error:
        pytest.skip(str(error))
    [source] = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    names = {}
    exec(compile(source, PAGE.name, "exec"), names)
    assert decide(names["stays"], build=tmp_path).good
