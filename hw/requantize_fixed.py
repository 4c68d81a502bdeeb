# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Requantisation by fixed point: the steps before and after the multiplier.

The recipe is TensorFlow Lite's: ``x = wrap32(sum << left)``; ``h = (x * multiplier + 2**30) >>
31``, which rounds half up; then ``h / 2**right``, rounded half away from zero. Here the sign is
kept apart: half up is half down for the magnitude of a negative number, and half away from zero
is half up for any magnitude.
"""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from macaw.hw.delay import delay
from macaw.hw.rounded_magnitude import RoundedMagnitude

__all__ = ["FixedRounder", "FixedShifter"]


class FixedShifter(wiring.Component):
    """The shift to the left, with int32's wrap-around: ``|wrap32(sum << max(shift, 0))|``.

    Members
    -------
    sum : In(signed(32))
    shift : In(signed(6))
        In -31 ... 30.
    magnitude : Out(32)
        At most 2**31; `latency` clocks after ``sum``.
    negative : Out(1)
        With ``magnitude``.
    exponent : Out(5)
        One clock after ``magnitude``: ``max(-shift, 0)``, the shift to the right that remains
        for `FixedRounder`.

    A sum is taken in each clock.
    """

    latency = 3

    sum: In(signed(32))
    shift: In(signed(6))
    magnitude: Out(32)
    negative: Out(1)
    exponent: Out(5)

    def elaborate(self, platform):
        m = Module()
        left = Mux(self.shift < 0, 0, self.shift[:5])
        right = Mux(self.shift < 0, (-self.shift)[:5], 0)
        bits = self.sum.as_unsigned()
        for places in ((4, 3), (2, 1, 0)):
            for place in places:
                bits = Mux(left[place], Cat(Const(0, 1 << place), bits)[:32], bits)
            bits, left = delay(m, bits, 1, name="bits"), delay(m, left, 1, name="left")
        negative = bits[31]
        magnitude = ((bits ^ negative.replicate(32)) + negative)[:32]
        m.d.comb += [
            self.magnitude.eq(delay(m, magnitude, 1, name="magnitude")),
            self.negative.eq(delay(m, negative, 1, name="negative")),
            self.exponent.eq(delay(m, right, self.latency + 1, name="right")),
        ]
        return m


class FixedRounder(wiring.Component):
    """Both roundings: the product to units of 2**31, and the shift to the right.

    ``product`` is the magnitude of `FixedShifter` times a multiplier below 2**31; ``negative``
    and ``exponent`` come from there too.

    Members
    -------
    product : In(63)
        Below 2**62.
    negative : In(1)
    exponent : In(5)
    rounded : Out(RoundedMagnitude)

    A product is taken in each clock; its result comes `latency` clocks later.
    """

    latency = 6

    product: In(63)
    negative: In(1)
    exponent: In(5)
    rounded: Out(RoundedMagnitude)

    def elaborate(self, platform):
        m = Module()
        whole = delay(m, self.product[31:62], 2, name="whole")
        half = delay(m, self.product[30], 1, name="half")
        negative = delay(m, self.negative, 1)
        # Any of 30 bits, in two clocks.
        groups = Cat(self.product[low : low + 6].any() for low in range(0, 30, 6))
        sticky = delay(m, groups, 1, name="groups").any()
        round_up = delay(m, half & (~negative | sticky), 1, name="round_up")
        high = delay(m, (whole + round_up)[:32], 1, name="high")

        # The place of the half stands below: after the shift it holds the half, which is added.
        value = Cat(Const(0, 1), high)
        right = delay(m, self.exponent, 3)
        for places in ((4, 3, 2), (1, 0)):
            for place in places:
                distance = 1 << place
                value = Mux(right[place], value[distance:], value)[: len(value)]
            value = delay(m, value, 1, name="value")
            right = delay(m, right, 1, name="right")
        negative = delay(m, self.negative, self.latency - 1)
        inverted = value[:9] ^ negative.replicate(9)
        m.d.comb += [
            self.rounded.round_up.eq(delay(m, inverted[0], 1, name="round_up")),
            self.rounded.whole.eq(delay(m, inverted[1:], 1, name="whole")),
            self.rounded.saturated.eq(delay(m, value[9:].any(), 1, name="saturated")),
            self.rounded.negative.eq(delay(m, negative, 1, name="negative")),
        ]
        return m
