# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Knows the last of a number of places before it is reached."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from macaw.arch.checks import integer

__all__ = ["Countdown", "countdown"]


class Countdown(wiring.Component):
    """Walks over ``following + 1`` places, again and again, and tells from a register when the
    current one is the last: what hangs on that waits for no comparison.

    Parameters
    ----------
    bits : int
        Bits of ``following``.

    Members
    -------
    following : In
        Places behind the first; constant from a clock before ``start`` on.
    start : In
        Go to the first place.
    advance : In
        Go to the next place; from the last one, to the first.
    last : Out
        The current place is the last.

    Raises ``TypeError`` or ``ValueError`` for ``bits`` outside 1 ... 32.
    """

    def __init__(self, bits: int):
        bits = integer("bits", bits, 1, 32)
        super().__init__({"following": In(bits), "start": In(1), "advance": In(1), "last": Out(1)})

    def elaborate(self, platform):
        m = Module()
        left = Signal.like(self.following)
        single = Signal()
        m.d.sync += single.eq(self.following == 0)
        with m.If(self.start | (self.advance & self.last)):
            m.d.sync += [left.eq(self.following), self.last.eq(single)]
        with m.Elif(self.advance):
            m.d.sync += [left.eq(left - 1), self.last.eq(left == 1)]
        return m


def countdown(m: Module, name: str, following, *, start, advance):
    """``last`` of a `Countdown` over ``following + 1`` places that stands in ``m`` as ``name``."""
    m.submodules[name] = places = Countdown(len(following))
    m.d.comb += [
        places.following.eq(following),
        places.start.eq(start),
        places.advance.eq(advance),
    ]
    return places.last
