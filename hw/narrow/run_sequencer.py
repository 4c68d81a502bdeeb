# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Walks a layer's step table for each pixel: one read of a run a clock."""

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from macaw.arch.checks import instance
from macaw.arch.config import AcceleratorConfig
from macaw.arch.core import SIZE_BITS
from macaw.hw.delay import delay
from macaw.hw.evaluations import Evaluation
from macaw.hw.layouts import layer_layout, step_layout
from macaw.hw.narrow.group_loops import GroupLoops
from macaw.hw.ram import BlockRam
from macaw.hw.step_fetcher import table_write_layout

__all__ = ["RunSequencer"]

#: Clocks in which it becomes known whether a row may begin.
_ROW_CLOCKS = 3


class RunSequencer(wiring.Component):
    """Rows, column groups, pixels and steps of a layer, one read a clock.

    A row begins once its image rows have been received and there is room for its results; the last
    read of a pixel waits until the requantiser can take its sums, ``config.requantizer.interval``
    clocks for each channel of those before. Nothing behind this block ever waits.

    Parameters
    ----------
    config : AcceleratorConfig
        The configuration, a narrow one.

    Members
    -------
    table : In
        Writes to the step table, one a clock, always taken.
    layer : In
        The layer's descriptor, constant from two clocks before ``start`` on.
    start : In
        Begins the layer, for one clock.
    received, complete : In
        Image rows received since ``start``; they are all.
    room : In
        There is room for one more row of results.
    claim : Out
        Takes that room, for one clock.
    row : Out
        Read: ring address of the row's first word.
    offset : Out
        Read: the byte offset in the row.
    inside : Out
        Read, a clock later: the row lies in the image.
    evaluation : Out
        With ``row``: whether a read is made, and what becomes of its products.
    channels : Out
        With a ``last`` read: channels of its column group.
    released : Out
        Image rows, from the first, that no later read needs.
    finished : Out
        All reads of the layer have been made.
    """

    def __init__(self, config: AcceleratorConfig):
        self._config = instance("config", config, AcceleratorConfig)
        layer = layer_layout(config)
        super().__init__(
            {
                "table": In(stream.Signature(table_write_layout(config))),
                "layer": In(layer),
                "start": In(1),
                "received": In(SIZE_BITS),
                "complete": In(1),
                "room": In(1),
                "claim": Out(1),
                "row": Out(layer["row_start"].shape),
                "offset": Out(layer["position"].shape),
                "inside": Out(1),
                "evaluation": Out(Evaluation),
                "channels": Out(layer["group_channels"].shape),
                "released": Out(SIZE_BITS),
                "finished": Out(1),
            }
        )

    def elaborate(self, platform):
        m = Module()
        layer = self.layer
        step = step_layout(self._config)
        m.submodules.loops = loops = GroupLoops(self._config)
        m.submodules.ram = ram = BlockRam(
            width=-(-step.size // 8),
            depth=self._config.memory.step_entries,
            technology=self._config.technology,
            registered=False,
        )
        following = Signal(step)
        m.d.comb += [
            self.table.ready.eq(1),
            ram.write_address.eq(self.table.payload.address),
            ram.write_data.eq(self.table.payload.entry.as_value()),
            ram.write_enable.eq(self.table.valid.replicate(len(ram.write_enable))),
            following.eq(ram.read_data.as_value()[: step.size]),
            loops.layer.eq(layer),
            loops.start.eq(self.start),
        ]

        # The memory shows the step that follows the one in hand; with its last read the former
        # takes the latter's place, and the memory is asked for the next.
        go, final, load = Signal(), Signal(), Signal()
        held, fetched = Signal(), Signal()
        entry = Signal.like(ram.read_address)
        with m.If(load):
            m.d.comb += ram.read_address.eq(Mux(following.last, 0, entry + 1))
        with m.Else():
            m.d.comb += ram.read_address.eq(entry)
        m.d.sync += entry.eq(ram.read_address)
        with m.If(self.start):
            m.d.comb += ram.read_address.eq(0)
        may_begin = self._row_begins(m, loops, load)
        # The loops move a clock after a pixel's last step has been taken, which takes none where
        # that step has more than one read.
        m.d.sync += loops.advance.eq(load & following.last)
        m.d.comb += load.eq(fetched & may_begin & ~loops.advance & (~held | (go & final)))
        m.d.sync += fetched.eq((fetched | self.start) & ~(load & following.last & loops.layer_end))

        # The step in hand.
        remaining = Signal.like(following.count, reset_less=True)
        stride = Signal.like(following.stride, reset_less=True)
        image_row = Signal.like(loops.top, reset_less=True)
        fresh, first, last = Signal(), Signal(), Signal()
        group_end, row_end, layer_end = Signal(), Signal(), Signal()
        base = Mux(load, loops.position, self.offset)
        with m.If(load | go):
            m.d.sync += self.offset.eq(base + Mux(load, following.offset, stride))
        with m.If(load):
            m.d.sync += [
                remaining.eq(following.count),
                final.eq(following.count == 0),
                fresh.eq(1),
                stride.eq(following.stride),
                self.row.eq(loops.row + following.row_words),
                image_row.eq(loops.top + following.row),
                first.eq(following.first),
                last.eq(following.last),
                self.channels.eq(loops.channels),
                group_end.eq(loops.group_end),
                row_end.eq(loops.row_end),
                layer_end.eq(loops.layer_end),
                held.eq(1),
            ]
        with m.Elif(go):
            m.d.sync += [
                remaining.eq(remaining - 1),
                final.eq(remaining == 1),
                fresh.eq(0),
            ]
            with m.If(final):
                m.d.sync += held.eq(0)
        completes = final & last
        m.d.comb += [
            go.eq(held & ~(completes & self._waits(m, go & completes))),
            self.evaluation.valid.eq(go),
            self.evaluation.first.eq(first & fresh),
            self.evaluation.last.eq(completes),
            self.evaluation.place.finish.eq(completes),
            self.evaluation.place.group_end.eq(group_end),
            self.evaluation.place.row_end.eq(row_end),
        ]
        m.d.sync += self.inside.eq((image_row >= 0) & (image_row < layer.height))

        # A clock after the last read of a row the loops are at the next one, whose first step may
        # be in hand.
        ends = Cat(row_end, layer_end) & (go & completes).replicate(2)
        row_done, layer_done = delay(m, ends, 1, name="done", reset_less=False)
        with m.If(row_done):
            m.d.sync += self.released.eq(Mux(loops.top < 0, 0, loops.top))
        with m.If(layer_done):
            m.d.sync += [self.released.eq(layer.height), self.finished.eq(1)]
        with m.If(self.start):
            m.d.sync += [self.released.eq(0), self.finished.eq(0), held.eq(0)]
        return m

    def _row_begins(self, m, loops, load):
        """Whether the next step may be taken in hand: a row's first one waits for what it needs,
        which is looked at in registered steps."""
        layer = self.layer
        begins = Signal()
        bottom = Signal(signed(SIZE_BITS + 2), reset_less=True)
        settled = Signal(_ROW_CLOCKS)
        ready = Signal()
        m.d.sync += [
            bottom.eq(loops.top + layer.extent),
            ready.eq((bottom <= self.received) | self.complete),
            settled.eq(Cat(1, settled)),
        ]
        may_begin = Signal()
        m.d.sync += may_begin.eq(~begins | (settled.all() & ready & self.room))
        with m.If(load):
            m.d.sync += [begins.eq(0), may_begin.eq(1)]
        m.d.comb += self.claim.eq(load & begins)
        with m.If(self.start | (loops.advance & loops.row_end)):
            m.d.sync += [begins.eq(1), may_begin.eq(0), settled.eq(0)]
        return may_begin

    def _waits(self, m, completes):
        """The requantiser is not ready for other sums."""
        interval = self._config.requantizer.interval
        pace = Signal(range(self._config.array.lanes * interval))
        waits = Signal()
        with m.If(completes):
            clocks = self.channels * interval - 1
            m.d.sync += [pace.eq(clocks), waits.eq(clocks != 0)]
        with m.Elif(waits):
            m.d.sync += [pace.eq(pace - 1), waits.eq(pace != 1)]
        return waits
