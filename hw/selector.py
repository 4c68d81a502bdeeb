# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""One of four values, or of two: the piece that byte aligners are made of."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from macaw.arch.checks import integer, one_of
from macaw.arch.config import Technology
from macaw.hw.cells.ecp5_select import FourToOne

__all__ = ["Selector", "select"]


class Selector(wiring.Component):
    """The one of ``ways`` values that ``index`` names, without a register.

    On ``ecp5`` four ways take two LUTs a bit and are one level of logic, where synthesis without
    its wide LUTs takes three, in two levels.

    Parameters
    ----------
    width : int
        Bits of a value.
    ways : int
        2 or 4.
    technology : Technology
        The cells to use.

    Members
    -------
    values : In
        The values.
    index : In
        Which of them.
    chosen : Out
        That value.
    """

    def __init__(self, *, width: int, ways: int, technology: Technology = Technology.GENERIC):
        width = integer("width", width, 1, 1 << 16)
        one_of("ways", ways, (2, 4))
        self._technology = one_of("technology", technology, tuple(Technology))
        super().__init__(
            {
                "values": In(data.ArrayLayout(width, ways)),
                "index": In(range(ways)),
                "chosen": Out(width),
            }
        )

    def elaborate(self, platform):
        m = Module()
        ways = len(self.values)
        if self._technology is Technology.ECP5 and ways == 4:
            for bit in range(len(self.chosen)):
                m.submodules[f"bit_{bit}"] = cell = FourToOne()
                m.d.comb += [
                    cell.values.eq(Cat(value[bit] for value in self.values)),
                    cell.index.eq(self.index),
                    self.chosen[bit].eq(cell.chosen),
                ]
        else:
            with m.Switch(self.index):
                for way in range(ways):
                    with m.Case(way):
                        m.d.comb += self.chosen.eq(self.values[way])
        return m


def select(m: Module, name: str, index, values, *, technology: Technology):
    """The one of ``values`` that ``index`` names, from a `Selector` that stands in ``m`` as
    ``name``."""
    m.submodules[name] = selector = Selector(
        width=len(values[0]), ways=len(values), technology=technology
    )
    m.d.comb += [selector.values.eq(Cat(values)), selector.index.eq(index)]
    return selector.chosen
