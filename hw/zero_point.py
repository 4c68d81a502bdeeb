# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""What the weights' zero point takes off every column's sum."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import exact_log2

from macaw.arch.checks import power_of_two
from macaw.hw.adder_tree import AdderTree

__all__ = ["ZeroPointCorrection"]


class ZeroPointCorrection(wiring.Component):
    """``-offset * Σ activations``: as Σ a·(w - z) = Σ a·w - z·Σ a, one such number a step serves
    all columns. One row of LUTs for each bit of the offset, no multiplier cell.

    Parameters
    ----------
    lanes : int
        Activations of a step.

    Members
    -------
    activations : In
        The step's activations.
    offset : In(8)
        The zero point of unsigned weights; constant while a layer runs.
    correction : Out
        The number to add to each column's sum, `latency` clocks later.
    """

    def __init__(self, *, lanes: int):
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
        """Clocks from ``activations`` to ``correction``: two adder trees and two registers."""
        return exact_log2(self._lanes) + 2 + exact_log2(len(self.offset))

    def elaborate(self, platform):
        m = Module()
        m.submodules.tree = tree = AdderTree(8, self._lanes)
        m.d.comb += [tree.values[lane].eq(self.activations[lane]) for lane in range(self._lanes)]
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
