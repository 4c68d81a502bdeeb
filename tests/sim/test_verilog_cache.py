# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""A component that was converted before is not elaborated again, unless anything has changed."""

from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

import macaw.hw
from macaw.sim import verilog
from macaw.sim.verilog import convert

ELABORATED = []


class Inverter(wiring.Component):
    def __init__(self, width):
        self._width = width
        super().__init__({"a": In(width), "b": Out(width)})

    def elaborate(self, platform):
        ELABORATED.append(self._width)
        m = Module()
        m.d.comb += self.b.eq(~self.a)
        return m


def elaborations(width, **arguments):
    """How often a conversion elaborates, and its Verilog."""
    ELABORATED.clear()
    result = convert(Inverter(width), **arguments)
    return len(ELABORATED), result


def test_a_component_with_its_parameters_is_elaborated_once(tmp_path, monkeypatch):
    monkeypatch.setattr(verilog, "build_folder", lambda: tmp_path)
    assert elaborations(5, parameters=5)[0] == 1
    count, kept = elaborations(5, parameters=5)
    assert count == 0
    count, fresh = elaborations(5)
    assert count == 1
    assert kept == fresh
    assert elaborations(6, parameters=6)[0] == 1
    assert elaborations(6, parameters=6)[1].ports[0].width == 6


def test_a_change_of_the_hardware_is_seen(tmp_path, monkeypatch):
    monkeypatch.setattr(verilog, "build_folder", lambda: tmp_path / "build")
    source = tmp_path / "hw" / "cells" / "block.py"
    source.parent.mkdir(parents=True)
    source.write_text("one")
    monkeypatch.setattr(macaw.hw, "__file__", str(tmp_path / "hw" / "__init__.py"))
    monkeypatch.setattr(verilog, "_SOURCES", verilog._sources())
    assert elaborations(5, parameters=5)[0] == 1
    assert elaborations(5, parameters=5)[0] == 0
    source.write_text("two")
    monkeypatch.setattr(verilog, "_SOURCES", verilog._sources())
    assert elaborations(5, parameters=5)[0] == 1


def test_a_change_of_the_tools_is_seen(tmp_path, monkeypatch):
    monkeypatch.setattr(verilog, "build_folder", lambda: tmp_path)
    assert elaborations(5, parameters=5)[0] == 1
    monkeypatch.setattr(verilog, "_versions", lambda: ["0.0", "0.0"])
    assert elaborations(5, parameters=5)[0] == 1
