# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Mode ``raw``: one byte of a sum, as it is."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from macaw.hw.delay import delay
from macaw.hw.rounded_magnitude import RoundedMagnitude

__all__ = ["RawByte"]


class RawByte(wiring.Component):
    """Byte ``byte`` of ``sum``, the lowest one is 0.

    It is told as a signed number, from which `BoundedResult` makes the same byte under a zero
    point of 0 and the bounds of int8.

    Members
    -------
    sum : In(signed(32))
    byte : In(2)
    rounded : Out(RoundedMagnitude)

    A sum is taken in each clock; its byte comes `latency` clocks later.
    """

    latency = 1

    sum: In(signed(32))
    byte: In(2)
    rounded: Out(RoundedMagnitude)

    def elaborate(self, platform):
        m = Module()
        byte = delay(m, self.sum.as_unsigned().word_select(self.byte, 8), 1, name="byte")
        m.d.comb += [
            self.rounded.whole.eq(byte),
            self.rounded.round_up.eq(0),
            self.rounded.saturated.eq(0),
            self.rounded.negative.eq(byte[-1]),
        ]
        return m
