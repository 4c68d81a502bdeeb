# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the tests of synthesis."""

import pytest

from macaw.flow import ToolMissingError, find_tool


@pytest.fixture
def installed(monkeypatch, tmp_path):
    """Yosys and nextpnr are installed, and the current folder is an empty one."""
    for name in ("yosys", "nextpnr-ecp5"):
        try:
            find_tool(name)
        except ToolMissingError as error:
            pytest.skip(str(error))
    monkeypatch.chdir(tmp_path)
    return tmp_path
