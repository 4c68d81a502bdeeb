# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The harness: what it feeds, what it takes out, and that it keeps what it measures."""

import json
import random
from collections import Counter

import pytest
from amaranth.hdl import Module
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out
from amaranth.sim import Simulator

from macaw.flow import Harness, synthesize


class Wires(wiring.Component):
    """``o`` is ``i``."""

    def __init__(self, width):
        super().__init__({"i": In(width), "o": Out(width)})

    def elaborate(self, platform):
        m = Module()
        m.d.comb += self.o.eq(self.i)
        return m


class Registers(wiring.Component):
    """``o`` is ``i`` one clock ago, with a reset."""

    def __init__(self, width):
        super().__init__({"i": In(width), "o": Out(width)})

    def elaborate(self, platform):
        m = Module()
        m.d.sync += self.o.eq(self.i)
        return m


class Streams(wiring.Component):
    """Streams of structures in both directions, one of them always ready."""

    def __init__(self):
        pair = data.StructLayout({"x": 3, "y": 4})
        super().__init__(
            {
                "i": In(stream.Signature(pair)),
                "o": Out(stream.Signature(pair)),
                "free": Out(stream.Signature(5, always_ready=True)),
            }
        )

    def elaborate(self, platform):
        m = Module()
        wiring.connect(m, wiring.flipped(self.i), wiring.flipped(self.o))
        m.d.comb += self.free.valid.eq(self.i.valid)
        return m


class Ports(wiring.Component):
    """Ports of a given signature, and nothing behind them."""

    def elaborate(self, platform):
        return Module()


def resets(report):
    """The number of registers with a reset, by the net it comes from."""
    cells = json.loads(report.netlist.read_text())["modules"]["top"]["cells"].values()
    nets = [cell["connections"]["LSR"][0] for cell in cells if cell["type"] == "TRELLIS_FF"]
    return Counter(net for net in nets if net != "0")


@pytest.mark.parametrize(("width", "levels"), [(1, 0), (4, 1), (5, 2), (16, 2), (17, 3), (300, 5)])
def test_output_is_the_parity_of_all_bits(width, levels):
    harness = Harness(Wires(width))
    random_bits = random.Random(width)
    bits = [random_bits.getrandbits(1) for _ in range(width + 100)]
    taken = []

    async def bench(context):
        for bit in bits:
            context.set(harness.i, bit)
            taken.append(context.get(harness.o))
            context.set(harness.clk, 1)
            await context.delay(1)
            context.set(harness.clk, 0)
            await context.delay(1)

    simulator = Simulator(harness)
    simulator.add_testbench(bench)
    simulator.run()
    # One clock into the first register, one into the sink, one a level.
    first = 2 + levels + width - 1
    expected = [sum(bits[now - first : now - first + width]) % 2 for now in range(first, len(bits))]
    assert taken[first:] == expected, f"seed {width}"


def test_bits_of_streams_are_counted():
    harness = Harness(Streams())
    # i: payload and valid in, ready out. o: the reverse. free: payload and valid out.
    assert harness.input_bits == 7 + 1 + 1
    assert harness.output_bits == 1 + 7 + 1 + 5 + 1
    assert set(harness.signature.members) == {"clk", "i", "o"}
    Simulator(harness)


@pytest.mark.parametrize("width", [1, 3, 5, 8, 17, 300])
def test_registers_at_the_border_stay(installed, width):
    # Each register of the component has the input of a register of the harness.
    harness = Harness(Registers(width))
    cells = synthesize(harness).cells
    assert cells.pop("TRELLIS_FF") == width + harness.registers
    assert cells.pop("LUT4", 0) == sum(harness.parities.values())
    assert cells == {}


@pytest.mark.full
def test_thousands_of_inputs(installed):
    harness = Harness(Registers(4000))
    assert synthesize(harness).cells["TRELLIS_FF"] == 4000 + harness.registers


def test_reset_comes_from_a_register_of_the_harness(installed):
    without = Harness(Registers(8))
    harness = Harness(Registers(8), reset=True)
    assert set(harness.signature.members) == {"clk", "rst", "i", "o"}
    assert resets(synthesize(without)) == {}
    report = synthesize(harness)
    assert list(resets(report).values()) == [8]
    assert report.cells["TRELLIS_FF"] == 8 + harness.registers
    assert harness.registers == 1 + without.registers


def test_what_is_no_component_is_refused():
    with pytest.raises(TypeError, match=r"^component must be a wiring\.Component, not 'abc'$"):
        Harness("abc")


@pytest.mark.parametrize("members", [{"i": In(1)}, {"o": Out(1)}, {}])
def test_component_without_inputs_or_outputs_is_refused(members):
    ports = Ports(members)
    Simulator(ports)
    with pytest.raises(ValueError, match=r"^component must have inputs and outputs, not Signature"):
        Harness(ports)
