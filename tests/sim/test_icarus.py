# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Benches of blocks pass in Icarus Verilog as well, and fail there for faulty blocks."""

import re

import pytest
from sim_designs import Adder

from macaw.hw.line_buffer import LineBuffer
from macaw.hw.stream import SkidBuffer
from macaw.sim import icarus
from macaw.sim.bench import run_bench
from macaw.sim.errors import BenchFailure, BuildFailure, ToolMissing
from macaw.sim.icarus import build_with_icarus, find_icarus

SEED = 20261208
SKID = "macaw.sim.benches.skid_buffer"


@pytest.fixture
def installed():
    """Icarus Verilog is there."""
    try:
        find_icarus()
    except ToolMissing as error:
        pytest.skip(f"optional: {error}")


def test_skid_buffer(installed, monkeypatch):
    monkeypatch.setenv("SIM", "icarus")
    run_bench(SkidBuffer(13), SKID, {"words": 200, "idle": 0.3, "stall": 0.4}, seed=SEED)


def test_line_buffer(installed):
    component = LineBuffer(lanes=8, words=64)
    geometry = {"pitch": 5, "ring_rows": 8, "unsigned": True}
    images = [{"height": 20, "row_words": words, **geometry} for words in (1, 3, 5)]
    values = {
        "lanes": 8,
        "latency": component.latency,
        "images": images,
        "idle": 0.1,
        "release": 0.2,
        "ahead": 0.1,
        "covers": ["one", "four"],
        "stream_waits": True,
    }
    run_bench(component, "macaw.sim.benches.line_buffer", values, seed=SEED, simulator="icarus")


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("drop", "sink o has 199 of 200 words after 20100 cycles"),
        # Its ready comes from a block that nothing wakes before the first word.
        ("repeat", "sink o has 1 surplus words, the first is 0x"),
        ("change", "stream o takes back valid or changes its payload before ready"),
        ("flip", "word 3 is 0x"),
    ],
)
def test_faults_are_named(installed, fault, message):
    parameters = {"words": 200, "idle": 0.3, "stall": 0.4}
    with pytest.raises(BenchFailure, match=re.escape(message)):
        run_bench(Adder(fault), "adder_bench", parameters, seed=SEED, simulator="icarus")


def test_a_right_adder_passes(installed):
    parameters = {"words": 200, "idle": 0.3, "stall": 0.4}
    run_bench(Adder(), "adder_bench", parameters, seed=SEED, simulator="icarus")


def test_a_refused_design_is_shown(installed):
    with pytest.raises(BuildFailure, match=r"^Icarus Verilog refused the design:\n.*syntax error"):
        build_with_icarus("module dut(; endmodule", toplevel="dut")


def test_its_absence_names_the_package(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(icarus, "find_icarus", find_icarus.__wrapped__)
    with pytest.raises(ToolMissing, match=r"^Icarus Verilog is missing: install the Debian "):
        run_bench(SkidBuffer(13), SKID, {}, simulator="icarus")


def test_refusals(monkeypatch, tmp_path):
    monkeypatch.setenv("SIM", "modelsim")
    with pytest.raises(ValueError, match=r"^simulator must be one of verilator, icarus, not 'mod"):
        run_bench(SkidBuffer(13), SKID, {})
    with pytest.raises(ValueError, match=r"^waves must be those of verilator, not of 'icarus'$"):
        run_bench(SkidBuffer(13), SKID, {}, simulator="icarus", waves=tmp_path / "waves")
