# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The last step of every requantisation: sign, zero point and bounds."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from macaw.hw.delay import delay
from macaw.hw.rounded_magnitude import RoundedMagnitude

__all__ = ["BoundedResult"]


class BoundedResult(wiring.Component):
    """``rounded + zero_point``, within ``minimum`` ... ``maximum``.

    Members
    -------
    rounded : In(RoundedMagnitude)
    zero_point, minimum, maximum : In(signed(8))
        Constant while results are under way; ``minimum <= maximum``.
    result : Out(signed(8))

    A magnitude is taken in each clock; its result comes `latency` clocks later.
    """

    latency = 3

    rounded: In(RoundedMagnitude)
    zero_point: In(signed(8))
    minimum: In(signed(8))
    maximum: In(signed(8))
    result: Out(signed(8))

    def elaborate(self, platform):
        m = Module()
        # A negated number is its complement plus one, so that one adder takes both signs: the
        # last place, doubled, carries its one in.
        negative = self.rounded.negative
        term = Cat(self.rounded.whole, negative).as_signed()
        carry = self.rounded.round_up
        total = (Cat(carry, self.zero_point).as_signed() + Cat(carry, term).as_signed())[1:]
        total = delay(m, total[:10].as_signed(), 1, name="total")
        saturated = delay(m, self.rounded.saturated, 1)
        negative = delay(m, negative, 1)

        # The sign of a difference leaves the carry chain sooner than its carry does.
        below, above = (total - self.minimum)[-1], (self.maximum - total)[-1]
        low = delay(m, Mux(saturated, negative, below), 1, name="low")
        high = delay(m, Mux(saturated, ~negative, above), 1, name="high")
        total = delay(m, total[:8].as_signed(), 1, name="total")
        bounded = Mux(low, self.minimum, Mux(high, self.maximum, total))
        m.d.comb += self.result.eq(delay(m, bounded, 1, name="bounded"))
        return m
