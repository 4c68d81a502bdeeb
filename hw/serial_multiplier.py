# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""A product, two bits of one operand a clock."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from macaw.arch.checks import integer
from macaw.hw.delay import delay

__all__ = ["SerialMultiplier"]


class SerialMultiplier(wiring.Component):
    """The upper bits of ``a * b``, and what lies below them.

    The digits of ``b`` are 0, 1, 2 and -1, which is 3 with a carry into the next digit: each row
    of the sum is nothing, ``a``, ``a`` shifted by one place or its complement, one LUT of four
    inputs a bit.

    Parameters
    ----------
    a_bits : int
        Bits of ``a``, its sign among them, 2 ... 64.
    digits : int
        Digits of ``b``, 2 ... 32. It has ``2 * digits - 1`` bits, so that no carry leaves it.

    Members
    -------
    start : In(1)
        ``b`` is there. The next start is at least ``digits + 2`` clocks later.
    b : In(2 * digits - 1)
    a : In(signed(a_bits))
        There from two clocks after ``start`` on, for ``digits`` clocks.
    upper : Out(signed(a_bits + 1))
        ``(a * b) >> (2 * digits - 1)``, `latency` clocks after ``start``, for two clocks.
    guard, some : Out(1)
        With ``upper``: the bit below it; whether any bit below that one is set.
    done : Out(1)
        ``upper`` is there for its first clock.
    """

    def __init__(self, a_bits, digits):
        self._digits = integer("digits", digits, 2, 32)
        a_bits = integer("a_bits", a_bits, 2, 64)
        super().__init__(
            {
                "start": In(1),
                "b": In(2 * digits - 1),
                "a": In(signed(a_bits)),
                "upper": Out(signed(a_bits + 1)),
                "guard": Out(1),
                "some": Out(1),
                "done": Out(1),
            }
        )

    @property
    def latency(self):
        """Clocks from ``start`` to ``upper``."""
        return self._digits + 3

    def elaborate(self, platform):
        m = Module()
        # The digits, one a clock.
        rest = Signal.like(self.b, reset_less=True)
        carry, left = Signal(reset_less=True), Signal(range(self._digits + 1))
        with m.If(self.start):
            m.d.sync += [rest.eq(self.b), carry.eq(0), left.eq(self._digits)]
        with m.Elif(left != 0):
            m.d.sync += [
                rest.eq(rest >> 2),
                carry.eq(rest[1] & (rest[0] | carry)),
                left.eq(left - 1),
            ]
        digit = delay(m, (rest[:2] + carry)[:2], 1, name="digit")
        active = delay(m, left != 0, 2, name="active", reset_less=False)
        done = delay(m, left == 1, 3, name="done", reset_less=False)

        # Their rows.
        row = Signal(signed(len(self.a) + 1), reset_less=True)
        negative = delay(m, digit.all(), 1, name="negative")
        m.d.sync += row.eq(
            Mux(digit[1], Mux(digit[0], ~self.a, self.a << 1), Mux(digit[0], self.a, 0))
        )

        # Their sum: one carry chain, which begins with the one that a complement lacks.
        high, dropped, some = Signal(signed(len(self.a))), Signal(2), Signal()
        total = (Cat(negative, high).as_signed() + Cat(negative, row).as_signed())[1:]
        with m.If(delay(m, done, 1, name="taken", reset_less=False)):
            m.d.sync += [high.eq(0), dropped.eq(0), some.eq(0)]
        with m.Elif(active):
            m.d.sync += [
                Cat(dropped, high).eq(total),
                some.eq(some | dropped.any()),
            ]
        m.d.comb += [
            self.upper.eq(Cat(dropped[1], high)),
            self.guard.eq(dropped[0]),
            self.some.eq(some),
            self.done.eq(done),
        ]
        return m
