# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Which bytes of a run lie within the image."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import exact_log2

from macaw.arch.checks import instance
from macaw.arch.config import AcceleratorConfig
from macaw.hw.delay import delay
from macaw.hw.layouts import layer_layout

__all__ = ["RunEdges"]


class RunEdges(wiring.Component):
    """Byte l of a run lies in the image if its row does and ``0 <= offset + l < row_bytes``.

    Parameters
    ----------
    config : AcceleratorConfig
        The configuration.

    Members
    -------
    row_bytes : In
        Bytes of an image row; constant while a layer runs.
    offset : In
        Of the run's first byte in its row, signed.
    inside : In
        A clock later: the row lies in the image.
    within : Out
        One bit for each byte, `latency` clocks after ``offset``.
    """

    #: Clocks from ``offset`` to ``within``.
    latency = 3

    def __init__(self, config: AcceleratorConfig):
        layer = layer_layout(instance("config", config, AcceleratorConfig))
        self._lanes = config.array.lanes
        super().__init__(
            {
                "row_bytes": In(layer["row_bytes"].shape),
                "offset": In(layer["position"].shape),
                "inside": In(1),
                "within": Out(config.array.lanes),
            }
        )

    def elaborate(self, platform):
        m = Module()
        lanes = self._lanes
        fine_bits = exact_log2(lanes)

        # First clock: the distance to the end. Of the distance to the begin whole words tell most.
        end = Signal(signed(len(self.offset) + 1), reset_less=True)
        m.d.sync += end.eq(self.row_bytes - self.offset)
        words = self.offset[fine_bits:].as_signed()
        # Second clock: the lanes that are left out before the image, and those up to its end.
        before = delay(m, Cat(words < 0, words == -1), 1, name="before")
        fine = delay(m, self.offset[:fine_bits], 1, name="fine")
        skipped = Signal(fine_bits + 1, reset_less=True)
        covered = Signal(fine_bits + 1, reset_less=True)
        m.d.sync += [
            skipped.eq(Mux(before[0], Mux(before[1], lanes - fine, lanes), 0)),
            covered.eq(Mux((end < 0) | ~self.inside, 0, Mux(end >= lanes, lanes, end))),
        ]
        # Third clock: one bit a lane.
        m.d.sync += self.within.eq(
            Cat((lane >= skipped) & (lane < covered) for lane in range(lanes))
        )
        return m
