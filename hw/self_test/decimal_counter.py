# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""A counter whose digits can be shown as they are."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from macaw.arch.checks import integer

__all__ = ["DecimalCounter"]


class DecimalCounter(wiring.Component):
    """Counts clocks in ``digits`` decimal digits, from ``start`` (0 ... 9) on; behind the highest
    number it goes on at 0.

    Members
    -------
    clear : In(1)
        The count is ``start`` in the next clock; stronger than ``enable``.
    enable : In(1)
        The count is one more in the next clock.
    count : Out(ArrayLayout(4, digits))
        The digits, the lowest first.
    """

    def __init__(self, digits: int, *, start: int = 0):
        self._digits = integer("digits", digits, 1, 16)
        self._first = [integer("start", start, 0, 9)] + [0] * (digits - 1)
        count = Out(data.ArrayLayout(4, digits), init=self._first)
        super().__init__({"clear": In(1), "enable": In(1), "count": count})

    def elaborate(self, platform):
        m = Module()
        nines = [self.count[place] == 9 for place in range(self._digits)]
        for place, digit in enumerate(self.count):
            with m.If(self.clear):
                m.d.sync += digit.eq(self._first[place])
            with m.Elif(self.enable & Cat(nines[:place]).all()):
                # A table, since an adder of four bits would be larger than the digit.
                with m.Switch(digit):
                    for value in range(9):
                        with m.Case(value):
                            m.d.sync += digit.eq(value + 1)
                    with m.Default():
                        m.d.sync += digit.eq(0)
        return m
