# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The first steps of a serial requantiser lane: the sum, shifted to the left and rounded.

In mode ``float32`` the sum is shifted until its sign bit and the next one differ, and rounded to
25 bits with its sign, which are float32's 24. In fixed point it is shifted by the parameters'
shift, with int32's wrap-around. Both are a few shifts by eight places, then some by one. Numbers
keep their sign: rounding to nearest, ties to even, is the same for both signs, and where -2**n is
shorter by a bit than 2**n is, nothing lies below it that could be rounded.
"""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

__all__ = ["SerialNormalizer"]

_COARSE, _FINE = 3, 7  # shifts by eight and by one
_DROPPED = 7


class SerialNormalizer(wiring.Component):
    """``wrap32(accumulator + bias)`` becomes ``factor``, and ``places`` says how far the product
    with the channel's multiplier is to be shifted to the right.

    Parameters
    ----------
    accumulator_bits : int
        Bits of the accumulator.
    shift : Shape
        That of the parameters' ``shift``.
    float32, fixed : bool
        The families that are built in, one or both.
    offset : int
        What is taken off ``places`` in mode ``float32``.

    Members
    -------
    start : In(1)
        The members below are there, and stay for 15 clocks; so long no other start may follow.
    float32 : In(1)
        The layer's mode is ``float32``; not looked at where only one family is built in.
    accumulator : In(signed(accumulator_bits))
    bias : In(signed(32))
    shift : In(shift)
    factor : Out(signed(33))
        `latency` clocks after ``start``, for at least 15 clocks. With fixed point it is the
        shifted sum, in mode ``float32`` the rounded one times 2**7.
    places : Out(signed(8))
        From a clock after ``factor`` on: ``max(-shift, 0)`` with fixed point; in mode ``float32``
        ``shift - offset`` and the number of places by which the sum was shifted to the left.
    ahead : Out(1)
        ``factor`` is there in two clocks.
    """

    latency = 1 + _COARSE + 1 + _FINE + 2

    def __init__(self, accumulator_bits, shift, *, float32, fixed, offset):
        self._float32, self._fixed, self._offset = float32, fixed, offset
        super().__init__(
            {
                "start": In(1),
                "float32": In(1),
                "accumulator": In(signed(accumulator_bits)),
                "bias": In(signed(32)),
                "shift": In(shift),
                "factor": Out(signed(33)),
                "places": Out(signed(8)),
                "ahead": Out(1),
            }
        )

    def elaborate(self, platform):
        m = Module()
        float32 = self.float32
        if not (self._float32 and self._fixed):
            float32 = Const(self._float32, 1)

        # Clock 0 is that of `start`; the clock that is over is 0 as well.
        clock = Signal(range(self.latency + 1))
        with m.If(self.start):
            m.d.sync += clock.eq(1)
        with m.Elif(clock == self.latency):
            m.d.sync += clock.eq(0)
        with m.Elif(clock != 0):
            m.d.sync += clock.eq(clock + 1)
        hand_over = 1 + _COARSE
        rounds = hand_over + 1 + _FINE
        coarse = (clock != 0) & (clock < hand_over)
        fine = (clock > hand_over) & (clock < rounds)
        m.d.comb += self.ahead.eq(clock == rounds)

        wide = Signal(32, reset_less=True)  # shifted by eight
        bits = Signal(32, reset_less=True)  # shifted by one
        same_9, same_2 = wide[23:].all() | ~wide[23:].any(), bits[31] == bits[30]
        shift, to_left = self.shift, ~self.shift[-1]
        # The clock counts the shifts: those by eight from 1 on, those by one from 5 on.
        asked_8 = to_left & (shift[3:5] >= clock[:2])
        asked_1 = to_left & (shift[:3] >= (clock[:3] ^ hand_over))
        by_eight = coarse & Mux(float32, same_9, asked_8)
        by_one = fine & Mux(float32, same_2, asked_1)
        with m.If(self.start):
            m.d.sync += wide.eq((self.accumulator + self.bias)[:32])
        with m.Elif(by_eight):
            m.d.sync += wide.eq(wide << 8)
        with m.If(clock == hand_over):
            m.d.sync += bits.eq(wide)
        with m.Elif(by_one):
            m.d.sync += bits.eq(bits << 1)

        factor = Signal(signed(33), reset_less=True)
        low, kept = bits[:_DROPPED], bits[_DROPPED:].as_signed()
        if self._float32:
            round_up = Signal(reset_less=True)
            m.d.sync += round_up.eq(float32 & low[-1] & (low[:-1].any() | kept[0]))
            kept = kept + round_up
        with m.If(clock == self.latency - 1):
            m.d.sync += factor.eq(Cat(Mux(float32, 0, low), kept))
        right = Mux(to_left, 0, -shift)
        if self._float32:
            moved = Signal(signed(8), reset_less=True)
            with m.If(self.start):
                m.d.sync += moved.eq(-self._offset)
            with m.Elif(by_eight | by_one):
                m.d.sync += moved.eq(moved + Cat(by_one, C(0, 2), by_eight))
            right = Mux(float32, shift + moved, right)
        places = Signal(signed(8), reset_less=True)
        with m.If(clock == self.latency):
            m.d.sync += places.eq(right)
        m.d.comb += [self.factor.eq(factor), self.places.eq(places)]
        return m
