# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""One MULT36X36 of Gowin as a multiplier."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from macaw.arch.checks import integer
from macaw.hw.delay import delay

__all__ = ["GowinWideMultiplier"]

_CELL_BITS = 36
#: The bits of the product that come from the block's first macro.
_LOW_BITS = 18


class GowinWideMultiplier(wiring.Component):
    """The exact product of two unsigned numbers of ``a_bits`` and ``b_bits``, 1 ... 36 each, in one
    cell, which takes the place of both DSP macros of a block: four MULT18X18 or eight MULT9X9. Its
    operands, partial products and the upper part of the product have registers of the cell's.

    The low 18 bits have registers of the fabric. ``OUT0_REG`` means all bits of the product to the
    vendor's model, and these 18 to the open tool that makes bitstreams; unused it means the same to
    both.

    Raises ``TypeError`` or ``ValueError`` for other widths.

    Members
    -------
    a : In(a_bits)
    b : In(b_bits)
    product : Out(a_bits + b_bits)
        ``a * b``, `latency` clocks later; new operands are taken in each clock.
    """

    latency = 3

    def __init__(self, a_bits, b_bits):
        a_bits = integer("a_bits", a_bits, 1, _CELL_BITS)
        b_bits = integer("b_bits", b_bits, 1, _CELL_BITS)
        super().__init__({"a": In(a_bits), "b": In(b_bits), "product": Out(a_bits + b_bits)})

    def elaborate(self, platform):
        m = Module()
        registers = {"AREG": 1, "BREG": 1, "PIPE_REG": 1, "OUT0_REG": 0, "OUT1_REG": 1}
        registers |= {"ASIGN_REG": 0, "BSIGN_REG": 0}
        a, b, found = Signal(_CELL_BITS), Signal(_CELL_BITS), Signal(2 * _CELL_BITS)
        m.d.comb += [a.eq(self.a), b.eq(self.b)]
        m.submodules.multiplier = Instance(
            "MULT36X36",
            **{f"p_{name}": Const(used, 1) for name, used in registers.items()},
            p_MULT_RESET_MODE="SYNC",
            i_A=a,
            i_B=b,
            i_ASIGN=0,
            i_BSIGN=0,
            i_CE=1,
            i_CLK=ClockSignal(),
            i_RESET=0,
            o_DOUT=found,
        )
        low = delay(m, found[:_LOW_BITS], 1, name="low")
        m.d.comb += self.product.eq(Cat(low, found[_LOW_BITS:]))
        return m
