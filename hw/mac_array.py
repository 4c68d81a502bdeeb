# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The array of multipliers with an adder tree for each column."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import exact_log2

from macaw.arch.checks import instance, one_of
from macaw.arch.config import ArrayConfig, Technology
from macaw.arch.core import EXCESS
from macaw.hw.adder_tree import AdderTree
from macaw.hw.cells import ecp5, ecp5_lut, generic, gowin, ice40, lut
from macaw.hw.delay import delay
from macaw.hw.fanout import FanOut, fan_out

__all__ = ["MacArray"]


def _unsigned(value):
    """An int8 ``value`` and `EXCESS`."""
    return (value ^ EXCESS)[:8]


# The pair of products of each technology, on its multipliers and in its lookup tables.
_PRODUCT_PAIRS = {
    Technology.GENERIC: (generic.ProductPair, lut.ProductPair),
    Technology.ECP5: (ecp5.ProductPair, ecp5_lut.ProductPair),
    Technology.ICE40: (ice40.ProductPair, lut.ProductPair),
    Technology.GOWIN: (gowin.ProductPair, lut.ProductPair),
}


class MacArray(wiring.Component):
    """``lanes * columns`` products of int8 numbers and their exact sums over the lanes, new
    operands and a new choice of mode each clock. The operand that columns do not share becomes
    unsigned by `EXCESS`, 128:

    - Dense (``window_mode`` 0): ``sums[c] = Σ_l activations[l] * (weights[c, l] + 128)``.
    - Window (``window_mode`` 1):
      ``sums[c] = Σ_l (window[c, l] + 128) * weights[c mod (columns/2), l]``.

    So the weights of dense mode have a zero point of 128 more, for `ZeroPointCorrection` or
    another place to take off, and the window has one, which a bias takes off.

    ``weights[c, l]`` and ``window[c, l]`` stand at index ``c * lanes + l``. Columns q and
    q + columns/2 share a multiplier cell in each lane, since they share an operand in both modes:
    the activation, or the weight. The multiplexer of the operands is the register in front of the
    cell, or the cell's own, so it costs no clock.

    ``array`` is an `ArrayConfig`, ``technology`` chooses the cells: those of the device's
    multipliers, and for ``array.lut_pairs`` of the pairs those of lookup tables, which stand in
    the last lanes of all columns. The quicker kind waits for the other. With ``window=False`` the
    window mode is left out, with its two inputs. ``compact`` brings activations and mode to all
    columns directly, where otherwise they spread in trees of registers.

    Raises ``TypeError`` for an ``array`` that is no `ArrayConfig` and ``ValueError`` for an
    unknown ``technology``.

    Members
    -------
    activations : In(ArrayLayout(signed(8), lanes))
    window_mode : In(1)
        ``activations`` are taken `activation_lead` clocks earlier than the operands that they
        meet, ``window_mode`` `mode_lead` clocks.
    weights : In(ArrayLayout(signed(8), columns * lanes))
    window : In(ArrayLayout(signed(8), columns * lanes))
    sums : Out(ArrayLayout(signed(16 + log2(lanes)), columns))
        `latency` clocks after ``weights`` and ``window``.
    """

    def __init__(self, array, technology, *, window=True, compact=False):
        if not isinstance(array, ArrayConfig):
            raise TypeError(f"array must be an ArrayConfig, not {array!r}")
        self._array = array
        multiplier, lookup = _PRODUCT_PAIRS[one_of("technology", technology, tuple(Technology))]
        # The cell of each pair, lane by lane.
        self._cells = [multiplier] * (array.pairs - array.lut_pairs) + [lookup] * array.lut_pairs
        # Clocks from the operands, the register of their multiplexer included.
        registers = [not getattr(cell, "registered_operands", False) for cell in self._cells]
        self._latencies = [
            (register, register + cell.low_latency, register + cell.latency)
            for register, cell in zip(registers, self._cells, strict=True)
        ]
        self._low_latency = max(low for _, low, _ in self._latencies)
        self._high_latency = max(high for _, _, high in self._latencies)
        self._window = bool(window)
        self._compact = instance("compact", compact, bool)
        members = {
            "activations": In(data.ArrayLayout(signed(8), array.lanes)),
            "weights": In(data.ArrayLayout(signed(8), array.multipliers)),
            "sums": Out(data.ArrayLayout(signed(16 + exact_log2(array.lanes)), array.columns)),
        }
        if window:
            members["window_mode"] = In(1)
            members["window"] = In(data.ArrayLayout(signed(8), array.multipliers))
        super().__init__(members)

    @property
    def activation_lead(self):
        """Clocks by which ``activations`` come before the other operands."""
        return 0 if self._compact else max(1, FanOut.levels_needed(self._array.columns // 2))

    @property
    def mode_lead(self):
        """Clocks by which ``window_mode`` comes before the other operands."""
        return 0 if self._compact else FanOut.levels_needed(self._array.multipliers // 2)

    @property
    def latency(self):
        """Clocks from ``weights`` and ``window`` to ``sums``."""
        return self._high_latency + exact_log2(self._array.lanes)

    def elaborate(self, platform):
        m = Module()
        lanes, pairs = self._array.lanes, self._array.columns // 2

        def copies(name, value, leaves, clocks):
            return fan_out(
                m, f"{name}_fan_out", value, leaves, clocks=clocks, compact=self._compact
            )

        activations = copies("activation", self.activations, pairs, self.activation_lead)
        if self._window:
            modes = copies("mode", self.window_mode, pairs * lanes, self.mode_lead)

        trees = [AdderTree(16, lanes) for _ in self.sums]
        early = self._high_latency - self._low_latency
        for column, tree in enumerate(trees):
            m.submodules[f"tree_{column}"] = tree
            # Low products come first, and one sum is cheaper to keep than the products.
            wait = early if column < pairs else 0
            m.d.comb += self.sums[column].eq(delay(m, tree.sum, wait))

        for pair in range(pairs):
            for lane in range(lanes):
                low, high = pair * lanes + lane, (pair + pairs) * lanes + lane
                operands = {
                    "low": _unsigned(self.weights[low]),
                    "high": _unsigned(self.weights[high]),
                    "shared": activations[pair][lane],
                }
                if self._window:
                    window_operands = {
                        "low": _unsigned(self.window[low]),
                        "high": _unsigned(self.window[high]),
                        "shared": self.weights[low],
                    }
                    mode = modes[low]
                    operands = {
                        name: Mux(mode, window_operands[name], operand)
                        for name, operand in operands.items()
                    }
                cell = self._cells[lane * pairs + pair]()
                registered, low_latency, high_latency = self._latencies[lane * pairs + pair]
                m.submodules[f"cell_{pair}_{lane}"] = cell
                # Three operands are cheaper to keep than two products.
                waits = (self._low_latency - low_latency, self._high_latency - high_latency)
                for name, operand in operands.items():
                    if registered:
                        register = Signal(8, name=f"{name}_{pair}_{lane}", reset_less=True)
                        m.d.sync += register.eq(operand)
                        operand = register
                    m.d.comb += getattr(cell, name).eq(
                        delay(m, operand, min(waits), name=f"{name}_{pair}_{lane}")
                    )
                low_wait, high_wait = (wait - min(waits) for wait in waits)
                m.d.comb += [
                    trees[pair].values[lane].eq(delay(m, cell.low_product, low_wait)),
                    trees[pair + pairs].values[lane].eq(delay(m, cell.high_product, high_wait)),
                ]
        return m
