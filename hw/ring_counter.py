# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Counts the rows of a ring."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from macaw.arch.checks import integer

__all__ = ["RingCounter"]


class RingCounter(wiring.Component):
    """Tells, from a register, when the current row is the last one of a ring of ``rows``, behind
    which the first one follows: the address begins again at 0, without a comparison.

    Parameters
    ----------
    bits : int
        Bits of ``rows``.

    Members
    -------
    rows : In
        Rows of the ring, at least 1; constant from a clock before ``start`` on.
    start : In
        Go to the first row.
    advance : In
        Go to the next row.
    last : Out
        The current row is the ring's last.

    Raises ``TypeError`` or ``ValueError`` for ``bits`` outside 1 ... 32.
    """

    def __init__(self, bits: int):
        bits = integer("bits", bits, 1, 32)
        super().__init__({"rows": In(bits), "start": In(1), "advance": In(1), "last": Out(1)})

    def elaborate(self, platform):
        m = Module()
        left = Signal.like(self.rows)  # counting the current row
        single = Signal()
        m.d.sync += single.eq(self.rows == 1)
        with m.If(self.advance):
            m.d.sync += [left.eq(left - 1), self.last.eq(left == 2)]
            with m.If(self.last):
                m.d.sync += [left.eq(self.rows), self.last.eq(single)]
        with m.If(self.start):
            m.d.sync += [left.eq(self.rows), self.last.eq(single)]
        return m
