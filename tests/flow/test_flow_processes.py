# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Tools that hang are ended in time, with all that they have started, and another seed follows."""

import io
import os
import re
import signal
import sys
import time

import pytest
from rich.console import Console

from macaw.arch import preset
from macaw.cli import bitstream as job
from macaw.flow import UnfinishedError, measurement, processes
from macaw.flow.bitstream import TimingError
from macaw.flow.tools import Tool, check_minutes, run_tool
from macaw.hw.boards import board

BUSY = "while True: pass"
#: Starts another process, tells both numbers, and hangs without processor time.
FAMILY = (
    "import os, subprocess, sys, time\n"
    "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
    "print(os.getpid(), child.pid, flush=True)\n"
    "time.sleep(600)"
)
SENTENCE = (
    r"^nextpnr seed 3 has not finished in {} minutes of processor time: take another seed, or a "
    r"longer time limit; the log of python is .*log$"
)


def run(folder, code, minutes):
    tool = Tool(name="python", command=sys.executable, version="")
    return run_tool(
        tool, ["-c", code], folder=folder, log="log", stage="nextpnr seed 3", minutes=minutes
    )


def assert_gone(folder):
    """No process whose number the log has is there, but for what waits to be collected."""
    for number in (folder / "log").read_text().split():
        with pytest.raises(ProcessLookupError):
            for _ in range(100):
                os.kill(int(number), 0)
                time.sleep(0.05)


def test_a_busy_tool_ends_at_its_processor_time(tmp_path):
    with pytest.raises(UnfinishedError, match=SENTENCE.format(re.escape("0.01666"))):
        run(tmp_path, BUSY, 0.01666)


def test_a_waiting_tool_ends_with_all_that_it_started(tmp_path, monkeypatch):
    monkeypatch.setattr(processes, "_CLOCK_FACTOR", 1)
    with pytest.raises(UnfinishedError, match=SENTENCE.format("0.05")):
        run(tmp_path, FAMILY, 0.05)
    assert len((tmp_path / "log").read_text().split()) == 2
    assert_gone(tmp_path)


def test_a_tool_within_its_time_is_left_alone(tmp_path):
    run(tmp_path, "print('done')", 0.5)
    assert (tmp_path / "log").read_text() == "done\n"


def test_what_was_not_enough_is_not_tried_again(tmp_path):
    with pytest.raises(UnfinishedError):
        run(tmp_path, BUSY, 0.01666)
    started = time.monotonic()
    with pytest.raises(UnfinishedError, match=SENTENCE.format(re.escape("0.01666"))):
        run(tmp_path, BUSY, 0.01)
    assert time.monotonic() - started < 0.5
    run(tmp_path, "print('done')", 0.5)


def test_sigterm_ends_the_tool(tmp_path, monkeypatch):
    def kill(log):
        if log.stat().st_size:
            os.kill(os.getpid(), signal.SIGTERM)
        return ""

    monkeypatch.setattr("macaw.flow.tools._last_line", kill)
    with pytest.raises(SystemExit):
        run(tmp_path, FAMILY, None)
    assert_gone(tmp_path)
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


@pytest.mark.parametrize("minutes", [0, -1, float("inf"), float("nan")])
def test_limits_are_refused(minutes):
    with pytest.raises(ValueError, match="^time limit must be more than 0 minutes, not "):
        check_minutes(minutes)


class Builds:
    """Stands in for `build_bitstream`: ``outcome`` gives a seed's error, or nothing."""

    def __init__(self, outcome):
        self.outcome, self.seeds = outcome, []

    def __call__(self, top, board, *, what, seed, minutes):
        self.seeds.append((seed, minutes))
        if (error := self.outcome(seed)) is not None:
            raise error
        raise KeyError(seed)  # It is made: the rest of the report needs no test here.


def build(monkeypatch, outcome, **options):
    builds = Builds(outcome)
    monkeypatch.setattr(job, "build_bitstream", builds)
    monkeypatch.setattr(job, "SelfTestTop", lambda plan, clock_hz: None)
    console = Console(record=True, soft_wrap=True, file=io.StringIO())
    with pytest.raises((KeyError, job.NoSeedError, TimingError, UnfinishedError)) as caught:
        job.bitstream(board("icebreaker"), preset("tiny"), console=console, **options)
    return builds.seeds, caught.value, console.export_text()


def test_the_next_seed_follows(monkeypatch, tmp_path):
    errors = {2: UnfinishedError("it hangs", tmp_path), 1: TimingError("it is slow")}
    seeds, made, text = build(monkeypatch, errors.get, minutes=7)
    assert seeds == [(2, 7), (1, 7), (3, 7)]
    assert made.args == (3,)
    assert "  seed 2, 1 of 4: it hangs\n  seed 1, 2 of 4: it is slow\n" in text


def test_seeds_come_to_an_end(monkeypatch):
    seeds, error, _ = build(monkeypatch, lambda seed: TimingError("it is slow"))
    assert [seed for seed, _ in seeds] == [2, 1, 3, 4]
    assert str(error) == (
        "no seed of 2, 1, 3, 4 gives a bitstream for icebreaker: choose a smaller configuration, "
        "another seed or a longer time limit"
    )


def test_a_chosen_seed_is_the_only_one(monkeypatch):
    seeds, error, _ = build(monkeypatch, lambda seed: TimingError("it is slow"), seed=5)
    assert (seeds, str(error)) == ([(5, None)], "it is slow")


def test_figures_are_of_the_seeds_that_finish(monkeypatch, tmp_path):
    def place(synthesis, *, seed, **options):
        if seed in bad:
            raise UnfinishedError(f"seed {seed}", tmp_path)
        return seed

    monkeypatch.setattr(measurement, "synthesize", lambda *a, **k: None)
    monkeypatch.setattr(measurement, "place_and_route", place)
    bad = {2}
    made = measurement.measure(None, harness=False, seeds=(1, 2, 3))
    assert (made.runs, made.unfinished) == ((1, 3), (2,))
    bad = {1, 2, 3}
    with pytest.raises(UnfinishedError, match="^seed 1$"):
        measurement.measure(None, harness=False, seeds=(1, 2, 3))
