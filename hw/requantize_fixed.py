# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Requantisation by fixed point: the steps before and after the multiplier.

The recipes are TensorFlow Lite's. With two roundings: ``x = wrap32(sum << left)``; ``h = (x *
multiplier + 2**30) >> 31``, which rounds half up; then ``h / 2**right``, rounded half away from
zero or half up. With a single one: ``sum * multiplier / 2**(31 - shift)``, rounded half up. Here
the sign is kept apart: half up is half down for the magnitude of a negative number, and half away
from zero is half up for any magnitude.
"""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from macaw.arch.requantization import Mode
from macaw.hw.delay import delay
from macaw.hw.rounded_magnitude import RoundedMagnitude

__all__ = ["FixedRounder", "FixedShifter"]

#: Bits that the result's rounding looks at: the half, eight of the integer.
_WINDOW = 9


def _exponent_bits(modes):
    """Bits of the shift to the right that is left for `FixedRounder`."""
    return 6 if Mode.FIXED_SINGLE in modes else 5


class FixedShifter(wiring.Component):
    """The shift to the left, with int32's wrap-around: ``|wrap32(sum << max(shift, 0))|``; in
    mode ``fixed_single`` it is ``|sum|``.

    Parameters
    ----------
    modes : tuple of Mode
        Those of `macaw.arch.requantization.FIXED_MODES` that are built in.

    Members
    -------
    sum : In(signed(32))
    shift : In(signed(6))
        In -31 ... 30.
    single : In(1)
        The layer's mode is ``fixed_single``; constant where there is only one mode.
    magnitude : Out(32)
        At most 2**31; `latency` clocks after ``sum``.
    negative : Out(1)
        With ``magnitude``.
    exponent : Out(5 or 6)
        One clock after ``magnitude``: the shift to the right that remains for `FixedRounder`,
        ``max(-shift, 0)``. With ``fixed_single`` among the modes it has 6 bits and is 30 more, in
        this mode itself ``30 - shift``.

    A sum is taken in each clock.
    """

    latency = 3

    def __init__(self, modes):
        self._single = Mode.FIXED_SINGLE in modes
        super().__init__(
            {
                "sum": In(signed(32)),
                "shift": In(signed(6)),
                "single": In(1),
                "magnitude": Out(32),
                "negative": Out(1),
                "exponent": Out(_exponent_bits(modes)),
            }
        )

    def elaborate(self, platform):
        m = Module()
        to_left = ~(self.shift[-1] | self.single)
        left = Mux(to_left, self.shift[:5], 0)
        right = Mux(to_left, 0, (-self.shift)[:6].as_signed())
        if self._single:
            right = (right + 30)[:6]
        bits = self.sum.as_unsigned()
        for places in ((4, 3), (2, 1, 0)):
            for place in places:
                bits = Mux(left[place], Cat(Const(0, 1 << place), bits)[:32], bits)
            bits, left = delay(m, bits, 1, name="bits"), delay(m, left, 1, name="left")
        negative = bits[31]
        magnitude = ((bits ^ negative.replicate(32)) + negative)[:32]
        right = right[: len(self.exponent)]
        m.d.comb += [
            self.magnitude.eq(delay(m, magnitude, 1, name="magnitude")),
            self.negative.eq(delay(m, negative, 1, name="negative")),
            self.exponent.eq(delay(m, right, self.latency + 1, name="right")),
        ]
        return m


class FixedRounder(wiring.Component):
    """The roundings: the product to units of 2**31 (not in mode ``fixed_single``), and the shift
    to the right.

    ``product`` is the magnitude of `FixedShifter` times a multiplier below 2**31; ``negative``
    and ``exponent`` come from there too.

    Parameters
    ----------
    modes : tuple of Mode
        Those of `macaw.arch.requantization.FIXED_MODES` that are built in.

    Members
    -------
    product : In(63)
        Below 2**62.
    negative : In(1)
    exponent : In(5 or 6)
    single : In(1)
        The layer's mode is ``fixed_single``; constant where there is only one mode.
    away : In(1)
        It is ``fixed_double_away``.
    rounded : Out(RoundedMagnitude)

    A product is taken in each clock; its result comes `latency` clocks later.
    """

    def __init__(self, modes):
        self._modes = modes
        super().__init__(
            {
                "product": In(63),
                "negative": In(1),
                "exponent": In(_exponent_bits(modes)),
                "single": In(1),
                "away": In(1),
                "rounded": Out(RoundedMagnitude),
            }
        )

    @property
    def _clocks_first(self):
        """Clocks of the first rounding."""
        return 0 if self._modes == (Mode.FIXED_SINGLE,) else 3

    @property
    def latency(self):
        """Clocks from a product to its result."""
        return self._clocks_first + (len(self.exponent) + 1) // 2 + 1

    def elaborate(self, platform):
        m = Module()
        value = self._first(m)
        negative = delay(m, self.negative, self._clocks_first)
        right = delay(m, self.exponent, self._clocks_first)

        # Two places a clock. What leaves the window at its end is ``some``; what can no longer
        # come into it is ``large``.
        some, large = Const(0, 1), Const(0, 1)
        places = len(right)
        for place in reversed(range(places)):
            distance = 1 << place
            some = some | (right[place] & value[:distance].any())
            value = Mux(right[place], value[distance:], value)[: len(value)]
            reach = _WINDOW + distance - 1
            large, value = large | value[reach:].any(), value[:reach]
            if place % 2 == 0:
                value = delay(m, value, 1, name="value")
                some, large = delay(m, some, 1, name="some"), delay(m, large, 1, name="large")
                right = delay(m, right, 1, name="right")
        negative = delay(m, negative, (places + 1) // 2)
        half, whole = value[0], value[1:]
        away = self.away
        if self._modes == (Mode.FIXED_DOUBLE_AWAY,):
            away = Const(1)
        elif Mode.FIXED_DOUBLE_AWAY not in self._modes:
            away = Const(0)
        round_up = half & (away | ~negative | some)
        inverted = whole ^ negative.replicate(len(whole))
        m.d.comb += [
            self.rounded.round_up.eq(delay(m, round_up ^ negative, 1, name="round_up")),
            self.rounded.whole.eq(delay(m, inverted, 1, name="whole")),
            self.rounded.saturated.eq(delay(m, large, 1, name="saturated")),
            self.rounded.negative.eq(delay(m, negative, 1)),
        ]
        return m

    def _first(self, m):
        """The product after the first rounding, with the place of the last shift's half as its
        lowest bit, should nothing be left to shift."""
        if self._modes == (Mode.FIXED_SINGLE,):
            return self.product[:62]
        whole = delay(m, self.product[31:62], 2, name="whole")
        half = delay(m, self.product[30], 1, name="half")
        negative = delay(m, self.negative, 1)
        # Any of 30 bits, in two clocks.
        groups = Cat(self.product[low : low + 6].any() for low in range(0, 30, 6))
        sticky = delay(m, groups, 1, name="groups").any()
        round_up = half & (~negative | sticky)
        if Mode.FIXED_SINGLE not in self._modes:
            round_up = delay(m, round_up, 1, name="round_up")
            return Cat(Const(0, 1), delay(m, (whole + round_up)[:32], 1, name="high"))
        round_up = delay(m, round_up & ~self.single, 1, name="round_up")
        high = delay(m, (whole + round_up)[:32], 1, name="high")
        low = delay(m, self.product[:31] & self.single.replicate(31), 3, name="low")
        return Cat(low, high)
