# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Code that a page shows out of a file stands in that file."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = ("docs/adding-an-operator.md",)
_BLOCK = re.compile(r"```python\n# (\S+\.py)\n(.*?)```", re.DOTALL)


def missing(page: str) -> list[str]:
    """What a page shows of a file and the file does not have."""
    found = []
    for path, code in _BLOCK.findall(page):
        text = (ROOT / path).read_text()
        found += [part for part in code.split("...\n") if part not in text]
    return found


@pytest.mark.parametrize("page", PAGES)
def test_excerpts_are_of_the_files(page):
    text = (ROOT / page).read_text()
    assert len(_BLOCK.findall(text)) > 4
    assert not missing(text)


def test_another_line_is_noticed():
    block = "```python\n# arch/checks.py\n{}\n```"
    first = (ROOT / "arch" / "checks.py").read_text().splitlines()[0]
    assert not missing(block.format(first))
    assert missing(block.format("def whole(what):")) == ["def whole(what):\n"]
