# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""A sum in fixed point to the integer next to it."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from macaw.arch.instructions import LOOKUP_BITS, LOOKUP_FRACTION
from macaw.arch.machine import Rounding
from macaw.hw.delay import delay
from macaw.hw.rounded_magnitude import RoundedMagnitude

__all__ = ["SUM_BITS", "RoundedSum"]

#: Bits of the sum of two entries of the elementwise tables, which is signed.
SUM_BITS = LOOKUP_BITS + 1

#: Bits of a `RoundedMagnitude`.
_WHOLE = 8


class RoundedSum(wiring.Component):
    """``total`` over ``2**LOOKUP_FRACTION``, to the nearest integer.

    Members
    -------
    total : In
        The sum of two entries.
    rounding : In
        Where ties go, a `macaw.arch.machine.Rounding`; constant while sums are under way.
    rounded : Out
        The integer, `latency` clocks later.
    """

    #: Clocks from ``total`` to ``rounded``.
    latency = 2

    def __init__(self):
        super().__init__(
            {
                "total": In(signed(SUM_BITS)),
                "rounding": In(2),
                "rounded": Out(RoundedMagnitude),
            }
        )

    def elaborate(self, platform):
        m = Module()
        whole, half = self.total >> LOOKUP_FRACTION, self.total[LOOKUP_FRACTION - 1]
        rest = self.total[: LOOKUP_FRACTION - 1].any()
        # What is under the integer is always taken off, so a tie goes away from zero if it goes
        # up above zero only.
        tie = Signal()
        with m.Switch(self.rounding):
            with m.Case(Rounding.UP):
                m.d.comb += tie.eq(1)
            with m.Case(Rounding.AWAY):
                m.d.comb += tie.eq(~whole[-1])
            with m.Default():
                m.d.comb += tie.eq(whole[0])

        whole, half = delay(m, whole, 1, name="whole"), delay(m, half, 1, name="half")
        tie, rest = delay(m, tie, 1), delay(m, rest, 1, name="rest")
        negative, upper = whole[-1], whole[_WHOLE:-1]
        rounded = self.rounded
        for value, name in (
            (whole[:_WHOLE], "whole"),
            (half & (rest | tie), "round_up"),
            (upper != negative.replicate(len(upper)), "saturated"),
            (negative, "negative"),
        ):
            m.d.comb += rounded[name].eq(delay(m, value, 1, name=name))
        return m
