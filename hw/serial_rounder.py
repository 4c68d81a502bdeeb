# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The last steps of a serial requantiser lane: a product becomes an integer.

A product of mode ``float32`` has 47 or 48 bits, of which 24 are kept; one of fixed point is
rounded half up. The result is shifted to the right and rounded again, to nearest, ties to even
(``float32``), away from zero or up.
"""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from macaw.hw.delay import delay
from macaw.hw.rounded_magnitude import RoundedMagnitude

__all__ = ["SerialRounder"]

_COARSE, _FINE = 3, 7  # shifts by eight and by one
_FLOAT32_BITS, _FIXED_BITS = 26, 32

#: Bits of a product of mode ``float32`` that are below the half of any result within bounds.
_BELOW = 14

#: Bits that are shifted by one: the half, nine of the integer, and those that may follow.
_WINDOW = 1 + 9 + _FINE


class SerialRounder(wiring.Component):
    """Rounds ``upper`` and shifts it by ``places``.

    Parameters
    ----------
    float32, fixed : bool
        The families that are built in, one or both.
    bits : int
        Bits of ``upper``.

    Members
    -------
    start : In(1)
        ``upper``, ``guard`` and ``some`` are there, for two clocks.
    float32 : In(1)
        The layer's mode is ``float32``; not looked at where only one family is built in.
    away : In(1)
        Ties of the second rounding go away from zero, else up; not looked at in mode ``float32``.
    upper : In(signed(bits))
        The product; its lowest bit is bit 23 of the product with the sum's 24 bits in mode
        ``float32``, and is worth one with fixed point.
    guard, some : In(1)
        The bit below ``upper``; whether any bit below that one is set.
    places : In(signed(8))
        A clock after ``start``: places to the right, where nothing below zero happens. With
        ``float32`` alone they count from 14 on.
    rounded : Out(RoundedMagnitude)
        `latency` clocks after ``start``. Another start is at least 14 clocks later.
    """

    latency = 1 + 1 + _COARSE + 1 + _FINE

    def __init__(self, bits, *, float32, fixed):
        self._float32, self._fixed = float32, fixed
        super().__init__(
            {
                "start": In(1),
                "float32": In(1),
                "away": In(1),
                "upper": In(signed(bits)),
                "guard": In(1),
                "some": In(1),
                "places": In(signed(8)),
                "rounded": Out(RoundedMagnitude),
            }
        )

    #: What is below the half on arrival, in mode ``float32`` alone.
    offset = _BELOW + 1

    def elaborate(self, platform):
        m = Module()
        load = delay(m, self.start, 1, name="load", reset_less=False)
        some = Signal(reset_less=True)
        speeds = self._two_speeds if self._fixed else self._one_speed
        window, large, negative = speeds(m, load, some)

        half, whole = window[0], window[1:]
        to_even, to_infinity = some | whole[0], ~negative | some | ~self.away
        round_up = half & self._choose(to_even, to_infinity)
        m.d.comb += [
            self.rounded.whole.eq(whole[:8]),
            self.rounded.round_up.eq(round_up),
            self.rounded.saturated.eq(large | ~_same(whole[8:])),
            self.rounded.negative.eq(negative),
        ]
        return m

    def _choose(self, float32, fixed):
        if self._float32 and self._fixed:
            return Mux(self.float32, float32, fixed)
        return float32 if self._float32 else fixed

    def _carry(self):
        """The first rounding adds one; and a product of mode ``float32`` has 48 bits, of which
        the lowest of ``upper`` is dropped too."""
        upper, guard, some = self.upper, self.guard, self.some
        long = upper[_FLOAT32_BITS - 2] != upper[-1]
        carry = Mux(long, upper[0] & (guard | some | upper[1]), guard & (some | upper[0]))
        return self._choose(carry, guard), self._choose(long, Const(0, 1))

    def _one_speed(self, m, load, some):
        """Float32 alone: what lies below the half has no part but in whether it is zero."""
        carry, long = self._carry()
        low = self.upper[:_BELOW]
        into = delay(m, carry & low.all(), 1, name="carry")
        below = delay(m, Mux(carry, ~low.all(), low[1:].any() | (low[0] & ~long)), 1, name="below")
        window = Signal(signed(_FLOAT32_BITS - _BELOW), reset_less=True)
        left = Signal(signed(8), reset_less=True)
        with m.If(load):
            m.d.sync += [
                window.eq(self.upper[_BELOW:_FLOAT32_BITS].as_signed() + into),
                some.eq(below),
                left.eq(self.places),
            ]
        with m.Elif(left > 0):
            m.d.sync += [window.eq(window >> 1), some.eq(some | window[0]), left.eq(left - 1)]
        return window, Const(0, 1), window[-1]

    def _two_speeds(self, m, load, some):
        carry, _ = self._carry()
        carry = delay(m, carry, 1, name="carry")
        _, long = self._carry()  # a clock later
        wide = Signal(signed(_FIXED_BITS + 1), reset_less=True)  # shifted by eight
        window = Signal(signed(_WINDOW), reset_less=True)  # shifted by one
        large = Signal(reset_less=True)
        total = (self.upper[:_FIXED_BITS].as_signed() + carry)[:_FIXED_BITS]
        flags = []
        for clock in range(_COARSE + 1):
            flags.append(delay(m, flags[-1] if flags else load, 1, name=f"clock_{clock}"))
        *coarse, hand_over = flags
        coarse = Cat(coarse).any()
        # Beyond 31 places nothing is left, below zero nothing is to do.
        places = self.places
        beyond = Const(0, 1)
        eights, ones = places[3:5], places[:3]
        if self._float32:
            beyond = places[5:7].any()
            eights = (eights | beyond.replicate(2)) & ~places[-1].replicate(2)
            ones = (ones | beyond.replicate(3)) & ~places[-1].replicate(3)
        left_8, left_1 = Signal(2, reset_less=True), Signal(3, reset_less=True)
        by_eight, by_one = coarse & left_8.any(), ~coarse & left_1.any()
        with m.If(load):
            m.d.sync += [
                wide.eq(Cat(Const(0, 1), total[0] & ~long, total[1:]).as_signed()),
                some.eq(0),
                left_8.eq(eights),
                left_1.eq(ones),
            ]
        with m.Elif(by_eight):
            m.d.sync += [
                wide.eq(wide >> 8),
                some.eq(some | wide[:8].any()),
                left_8.eq(left_8 - 1),
            ]
        with m.Elif(by_one & ~hand_over):
            m.d.sync += [some.eq(some | window[0]), left_1.eq(left_1 - 1)]
        with m.If(hand_over):
            m.d.sync += [window.eq(wide), large.eq(~_same(wide[_WINDOW - 1 :]))]
        with m.Elif(by_one):
            m.d.sync += window.eq(window >> 1)
        return window, large, wide[-1]


def _same(bits):
    """All bits are equal."""
    return bits.all() | ~bits.any()
