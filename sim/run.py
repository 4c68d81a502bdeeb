# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Runs a built simulator with a cocotb module inside."""

import json
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from macaw.sim.build import Runner, Simulator
from macaw.sim.errors import BenchFailure
from macaw.sim.folders import build_folder

__all__ = ["look_at_waves", "parameters", "run", "run_folder", "waves_arguments"]

_PARAMETERS = "MACAW_BENCH_PARAMETERS"
_LOG_LINES = 30
_LOG, _RESULTS, _VALUES = "simulation.log", "results.xml", "parameters.json"


@contextmanager
def run_folder() -> Iterator[Path]:
    """A fresh folder for the files of one run; where a bench fails, its log stays."""
    parent = build_folder() / "runs"
    parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=parent))
    keep: set[str] = set()
    try:
        yield folder
    except BenchFailure:
        keep = {_LOG, _RESULTS, _VALUES}
        raise
    finally:
        for path in folder.iterdir():
            if path.name not in keep:
                path.unlink()
        if not keep:
            folder.rmdir()


def parameters() -> Any:
    """Inside a bench: the parameters that `run` was given."""
    return json.loads(Path(os.environ[_PARAMETERS]).read_text())


def waves_arguments(waves: Path, first_cycle: int, last_cycle: int) -> list[str]:
    """The simulator's arguments that write a waveform of a window of clock cycles."""
    waves.parent.mkdir(parents=True, exist_ok=True)
    window = ("--waves-first", str(2 * first_cycle), "--waves-last", str(2 * last_cycle + 1))
    return ["--waves", str(waves), *window]


def look_at_waves(waves: Path) -> str:
    """One line that says where the waveform is and which programs show it."""
    return f"waveform: {waves} (look at it with: gtkwave {waves}, or surfer {waves})"


def run(
    simulator: Simulator,
    module: str,
    folder: Path,
    *,
    values: Any = None,
    arguments: Sequence[str] = (),
    environment: Mapping[str, str] = {},
    seed: int = 1,
) -> None:
    """Runs the cocotb tests of the Python module called ``module``.

    ``values`` (anything that JSON holds) is what `parameters` gives there. ``folder`` takes the
    log and the results; ``seed`` is cocotb's random seed.

    Raises `BenchFailure` with cocotb's messages where a test fails or the simulator ends early.
    """
    values_path = folder / _VALUES
    values_path.write_text(json.dumps(values))
    results, log = folder / _RESULTS, folder / _LOG
    command = [*simulator.launcher, str(simulator.program), *arguments]
    # Where pytest is installed, cocotb would load all its plugins to rewrite assertions: half of
    # the time of a short run.
    settings = {_PARAMETERS: str(values_path), "COCOTB_REWRITE_ASSERTION_FILES": ""}
    runner = Runner([command], {**settings, **environment})
    # The results file says which test failed; without it the log does.
    with suppress(RuntimeError, SystemExit):
        runner.test(
            test_module=module,
            hdl_toplevel=simulator.toplevel,
            hdl_toplevel_lang="verilog",
            build_dir=simulator.folder,
            test_dir=folder,
            results_xml=str(results),
            log_file=log,
            seed=seed,
        )
    failures = _failures(results)
    if failures is None:
        lines = log.read_text(errors="replace").splitlines()[-_LOG_LINES:] if log.exists() else []
        raise BenchFailure(
            f"the simulator ended before its bench; the log {log} ends with\n" + "\n".join(lines)
        )
    if failures:
        raise BenchFailure("\n".join([*failures, f"seed {seed}; the log is {log}"]))


def _failures(results: Path) -> list[str] | None:
    """The messages of failed tests; ``None`` where the results are missing or name no test."""
    try:
        cases = list(ElementTree.parse(results).getroot().iter("testcase"))
    except (OSError, ElementTree.ParseError):
        return None
    if not cases:
        return None
    messages = []
    for case in cases:
        for failure in [*case.findall("failure"), *case.findall("error")]:
            text = failure.get("message") or failure.get("error_msg") or failure.text or ""
            kind = failure.get("type") or failure.get("error_type") or "failure"
            messages.append(f"{case.get('classname')}.{case.get('name')}: {kind}: {text}")
    return messages
