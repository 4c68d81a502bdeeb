# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""What the weights' zero point takes off every column's sum."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import exact_log2

from macaw.arch.checks import instance, one_of, power_of_two
from macaw.arch.config import Technology
from macaw.arch.core import EXCESS
from macaw.hw.adder_tree import AdderTree

__all__ = ["ZeroPointCorrection"]


class ZeroPointCorrection(wiring.Component):
    """``-offset * Σ activations``: as Σ a·(w - z) = Σ a·w - z·Σ a, one such number a step serves
    all columns.

    It takes one row of LUTs for each bit of the offset and no multiplier cell. On ``gowin``, where
    registers are scarcer, it takes a row for each two bits and one sum of all rows: the array's
    sums, of all columns, need not wait for it. Where the offset is `EXCESS` or nothing it is a
    shift.

    Parameters
    ----------
    lanes : int
        Activations of a step.
    technology : Technology
        The cells to use.
    excess_only : bool
        The offset is 0 or `EXCESS`.

    Members
    -------
    activations : In
        The step's activations.
    offset : In(8)
        The zero point of unsigned weights; constant while a layer runs.
    correction : Out
        The number to add to each column's sum, `latency` clocks later.
    """

    def __init__(
        self,
        *,
        lanes: int,
        technology: Technology = Technology.GENERIC,
        excess_only: bool = False,
    ):
        self._technology = one_of("technology", technology, tuple(Technology))
        self._excess_only = instance("excess_only", excess_only, bool)
        self._lanes = power_of_two("lanes", lanes, 2, 256)
        super().__init__(
            {
                "activations": In(data.ArrayLayout(signed(8), lanes)),
                "offset": In(8),
                "correction": Out(signed(17 + exact_log2(lanes))),
            }
        )

    @property
    def latency(self) -> int:
        """Clocks from ``activations`` to ``correction``: an adder tree and the shift's register,
        or the rows' and their sum's, or two registers and another adder tree."""
        clocks = exact_log2(self._lanes)
        if self._excess_only:
            return clocks + 1
        if self._technology is Technology.GOWIN:
            return clocks + 2
        return clocks + 2 + exact_log2(len(self.offset))

    def elaborate(self, platform):
        m = Module()
        m.submodules.tree = tree = AdderTree(8, self._lanes)
        m.d.comb += [tree.values[lane].eq(self.activations[lane]) for lane in range(self._lanes)]
        if self._excess_only:
            place = exact_log2(EXCESS)
            taken = Mux(self.offset[place], -tree.sum << place, 0)
            shifted = Signal.like(self.correction, reset_less=True)
            m.d.sync += shifted.eq(taken)
            m.d.comb += self.correction.eq(shifted)
            return m
        if self._technology is Technology.GOWIN:
            total = 0
            for place in range(0, len(self.offset), 2):
                row = Signal(signed(len(tree.sum) + 2), name=f"row_{place}", reset_less=True)
                single, double = self.offset[place : place + 2]
                m.d.sync += row.eq(Mux(single, tree.sum, 0) + Mux(double, tree.sum << 1, 0))
                total += row << place
            negated = Signal.like(self.correction, reset_less=True)
            m.d.sync += negated.eq(-total)
            m.d.comb += self.correction.eq(negated)
            return m
        negated = Signal(signed(len(tree.sum) + 1), reset_less=True)
        m.d.sync += negated.eq(-tree.sum)

        bits = len(self.offset)
        m.submodules.rows = rows = AdderTree(len(negated) + bits - 1, bits)
        for bit in range(bits):
            row = Signal.like(rows.values[bit], name=f"row_{bit}", reset_less=True)
            m.d.sync += row.eq(Mux(self.offset[bit], negated << bit, 0))
            m.d.comb += rows.values[bit].eq(row)
        m.d.comb += self.correction.eq(rows.sum)
        return m
