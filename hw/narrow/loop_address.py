# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""An address that walks a column group's entries again for each pixel."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from macaw.arch.checks import integer
from macaw.hw.evaluations import Place

__all__ = ["LoopAddress"]


class LoopAddress(wiring.Component):
    """Counts the entries of a column group, from its first again for each pixel; groups follow
    each other, and each row begins with the first.

    Parameters
    ----------
    bits : int
        Bits of the address.

    Members
    -------
    begin : In
        The first address of a row.
    start : In
        Go there, for one clock.
    step : In
        The entry of this clock is used.
    place : In
        With ``step``: what it completes.
    address : Out
        The entry of this clock.
    """

    def __init__(self, bits: int):
        bits = integer("bits", bits, 1, 32)
        super().__init__(
            {
                "begin": In(bits),
                "start": In(1),
                "step": In(1),
                "place": In(Place),
                "address": Out(bits),
            }
        )

    def elaborate(self, platform):
        m = Module()
        place = self.place
        first = Signal.like(self.address)
        following = (self.address + 1)[: len(self.address)]
        with m.If(self.start | (self.step & place.finish & place.row_end)):
            m.d.sync += [self.address.eq(self.begin), first.eq(self.begin)]
        with m.Elif(self.step):
            with m.If(~place.finish):
                m.d.sync += self.address.eq(following)
            with m.Elif(place.group_end):
                m.d.sync += [self.address.eq(following), first.eq(following)]
            with m.Else():
                m.d.sync += self.address.eq(first)
        return m
