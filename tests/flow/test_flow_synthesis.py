# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Synthesis: copies of registers survive, cells are counted, results are kept."""

import pytest
from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from macaw.flow import Harness, ToolError, synthesis, synthesize
from macaw.flow.netlist import drop_unused_carries, use_output_registers
from macaw.hw.fanout import FanOut


class Sum(wiring.Component):
    """The registered sum of two 8-bit numbers."""

    def __init__(self):
        super().__init__({"a": In(8), "b": In(8), "o": Out(8)})

    def elaborate(self, platform):
        m = Module()
        m.d.sync += self.o.eq(self.a + self.b)
        return m


def own_registers(harness):
    return synthesize(harness).cells["TRELLIS_FF"] - harness.registers


def test_copies_of_a_register_survive(installed, monkeypatch):
    assert own_registers(Harness(FanOut(1, 16, arity=4))) == 4 + 16
    # Not kept apart, the registers of each level are one.
    monkeypatch.setattr(synthesis, "KEPT_PREFIXES", ("harness_",))
    assert own_registers(Harness(FanOut(1, 16, arity=4))) == 2


def test_cells_of_a_sum(installed):
    report = synthesize(Harness(Sum()))
    # Two sum bits a CCU2C; 16 + 8 registers and an XOR tree of 2 + 1 in the harness.
    assert report.cells == {"CCU2C": 4, "LUT4": 3, "TRELLIS_FF": 8 + 16 + 8 + 3}
    assert str(report) == f"{report.digest}: CCU2C 4, LUT4 3, TRELLIS_FF 35"


def test_result_is_kept_and_used_again(installed, monkeypatch):
    first = synthesize(Harness(Sum()))
    assert first.netlist.exists()
    assert "Executing JSON backend" in (first.folder / "yosys.log").read_text()
    assert first.folder.parts == ("build", "flow", first.digest)

    def refuse(*arguments, **keywords):
        raise AssertionError("yosys must not run again")

    monkeypatch.setattr(synthesis, "run_tool", refuse)
    assert synthesize(Harness(Sum())) == first
    with pytest.raises(AssertionError, match=r"^yosys must not run again$"):
        synthesize(Harness(Sum()), options=())


def test_failure_is_not_kept(installed):
    for _ in range(2):
        with pytest.raises(ToolError, match="ended with status 1, its log is build") as caught:
            synthesize(Sum(), options=("-no-such-option",))
        assert "ERROR: Command syntax error" in str(caught.value)


def test_unknown_family_is_refused():
    with pytest.raises(
        ValueError, match=r"^family must be one of ecp5, ice40, gw2a, gw1n, not 'asic'$"
    ):
        synthesize(None, family="asic")


def carry_cell(cin, cout):
    return {
        "type": "CCU2C",
        "port_directions": {"CIN": "input", "COUT": "output"},
        "connections": {"CIN": [cin], "COUT": [cout]},
    }


def test_only_unused_carries_are_dropped():
    module = {
        "ports": {"carry": {"direction": "output", "bits": [4]}},
        "cells": {
            "first": carry_cell("0", 2),
            "last": carry_cell(2, 3),
            "to_port": carry_cell("0", 4),
        },
    }
    assert drop_unused_carries({"modules": {"top": module}}) == 1
    carries = {name: cell["connections"]["COUT"] for name, cell in module["cells"].items()}
    assert carries == {"first": [2], "last": ["x"], "to_port": [4]}


def ram_cell(*outputs):
    return {
        "type": "SDPX9B",
        "parameters": {"READ_MODE": "0"},
        "port_directions": {"CLKB": "input", "DO": "output"},
        "connections": {"CLKB": [2], "DO": list(outputs)},
    }


def register(d, q, *, clock=2, kind="DFF"):
    return {
        "type": kind,
        "port_directions": {"CLK": "input", "D": "input", "Q": "output"},
        "connections": {"CLK": [clock], "D": [d], "Q": [q]},
    }


def test_only_whole_words_of_registers_go_into_block_rams():
    cells = {
        # A word of two bits, of which nothing reads a third one.
        "word": ram_cell(10, 11, 12), "a": register(10, 20), "b": register(11, 21),
        # Each of these has a bit that goes elsewhere too, or into another kind of register.
        "twice": ram_cell(13), "c": register(13, 23), "d": register(13, 24),
        "port": ram_cell(14), "e": register(14, 25),
        "clock": ram_cell(15), "f": register(15, 26, clock=3),
        "enable": ram_cell(16), "g": register(16, 27, kind="DFFE"),
        "clock_pin": ram_cell(17), "h": register(4, 28, clock=17),
    }  # fmt: skip
    module = {"ports": {"o": {"direction": "output", "bits": [14, 20]}}, "cells": dict(cells)}
    assert use_output_registers({"modules": {"top": module}}) == 2
    assert set(cells) - set(module["cells"]) == {"a", "b"}
    rams = {name: cell for name, cell in module["cells"].items() if cell["type"] == "SDPX9B"}
    assert {name for name, cell in rams.items() if cell["parameters"]["READ_MODE"] == "1"} == {
        "word"
    }
    assert rams["word"]["connections"]["DO"] == [20, 21, 12]


def test_netlist_is_written_without_unused_carries(installed):
    netlist = synthesize(Harness(Sum())).netlist.read_text()
    assert netlist.count('"COUT": ["x"]') == 1
