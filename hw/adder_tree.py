# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""A pipelined adder tree."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import exact_log2

from macaw.arch.checks import integer, power_of_two

__all__ = ["AdderTree"]


class AdderTree(wiring.Component):
    """The exact sum of ``count`` signed numbers of ``width`` bits, with a register behind every
    level of two-input adders; a new set of numbers each clock.

    Raises ``TypeError`` or ``ValueError`` for a ``width`` outside 1 ... 64 and for a ``count``
    that is no power of two in 1 ... 1024.

    Members
    -------
    values : In(ArrayLayout(signed(width), count))
    sum : Out(signed(width + log2(count)))
        Their sum, `latency` clocks later.
    """

    def __init__(self, width, count):
        self._width = integer("width", width, 1, 64)
        self._count = power_of_two("count", count, 1, 1024)
        super().__init__(
            {
                "values": In(data.ArrayLayout(signed(width), count)),
                "sum": Out(signed(width + self.latency)),
            }
        )

    @property
    def latency(self):
        """Clocks from ``values`` to ``sum``: log2(count)."""
        return exact_log2(self._count)

    def elaborate(self, platform):
        m = Module()
        level = [self.values[index] for index in range(self._count)]
        for depth in range(1, self.latency + 1):
            terms, level = level, []
            for index in range(0, len(terms), 2):
                partial = Signal(
                    signed(self._width + depth), name=f"sum_{depth}_{index // 2}", reset_less=True
                )
                m.d.sync += partial.eq(terms[index] + terms[index + 1])
                level.append(partial)
        m.d.comb += self.sum.eq(level[0])
        return m
