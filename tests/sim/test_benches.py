# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""cocotb benches with random pauses pass right blocks, and fail faulty ones with a message."""

import re

import pytest
from sim_designs import Adder

from macaw.hw.stream import SkidBuffer
from macaw.sim.bench import run_bench
from macaw.sim.errors import BenchFailure

BENCH = "macaw.sim.benches.skid_buffer"
SEED = 20261125


@pytest.mark.parametrize(
    ("idle", "stall"), [(0, 0), (0.5, 0), (0, 0.5), (0.4, 0.4), (0.9, 0.2), (0.2, 0.9)]
)
def test_skid_buffer(idle, stall):
    parameters = {"words": 500, "idle": idle, "stall": stall}
    run_bench(SkidBuffer(13), BENCH, parameters, seed=SEED)


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("drop", "sink o has 199 of 200 words after 20100 cycles"),
        ("repeat", "sink o has 1 surplus words, the first is 0x"),
        ("retract", "stream o takes back valid or changes its payload before ready"),
        ("change", "stream o takes back valid or changes its payload before ready"),
        ("hang", "sink o has 4 of 200 words after 20100 cycles"),
        ("flip", "word 3 is 0x"),
    ],
)
def test_faults_are_named(fault, message):
    parameters = {"words": 200, "idle": 0.3, "stall": 0.4}
    with pytest.raises(BenchFailure, match=re.escape(message)) as raised:
        run_bench(Adder(fault), "adder_bench", parameters, seed=SEED)
    assert f"seed {SEED}; the log is " in str(raised.value)


def test_a_right_adder_passes():
    run_bench(Adder(), "adder_bench", {"words": 200, "idle": 0.3, "stall": 0.4}, seed=SEED)


def test_a_missing_parameter_is_shown():
    with pytest.raises(BenchFailure, match=r"skid_buffer.passes_words_on: KeyError: 'words'"):
        run_bench(SkidBuffer(13), BENCH, {})


def test_a_bench_that_is_missing_is_shown():
    with pytest.raises(BenchFailure, match="No module named 'macaw.sim.benches.absent'"):
        run_bench(SkidBuffer(13), "macaw.sim.benches.absent")


def test_waves(tmp_path, capsys):
    waves = tmp_path / "skid"
    run_bench(SkidBuffer(13), BENCH, {"words": 20, "idle": 0, "stall": 0}, waves=waves)
    (written,) = tmp_path.iterdir()
    assert written.stat().st_size > 500
    assert f"waveform: {written}" in capsys.readouterr().out
