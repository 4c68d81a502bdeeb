# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""A counter whose digits can be shown as they are."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from macaw.arch.checks import integer

__all__ = ["DecimalCounter"]


class DecimalCounter(wiring.Component):
    """Counts clocks in ``digits`` decimal digits; behind the highest number it begins anew.

    Members
    -------
    clear : In(1)
        The count is 0 in the next clock; stronger than ``enable``.
    enable : In(1)
        The count is one more in the next clock.
    count : Out(ArrayLayout(4, digits))
        The digits, the lowest first.
    """

    def __init__(self, digits: int):
        self._digits = integer("digits", digits, 1, 16)
        super().__init__(
            {"clear": In(1), "enable": In(1), "count": Out(data.ArrayLayout(4, digits))}
        )

    def elaborate(self, platform):
        m = Module()
        nines = [self.count[place] == 9 for place in range(self._digits)]
        for place in range(self._digits):
            with m.If(self.clear):
                m.d.sync += self.count[place].eq(0)
            with m.Elif(self.enable & Cat(nines[:place]).all()):
                m.d.sync += self.count[place].eq(Mux(nines[place], 0, self.count[place] + 1))
        return m
