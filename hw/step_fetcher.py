# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Fetches a layer's steps: rows, column groups and pixels around the step table."""

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from macaw.arch.checks import instance
from macaw.arch.config import AcceleratorConfig
from macaw.arch.core import SIZE_BITS
from macaw.hw.countdown import countdown
from macaw.hw.credit_queue import CreditQueue
from macaw.hw.delay import delay
from macaw.hw.group_walker import GroupWalker
from macaw.hw.layouts import layer_layout, step_layout
from macaw.hw.ram import BlockRam

__all__ = ["StepFetcher", "fetched_layout", "table_write_layout"]


def table_write_layout(config: AcceleratorConfig) -> data.StructLayout:
    """One write to the step table."""
    return data.StructLayout(
        {"address": range(config.memory.step_entries), "entry": step_layout(config)}
    )


def fetched_layout(config: AcceleratorConfig) -> data.StructLayout:
    """A table entry with its place in the layer.

    ``new_row``, ``new_outer``, ``new_group`` and ``new_pixel`` say which loops begin with it,
    ``first_row`` that the row is the layer's first; ``group_end`` and ``row_end`` that its pixel
    is the last of its column group or row; ``row_final`` and ``final`` that it is itself the last
    entry of its row or of the layer.
    """
    flags = (
        "first_row",
        "new_row",
        "new_outer",
        "new_group",
        "new_pixel",
        "group_end",
        "row_end",
        "row_final",
        "final",
    )
    return data.StructLayout({"step": step_layout(config), **dict.fromkeys(flags, 1)})


class StepFetcher(wiring.Component):
    """Walks rows, column groups and pixels, and reads the step table for each pixel.

    A row begins once its image rows have been received and the result buffer has room for it,
    a group once its channel parameters are loaded; nothing behind the fetcher waits for these.

    Parameters
    ----------
    config : AcceleratorConfig
        The configuration.

    Members
    -------
    table : In
        Writes to the step table, one a clock, always taken.
    layer : In
        The layer's descriptor, constant while the layer runs.
    start : In
        Begins the layer, for one clock.
    received : In
        Image rows received since ``start``.
    room : In
        The result buffer has room for one more row.
    claim : Out
        Takes that room, for one clock.
    loaded : In
        The parameters of the next column group are loaded.
    enter : Out
        Takes them, for one clock.
    steps : Out
        The entries in their order.
    """

    def __init__(self, config: AcceleratorConfig):
        self._config = instance("config", config, AcceleratorConfig)
        super().__init__(
            {
                "table": In(stream.Signature(table_write_layout(config))),
                "layer": In(layer_layout(config)),
                "start": In(1),
                "received": In(SIZE_BITS),
                "room": In(1),
                "claim": Out(1),
                "loaded": In(1),
                "enter": Out(1),
                "steps": Out(stream.Signature(fetched_layout(config))),
            }
        )

    def elaborate(self, platform):
        m = Module()
        layer = self.layer
        fetched = fetched_layout(self._config)
        entry_bits = step_layout(self._config).size
        m.submodules.ram = ram = BlockRam(
            width=-(-entry_bits // 8),
            depth=self._config.memory.step_entries,
            technology=self._config.technology,
        )
        m.d.comb += [
            self.table.ready.eq(1),
            ram.write_address.eq(self.table.payload.address),
            ram.write_data.eq(self.table.payload.entry.as_value()),
            ram.write_enable.eq(self.table.valid.replicate(len(ram.write_enable))),
        ]
        m.submodules.groups = groups = GroupWalker(self._config)
        m.d.comb += [groups.layer.eq(layer), groups.start.eq(self.start)]

        # The last entry, pixel and row are known from registers, so that the decision to issue,
        # which moves all of them, waits for no comparison.
        active = Signal()
        place = Signal(fetched)
        entry = Signal.like(layer.table_start)
        entries_left = Signal(len(layer.prologue) + 1)
        row = Signal.like(layer.output_rows)
        last_entry, last_row, first_row = Signal(), Signal(), Signal()
        all_entries, single_entry = Signal.like(entries_left), Signal()
        body_single = Signal()
        m.d.sync += [
            all_entries.eq(layer.prologue + layer.body),
            single_entry.eq(all_entries == 0),
            body_single.eq(layer.body == 0),
            last_row.eq(row == layer.output_rows),
        ]

        # What the row needs is looked at in three registered steps; `settled` masks the clocks
        # in which they still speak of the row before.
        bottom = Signal(signed(SIZE_BITS + 2), reset_less=True)
        needed = Signal(signed(SIZE_BITS + 3))
        rows_ready = Signal()
        row_may_begin = Signal()
        settled = Signal(2)
        m.d.sync += [
            needed.eq(Mux(bottom < layer.height, bottom, layer.height)),
            rows_ready.eq(needed <= self.received),
            settled.eq(Cat(1, settled)),
            row_may_begin.eq(rows_ready & settled.all() & self.room),
        ]

        # Whether an entry may be issued is known a clock before. Group and row change in the clock
        # after a group's last entry. The next group follows at once if it has its parameters and
        # lies in the same row, or the next row may begin; a group of one entry has been too short
        # to tell.
        m.submodules.queue = queue = CreditQueue(fetched)
        group_begins = Signal()
        row_begins = Signal()
        pixel_begins = Signal()
        may_begin = Signal()
        group_ended = Signal()
        issue = Signal()
        m.d.sync += may_begin.eq(
            active
            & (~group_begins | issue | (~group_ended & self.loaded & (~row_begins | row_may_begin)))
        )
        last_pixel = countdown(
            m, "pixels", layer.pixels, start=self.start, advance=issue & last_entry
        )
        m.d.sync += group_ended.eq(issue & last_entry & last_pixel)
        m.d.comb += [
            issue.eq(queue.available & may_begin),
            self.enter.eq(issue & group_begins),
            self.claim.eq(issue & row_begins),
        ]
        m.d.comb += [
            place.first_row.eq(row_begins & first_row),
            place.new_row.eq(row_begins),
            place.new_group.eq(group_begins),
            place.new_pixel.eq(pixel_begins),
            place.group_end.eq(last_pixel),
        ]
        # What the walker says of the group is right a clock later.
        issued, placed = Signal(fetched), Signal(fetched)
        ends = delay(m, last_pixel & last_entry, 1)
        m.d.comb += [
            issued.eq(delay(m, place, 1)),
            placed.eq(issued),
            placed.new_outer.eq(issued.new_group & groups.new_outer),
            placed.row_end.eq(issued.group_end & groups.last),
            placed.row_final.eq(ends & groups.last),
            placed.final.eq(ends & groups.last & last_row),
        ]
        with m.If(self.start):
            m.d.sync += [
                active.eq(1),
                entry.eq(layer.table_start),
                entries_left.eq(all_entries),
                last_entry.eq(single_entry),
                row.eq(0),
                first_row.eq(1),
                bottom.eq(layer.extent - layer.padding_top),
                row_may_begin.eq(0),
                may_begin.eq(0),
                group_begins.eq(1),
                row_begins.eq(1),
                pixel_begins.eq(0),
                settled.eq(0),
            ]
        with m.Elif(issue):
            with m.If(row_begins):
                # From here on the row in question is the next one.
                m.d.sync += [
                    first_row.eq(0),
                    bottom.eq(bottom + layer.row_stride),
                    settled.eq(0),
                    row_may_begin.eq(0),
                ]
            m.d.sync += [
                entry.eq(entry + 1),
                entries_left.eq(entries_left - 1),
                last_entry.eq(entries_left == 1),
                group_begins.eq(0),
                row_begins.eq(0),
                pixel_begins.eq(0),
            ]
            with m.If(last_entry):
                m.d.sync += [
                    entry.eq(layer.body_start),
                    entries_left.eq(layer.body),
                    last_entry.eq(body_single),
                    pixel_begins.eq(1),
                ]
                with m.If(last_pixel):
                    m.d.sync += [
                        entry.eq(layer.table_start),
                        entries_left.eq(all_entries),
                        last_entry.eq(single_entry),
                        may_begin.eq(
                            self.loaded
                            & ~group_begins
                            & (~groups.last | (row_may_begin & ~last_row))
                        ),
                        group_begins.eq(1),
                        row_begins.eq(groups.last & ~group_begins),
                        pixel_begins.eq(0),
                    ]
        m.d.comb += groups.advance.eq(group_ended)
        with m.If(group_ended & groups.last):
            m.d.sync += [row.eq(row + 1), active.eq(~last_row)]
            with m.If(~issue):
                m.d.sync += row_begins.eq(1)

        arrived = Signal(fetched)
        m.d.comb += [
            ram.read_address.eq(entry),
            arrived.eq(delay(m, placed, ram.latency - 1)),
            arrived.step.eq(ram.read_data.as_value()[:entry_bits]),
            queue.take.eq(issue),
            queue.write.eq(delay(m, issue, ram.latency, reset_less=False)),
            queue.word.eq(arrived),
        ]
        wiring.connect(m, queue.o, wiring.flipped(self.steps))
        return m
