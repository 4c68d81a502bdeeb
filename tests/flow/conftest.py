# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the tests of synthesis."""

import pytest

from macaw.flow import ToolMissingError, find_tool


@pytest.fixture
def installed(monkeypatch, tmp_path):
    """Yosys and nextpnr are installed, and the current folder is an empty one."""
    _require("yosys", "nextpnr-ecp5")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def all_installed(installed):
    """The nextpnr of every other family is installed as well."""
    _require("nextpnr-ice40", "nextpnr-himbaechel")
    return installed


def _require(*names):
    for name in names:
        try:
            find_tool(name)
        except ToolMissingError as error:
            pytest.skip(str(error))
