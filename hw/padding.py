# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Supplies the zero point for bytes outside the image."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from macaw.arch.checks import instance, integer, power_of_two
from macaw.hw.delay import delay
from macaw.hw.fanout import fan_out

__all__ = ["Padding"]


class Padding(wiring.Component):
    """Replaces what a read of the line buffer found outside the image by the zero point.

    Byte l of a run lies in the image if its row does and ``0 <= offset + l < row_bytes``.

    Parameters
    ----------
    lanes : int
        Bytes of a run.
    offset_bits : int
        Bits of the signed ``offset``.
    read_latency : int
        Clocks by which ``runs`` comes later than ``inside`` and ``offset``, at least 4.
    compact : bool
        All rows take the zero point from one register.

    Members
    -------
    row_bytes : In
        Bytes of an image row, at most ``2**(offset_bits - 1)``; constant while a layer runs.
    zero_point : In
        The byte that stands for padding; constant while a layer runs.
    inside : In
        For each of the four rows of a read, whether it lies in the image.
    offset : In
        The read's byte offset.
    runs : In
        The four runs that the read found, ``read_latency`` clocks later.
    padded : Out
        The runs with padding, `latency` clocks after ``runs``.
    """

    #: Clocks from ``runs`` to ``padded``.
    latency = 1

    def __init__(self, *, lanes: int, offset_bits: int, read_latency: int, compact: bool = False):
        self._compact = instance("compact", compact, bool)
        self._lanes = power_of_two("lanes", lanes, 8, 32)
        self._read_latency = integer("read_latency", read_latency, 4, 64)
        integer("offset_bits", offset_bits, 2, 32)
        runs = data.ArrayLayout(data.ArrayLayout(8, lanes), 4)
        super().__init__(
            {
                "row_bytes": In(offset_bits),
                "zero_point": In(8),
                "inside": In(4),
                "offset": In(signed(offset_bits)),
                "runs": In(runs),
                "padded": Out(runs),
            }
        )

    def elaborate(self, platform):
        m = Module()
        lanes = self._lanes
        count = range(lanes + 1)
        before = Signal(signed(len(self.offset) + 1), reset_less=True)
        until = Signal(signed(len(self.offset) + 1), reset_less=True)
        skipped = Signal(count, reset_less=True)
        covered = Signal(count, reset_less=True)
        # Clock 1: distances to both edges; clock 2: as numbers of lanes; clock 3: one bit a lane.
        m.d.sync += [before.eq(-self.offset), until.eq(self.row_bytes - self.offset)]
        for distance, lane_count in ((before, skipped), (until, covered)):
            with m.If(distance <= 0):
                m.d.sync += lane_count.eq(0)
            with m.Elif(distance >= lanes):
                m.d.sync += lane_count.eq(lanes)
            with m.Else():
                m.d.sync += lane_count.eq(distance)
        columns = Signal(lanes, reset_less=True)
        m.d.sync += columns.eq(Cat((lane >= skipped) & (lane < covered) for lane in range(lanes)))
        columns = delay(m, columns, self._read_latency - 4)
        inside = delay(m, self.inside, self._read_latency - 1)
        zero_points = fan_out(
            m, "zero_point_copies", self.zero_point, 4, clocks=1, compact=self._compact
        )
        for row in range(4):
            taken = Signal(lanes, name=f"taken_{row}", reset_less=True)
            m.d.sync += taken.eq(inside[row].replicate(lanes) & columns)
            for lane in range(lanes):
                m.d.sync += self.padded[row][lane].eq(
                    Mux(taken[lane], self.runs[row][lane], zero_points[row])
                )
        return m
