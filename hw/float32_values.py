# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Numbers of 24 bits and an exponent: rounding products, and placing them into integers."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from macaw.hw.delay import delay

__all__ = ["FixedPlacer", "ProductRounder", "rounded_up"]

#: Places to the right beyond which nothing of a number of 24 bits is left.
_LOST = 25


def rounded_up(m, kept, round_up):
    """24 bits and the one that rounds them up, as a magnitude of 24 bits, without a register, and
    whether it has overflowed: 2**24 becomes 2**23, which stands for twice as much."""
    rounded = Signal(25)
    m.d.comb += rounded.eq(kept + round_up)
    overflow = rounded[24]
    return Cat(rounded[:23], rounded[23] | overflow), overflow


class ProductRounder(wiring.Component):
    """A product rounded to 24 bits, nearest even: ``product = magnitude * 2**(23 + extra)``, about.

    The product is that of two numbers of 24 bits with their top bits set, or zero.

    Members
    -------
    product : In(48)
    magnitude : Out(24)
        With its top bit set, or zero; `latency` clocks after ``product``, one in each clock.
    extra : Out(2)
        With ``magnitude``.
    """

    latency = 3

    product: In(48)
    magnitude: Out(24)
    extra: Out(2)

    def elaborate(self, platform):
        m = Module()
        product, long = self.product, self.product[47]
        kept = Mux(long, product[24:48], product[23:47])
        half = Mux(long, product[23], product[22])
        groups = [product[low : low + 6].any() for low in range(0, 18, 6)]
        groups = Cat(*groups, product[18:22].any() | (long & product[22]))
        kept, half = delay(m, kept, 1, name="kept"), delay(m, half, 1, name="half")
        some = delay(m, groups, 1, name="groups").any()
        round_up = delay(m, half & (some | kept[0]), 1, name="round_up")

        magnitude, overflow = rounded_up(m, delay(m, kept, 1, name="kept"), round_up)
        extra = (delay(m, long, 2, name="long") + overflow)[:2]
        m.d.comb += [
            self.magnitude.eq(delay(m, magnitude, 1, name="magnitude")),
            self.extra.eq(delay(m, extra, 1, name="extra")),
        ]
        return m


class FixedPlacer(wiring.Component):
    """``magnitude * 2**position`` with its sign as an integer; what lies below the last bit makes
    that bit one.

    Parameters
    ----------
    top : int
        The highest position that is told apart; higher ones become this.

    Members
    -------
    magnitude : In(24)
        With its top bit set, or zero.
    negative : In(1)
    position : In(signed(9))
    value : Out(signed(25 + top))
        `latency` clocks after ``magnitude``, one in each clock.
    saturated : Out(1)
        With ``value``: the position was above ``top``, and the magnitude not zero.
    """

    latency = 6

    def __init__(self, top):
        self._top = top
        super().__init__(
            {
                "magnitude": In(24),
                "negative": In(1),
                "position": In(signed(9)),
                "value": Out(signed(25 + top)),
                "saturated": Out(1),
            }
        )

    def elaborate(self, platform):
        m = Module()
        high, low = self.position > self._top, self.position < -_LOST
        amount = Mux(high, self._top + _LOST, Mux(low, 0, self.position + _LOST))
        amount = delay(m, amount[: (self._top + _LOST).bit_length()], 1, name="amount")
        saturated = delay(m, high & self.magnitude[-1], self.latency, name="saturated")

        bits = delay(m, self.magnitude, 1, name="bits")
        for first in range(0, 6, 2):
            for place in range(first, min(first + 2, len(amount))):
                moved = Cat(Const(0, 1 << place), bits)
                bits = Mux(amount[place], moved, bits)[: 24 + self._top + _LOST]
            bits, amount = delay(m, bits, 1, name="bits"), delay(m, amount, 1, name="amount")
        negative = delay(m, self.negative, 4)
        placed = Cat(bits[: _LOST + 1].any(), bits[_LOST + 1 :])
        placed = delay(m, placed ^ negative.replicate(len(placed)), 1, name="placed")
        negative = delay(m, negative, 1)
        value = Cat(placed, negative).as_signed() + negative
        m.d.comb += [
            self.value.eq(delay(m, value[: len(self.value)].as_signed(), 1, name="value")),
            self.saturated.eq(saturated),
        ]
        return m
