# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""A product of up to 36 bits a side on the multipliers of Gowin."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from macaw.arch.checks import integer
from macaw.hw.cells.gowin_multiplier import GowinMultiplier
from macaw.hw.delay import delay

__all__ = ["GowinWideMultiplier"]

_PART_BITS = 18


class GowinWideMultiplier(wiring.Component):
    """The exact product of two unsigned numbers of ``a_bits`` and ``b_bits``, 1 ... 36 each.

    Each number is a low part of 18 bits and the rest, and each pair of parts takes a MULT18X18;
    numbers of nine bits at most take a MULT9X9. A part of few bits has none: the two MULT18X18 or
    four MULT9X9 of a DSP macro are all of one length, so a single MULT9X9 would cost as much as
    four.

    Raises ``TypeError`` or ``ValueError`` for other widths.

    Members
    -------
    a : In(a_bits)
    b : In(b_bits)
    product : Out(a_bits + b_bits)
        ``a * b``, `latency` clocks later; new operands are taken in each clock.
    """

    #: Clocks from the operands to their product: the cells', one for the sum of the middle
    #: products, and one for the last sum.
    latency = GowinMultiplier.latency + 2

    def __init__(self, a_bits, b_bits):
        a_bits, b_bits = integer("a_bits", a_bits, 1, 36), integer("b_bits", b_bits, 1, 36)
        super().__init__({"a": In(a_bits), "b": In(b_bits), "product": Out(a_bits + b_bits)})

    def elaborate(self, platform):
        m = Module()
        a_low, a_high = self.a[:_PART_BITS], self.a[_PART_BITS:]
        b_low, b_high = self.b[:_PART_BITS], self.b[_PART_BITS:]
        middle = self._partial(m, "a_high", a_high, b_low) + self._partial(
            m, "b_high", a_low, b_high
        )
        low, high = self._partial(m, "low", a_low, b_low), self._partial(m, "high", a_high, b_high)
        outer = delay(m, Cat(low, Const(0, 2 * _PART_BITS - len(low)), high), 1, name="outer")
        upper = outer[_PART_BITS:] + delay(m, middle, 1, name="middle")
        product = Cat(outer[:_PART_BITS], upper)[: len(self.product)]
        m.d.comb += self.product.eq(delay(m, product, 1, name="product"))
        return m

    def _partial(self, m, name, a, b):
        """The product of two parts, at once where one of them has no bits."""
        bits = len(a) + len(b)
        if not (len(a) and len(b)):
            return Const(0, bits)
        cell = GowinMultiplier(9 if max(len(self.a), len(self.b)) <= 9 else _PART_BITS)
        m.submodules[name] = cell
        m.d.comb += [cell.a.eq(a), cell.b.eq(b)]
        return cell.product[:bits]
