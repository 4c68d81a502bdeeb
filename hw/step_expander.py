# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Expands fetched steps into reads of the line buffer, at the pace that the results allow."""

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from macaw.arch.checks import instance
from macaw.arch.config import AcceleratorConfig
from macaw.arch.core import SIZE_BITS
from macaw.hw.delay import delay
from macaw.hw.layouts import layer_layout
from macaw.hw.step_fetcher import fetched_layout
from macaw.hw.stream import SkidBuffer

__all__ = ["StepExpander", "read_layout"]

#: Clocks from the end of a row's reads to its rows' release, so that the last read has been made.
_RELEASE_DELAY = 11


def read_layout(config: AcceleratorConfig) -> data.StructLayout:
    """One read: four rows, whether each lies in the image, the byte offset, and its purpose."""
    layer, step = layer_layout(config), fetched_layout(config)["step"].shape
    flags = "paired four high shift capture evaluate first last group_end row_end"
    return data.StructLayout(
        {
            "rows": data.ArrayLayout(layer["row_start"].shape, 4),
            "inside": 4,
            "offset": step["offset"].shape,
            **dict.fromkeys(flags.split(), 1),
        }
    )


class StepExpander(wiring.Component):
    """One read a clock out of each step's count and stride, with the addresses of its rows.

    Completed sums are at least ``config.beats`` clocks apart (in window mode: pairs of pixels
    ``config.array.phases`` times as many), which is what the requantiser takes, and evaluations of
    pairs are as far apart as their phases take, ``config.phase_interval`` clocks each; the reads
    wait for that here, and nothing behind this block ever waits.

    Parameters
    ----------
    config : AcceleratorConfig
        The configuration.

    Members
    -------
    layer : In
        The layer's descriptor, constant while the layer runs.
    start : In
        Begins the layer, for one clock.
    steps : In
        The fetched steps.
    valid : Out
        A read is made in this clock.
    read : Out
        The read.
    released : Out
        Image rows, from the first, that no later read needs.
    finished : Out
        All reads of the layer have been made.
    """

    def __init__(self, config: AcceleratorConfig):
        self._config = instance("config", config, AcceleratorConfig)
        super().__init__(
            {
                "layer": In(layer_layout(config)),
                "start": In(1),
                "steps": In(stream.Signature(fetched_layout(config))),
                "valid": Out(1),
                "read": Out(read_layout(config)),
                "released": Out(SIZE_BITS),
                "finished": Out(1),
            }
        )

    def elaborate(self, platform):
        m = Module()
        layer = self.layer
        fetched = self.steps.payload
        step = fetched.step

        # First register: the step with the position of its pixel and its row. That it is taken does
        # not wait for what the step before it is doing.
        place = data.StructLayout(
            {
                "position": layer.position.shape(),
                "row_start": layer.row_start.shape(),
                "top": signed(SIZE_BITS + 2),
            }
        )
        placed_layout = data.StructLayout({"fetched": fetched.shape(), "place": place})
        m.submodules.placing = placing = SkidBuffer(placed_layout)
        last_place = Signal(place, reset_less=True)
        place = placing.i.payload.place
        m.d.comb += [
            placing.i.valid.eq(self.steps.valid),
            self.steps.ready.eq(placing.i.ready),
            placing.i.payload.fetched.eq(fetched),
        ]
        with m.If(self.steps.valid & self.steps.ready):
            m.d.sync += last_place.eq(place)
        self._place(m, fetched, last_place, place)

        # Second register: the step that is being repeated.
        current = Signal.like(fetched, reset_less=True)
        current_valid = Signal()
        offset = Signal.like(step.offset, reset_less=True)
        remaining = Signal.like(step.count, reset_less=True)
        row_words = Signal(len(step.row_words) + 1, reset_less=True)
        image_row = Signal(signed(SIZE_BITS + 3), reset_less=True)
        next_top = Signal(signed(SIZE_BITS + 2), reset_less=True)
        final_read = Signal()
        go = Signal()
        done = Signal()  # go & final_read
        completes, evaluates = Signal(name="completes"), Signal(name="evaluates")
        placed, take_placed = placing.o.payload.fetched, placing.o.ready
        row_start, top = placing.o.payload.place.row_start, placing.o.payload.place.top
        m.d.comb += [
            go.eq(current_valid & ~(final_read & self._early(m, done, completes, evaluates))),
            done.eq(go & final_read),
            take_placed.eq(~current_valid | done),
        ]
        with m.If(take_placed):
            m.d.sync += [
                current.eq(placed),
                current_valid.eq(placing.o.valid),
                completes.eq(placed.step.last),
                evaluates.eq(placed.step.evaluate & layer.window),
                remaining.eq(placed.step.count),
                final_read.eq(placed.step.count == 0),
                row_words.eq(row_start + placed.step.row_words),
                image_row.eq(top + placed.step.row),
                next_top.eq(top + layer.row_stride),
            ]
        with m.Elif(go):
            m.d.sync += [remaining.eq(remaining - 1), final_read.eq(remaining == 1)]
        base = Mux(take_placed, placing.o.payload.place.position, offset)
        advance = Mux(take_placed, placed.step.offset, current.step.stride)
        with m.If(take_placed | go):
            m.d.sync += offset.eq(base + advance)

        self._address(m, go, current, final_read, offset, row_words, image_row)
        row_done = done & current.row_final
        self._release(m, row_done, row_done & current.final, next_top)
        return m

    def _early(self, m, done, completes, evaluates):
        """Whether the last read of a step comes too early: one that completes sums, for the
        requantiser, or one that evaluates a pair, for the phases of the pair before."""
        phases, beats = self._config.array.phases, self._config.beats
        pairs = _pace(m, "pairs", done, evaluates, C(self._config.phase_interval * phases))
        if beats == 1:
            return pairs
        apart = Mux(self.layer.window, C(beats * phases), C(beats))
        return pairs | _pace(m, "sums", done, completes, apart)

    def _place(self, m, fetched, last_place, place):
        """Where the step's pixel and row are, chosen from sums that are registers."""
        layer = self.layer
        # The position of the next pixel is known when its step comes, and so is the next group's.
        pixel, group = Signal.like(layer.position), Signal.like(layer.position)
        next_pixel = Signal.like(layer.position, reset_less=True)
        group_position = Signal.like(layer.position, reset_less=True)
        next_group = Signal.like(layer.position, reset_less=True)
        m.d.comb += [
            group.eq(Mux(fetched.new_row, layer.position, next_group)),
            pixel.eq(Mux(fetched.new_group, group_position, next_pixel)),
        ]
        with m.If(fetched.new_row | fetched.new_outer):
            m.d.comb += pixel.eq(group)
        moves = fetched.new_row | fetched.new_outer | fetched.new_group | fetched.new_pixel
        m.d.comb += place.position.eq(Mux(moves, pixel, last_place.position))
        with m.If(self.steps.valid & self.steps.ready):
            with m.If(moves):
                m.d.sync += next_pixel.eq(pixel + layer.pixel_step)
            with m.If(fetched.new_row | fetched.new_outer):
                m.d.sync += [group_position.eq(group), next_group.eq(group + layer.group_step)]

        # Rows begin at least three clocks apart: the fetcher and the step that ends a row see to
        # it. So the next row's start is ready, two clocks after the row's own.
        row_sum = Signal(len(layer.row_start) + 1, reset_less=True)
        next_row = Signal.like(layer.row_start, reset_less=True)
        first_top = Signal.like(place.top, reset_less=True)
        next_top = Signal.like(place.top, reset_less=True)
        m.d.sync += [
            first_top.eq(-layer.padding_top),
            row_sum.eq(last_place.row_start + layer.row_step),
            next_row.eq(_wrap(row_sum, layer.ring_words)),
            next_top.eq(last_place.top + layer.row_stride),
        ]
        m.d.comb += [place.row_start.eq(last_place.row_start), place.top.eq(last_place.top)]
        with m.If(fetched.new_row):
            m.d.comb += [place.row_start.eq(next_row), place.top.eq(next_top)]
            with m.If(fetched.first_row):
                m.d.comb += [place.row_start.eq(layer.row_start), place.top.eq(first_top)]

    def _address(self, m, go, current, final_read, offset, row_words, image_row):
        """Three more registers: the four rows' addresses, and whether they are in the image."""
        layer, step = self.layer, current.step
        window = layer.window
        read = self.read
        flags = {
            "paired": step.paired,
            "four": step.four,
            "high": step.high,
            "shift": step.shift,
            "capture": step.capture & final_read,
            "evaluate": step.evaluate & (final_read | ~window),
            "last": step.last & final_read,
            "group_end": current.group_end,
            "row_end": current.row_end,
        }
        for name, value in flags.items():
            m.d.comb += read[name].eq(delay(m, value, 3))
        # Only the first read of an entry can be the first of its sums.
        fresh = Signal(init=1)
        with m.If(go):
            m.d.sync += fresh.eq(final_read)
        m.d.comb += [
            read.first.eq(delay(m, step.first & (fresh | window), 3)),
            read.offset.eq(delay(m, offset, 3)),
            self.valid.eq(delay(m, go, 3, reset_less=False)),
        ]
        first_row = Signal.like(layer.row_start, reset_less=True)
        m.d.sync += first_row.eq(_wrap(row_words, layer.ring_words))
        rows = [first_row, layer.next_row, layer.second_row, layer.third_row]
        sums = [Signal(len(row_words), name=f"row_sum_{i}", reset_less=True) for i in range(4)]
        m.d.sync += sums[0].eq(first_row)
        m.d.sync += [sums[i].eq(first_row + rows[i]) for i in range(1, 4)]
        m.d.sync += [read.rows[i].eq(_wrap(sums[i], layer.ring_words)) for i in range(4)]

        first_image_row = delay(m, image_row, 1)
        for index in range(4):
            number = Signal(signed(SIZE_BITS + 4), name=f"image_row_{index}", reset_less=True)
            distance = sum(layer.dilation << bit for bit in range(2) if index >> bit & 1)
            m.d.sync += number.eq(first_image_row + distance)
            m.d.sync += read.inside[index].eq((number >= 0) & (number < layer.height))

    def _release(self, m, row_done, all_done, next_top):
        """Once a row's reads are made, the rows above the next kernel's top are given up, and at
        the end all: the next row may be waiting for just that room."""
        row_done, all_done = (delay(m, flag, 1, reset_less=False) for flag in (row_done, all_done))
        top, positive = Signal.like(next_top, reset_less=True), Signal()
        m.d.sync += [top.eq(next_top), positive.eq(next_top > 0)]
        if self._config.compact:
            self._release_late(m, row_done, all_done)
            return
        given = Signal(SIZE_BITS)
        with m.If(self.start):
            m.d.sync += [given.eq(0), self.finished.eq(0)]
        with m.Elif(all_done):
            m.d.sync += [given.eq(self.layer.height), self.finished.eq(1)]
        with m.Elif(row_done & positive):
            m.d.sync += given.eq(top)
        current = given
        for stage in range(_RELEASE_DELAY):
            later = Signal(SIZE_BITS, name=f"given_{stage}")
            m.d.sync += later.eq(Mux(self.start, 0, current))
            current = later
        m.d.comb += self.released.eq(current)

    def _release_late(self, m, row_done, all_done):
        """The same, with the two flags delayed in the place of the number of rows."""
        top = Signal(signed(SIZE_BITS + 2), reset_less=True)
        following = Signal.like(top)
        m.d.sync += following.eq(top + self.layer.row_stride)
        with m.If(all_done):
            m.d.sync += self.finished.eq(1)
        for stage in range(_RELEASE_DELAY):
            later = Signal(2, name=f"done_{stage}")
            m.d.sync += later.eq(Mux(self.start, 0, Cat(row_done, all_done)))
            row_done, all_done = later
        with m.If(row_done):
            m.d.sync += top.eq(following)
            with m.If(following > 0):
                m.d.sync += self.released.eq(following)
        with m.If(all_done):
            m.d.sync += self.released.eq(self.layer.height)
        with m.If(self.start):
            m.d.sync += [
                top.eq(-self.layer.padding_top),
                self.released.eq(0),
                self.finished.eq(0),
            ]


def _pace(m, name, done, paced, apart):
    """Whether a ``paced`` step must wait: those that are ``done`` are ``apart`` clocks from each
    other, at least."""
    left = Signal(apart.shape(), name=name)
    waits = Signal(name=f"{name}_wait")  # left != 0
    with m.If(done & paced):
        m.d.sync += [left.eq(apart - 1), waits.eq(apart != 1)]
    with m.Elif(waits):
        m.d.sync += [left.eq(left - 1), waits.eq(left != 1)]
    return paced & waits


def _wrap(address, size):
    """``address`` modulo ``size``, for addresses below twice the size."""
    return Mux(address >= size, address - size, address)
