# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The multipliers of the narrow core, whose sums serve both ways to use them."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import exact_log2

from macaw.arch.checks import instance
from macaw.arch.config import AcceleratorConfig, Technology
from macaw.hw.cells import generic, gowin, ice40, lut
from macaw.hw.delay import delay

__all__ = ["LaneArray"]

# The pair of products of each technology, and what it is made with: those of iCE40 and in lookup
# tables without the register behind them, in whose place is that of the first adders.
_PRODUCT_PAIRS = {
    Technology.GENERIC: (generic.ProductPair, {}),
    Technology.ICE40: (ice40.ProductPair, {"registered": False}),
    Technology.GOWIN: (gowin.ProductPair, {}),
}


class LaneArray(wiring.Component):
    """``lanes * columns`` products of int8 numbers, the activation of each lane with a weight for
    each column, and their exact sums; new operands each clock.

    A column's products are summed over the lanes in a tree of adders. The sums of its first level,
    of two neighbouring lanes each, serve depthwise layers as well: where the weight of channel l
    stands on lane l of column ``l % 2``, and the other lane of the two has none, that sum is the
    channel's product.

    Parameters
    ----------
    config : AcceleratorConfig
        The configuration, a narrow one.

    Members
    -------
    activations : In(ArrayLayout(signed(8), lanes))
    weights : In(ArrayLayout(signed(8), columns * lanes))
        Column c, lane l at ``c * lanes + l``.
    channels : Out(ArrayLayout(signed(17), lanes))
        ``channels[l]`` is the sum of the products of column ``l % 2`` on lanes ``l`` and ``l ^ 1``,
        `latency` clocks later.
    sums : Out(ArrayLayout(signed(16 + log2(lanes)), columns))
        The columns' sums, `sum_lag` clocks after ``channels``.
    """

    def __init__(self, config: AcceleratorConfig):
        array = instance("config", config, AcceleratorConfig).array
        self._array = array
        make, options = _PRODUCT_PAIRS[config.technology]
        options = {"signed_operands": True, **options}
        rows = {"signed_operands": True, "registered": False}
        self._cells = [make(**options) for _ in range(array.pairs - array.lut_pairs)]
        self._cells += [lut.ProductPair(**rows) for _ in range(array.lut_pairs)]
        super().__init__(
            {
                "activations": In(data.ArrayLayout(signed(8), array.lanes)),
                "weights": In(data.ArrayLayout(signed(8), array.multipliers)),
                "channels": Out(data.ArrayLayout(signed(17), array.lanes)),
                "sums": Out(data.ArrayLayout(signed(16 + self.sum_lag + 1), array.columns)),
            }
        )

    @property
    def _cell_latency(self):
        return max(cell.latency for cell in self._cells)

    @property
    def latency(self):
        """Clocks from the operands to ``channels``."""
        return self._cell_latency + 1

    @property
    def sum_lag(self):
        """Clocks from ``channels`` to ``sums``."""
        return exact_log2(self._array.lanes) - 1

    def elaborate(self, platform):
        m = Module()
        lanes, columns, pairs = self._array.lanes, self._array.columns, self._array.columns // 2
        products = [[None] * lanes for _ in range(columns)]
        for index, cell in enumerate(self._cells):
            lane, pair = divmod(index, pairs)
            m.submodules[f"cell_{pair}_{lane}"] = cell
            m.d.comb += [
                cell.shared.eq(self.activations[lane]),
                cell.low.eq(self.weights[pair * lanes + lane]),
                cell.high.eq(self.weights[(pair + pairs) * lanes + lane]),
            ]
            wait = self._cell_latency - cell.latency
            products[pair][lane] = delay(m, cell.low_product, wait)
            products[pair + pairs][lane] = delay(m, cell.high_product, wait)
        first = []
        for column, level in enumerate(products):
            level = self._level(m, column, level)
            first.append(level)
            while len(level) > 1:
                level = self._level(m, column, level)
            m.d.comb += self.sums[column].eq(level[0])
        for lane in range(lanes):
            m.d.comb += self.channels[lane].eq(first[lane % 2][lane // 2])
        return m

    def _level(self, m, column, terms):
        """The sums of neighbours, with a register each."""
        level = []
        for index in range(0, len(terms), 2):
            total = terms[index] + terms[index + 1]
            name = f"sum_{column}_{len(terms) // 2}_{index // 2}"
            level.append(delay(m, total, 1, name=name))
        return level
