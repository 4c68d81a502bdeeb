# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""A product on two multipliers of 16 bits, in two clocks."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from macaw.arch.checks import integer, one_of
from macaw.arch.config import Technology
from macaw.hw.cells.ice40 import Multiplier16
from macaw.hw.delay import delay

__all__ = ["SteppedMultiplier"]

_CELL_BITS = 16


class SteppedMultiplier(wiring.Component):
    """The exact product of two unsigned numbers, of ``a_bits`` and ``b_bits`` (17 ... 32 each): one
    multiplier takes the lower part of ``a``, one the upper, first with the lower and then with the
    upper part of ``b``. On ``ice40`` they are SB_MAC16; elsewhere ``technology`` makes no
    difference.

    Raises ``TypeError`` or ``ValueError`` for other widths or technologies.

    Members
    -------
    start : In(1)
        ``a`` and ``b`` are there, for this clock and the next one. Starts are at least two clocks
        apart.
    a : In(a_bits)
    b : In(b_bits)
    product : Out(a_bits + b_bits)
        ``a * b``, `latency` clocks after ``start``, for one clock.
    """

    #: Clocks from ``start`` to ``product``: the second step's, its sum, and that with the first.
    latency = 1 + Multiplier16.latency + 2

    def __init__(self, a_bits, b_bits, technology):
        integer("a_bits", a_bits, _CELL_BITS + 1, 2 * _CELL_BITS)
        integer("b_bits", b_bits, _CELL_BITS + 1, 2 * _CELL_BITS)
        self._technology = one_of("technology", technology, tuple(Technology))
        super().__init__(
            {
                "start": In(1),
                "a": In(a_bits),
                "b": In(b_bits),
                "product": Out(a_bits + b_bits),
            }
        )

    def elaborate(self, platform):
        m = Module()
        factor = Mux(self.start, self.b[:_CELL_BITS], self.b[_CELL_BITS:])
        low = self._multiply(m, "low", self.a[:_CELL_BITS], factor)
        high = self._multiply(m, "high", self.a[_CELL_BITS:], factor)
        # A step is the product of all of ``a`` with 16 bits of ``b``.
        rest = (low[_CELL_BITS:] + high)[: len(self.a)]
        step = delay(m, Cat(low[:_CELL_BITS], rest), 1, name="step")
        first = delay(m, step, 1, name="first")
        upper = (first[_CELL_BITS:] + step)[: len(self.product) - _CELL_BITS]
        m.d.comb += self.product.eq(delay(m, Cat(first[:_CELL_BITS], upper), 1, name="product"))
        return m

    def _multiply(self, m, name, a, b):
        """The product of two parts, `Multiplier16.latency` clocks later."""
        if self._technology == Technology.ICE40:
            m.submodules[name] = cell = Multiplier16()
            m.d.comb += [cell.a.eq(a), cell.b.eq(b)]
            return cell.product
        return delay(m, a * b, Multiplier16.latency, name=name)
