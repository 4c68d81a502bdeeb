# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""What a window reader should offer the array, from the convolution's definition alone, and a
component that shows what it does offer."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from amaranth.hdl import Module, Mux, Signal, signed
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from macaw.arch import AcceleratorConfig, Conv2dShape
from macaw.compiler.conv2d import Conv2dProgram
from macaw.hw.delay import delay
from macaw.hw.evaluations import Evaluation
from macaw.hw.layouts import layer_layout
from macaw.hw.line_buffer import LineBuffer
from macaw.hw.mac_array import MacArray
from macaw.hw.step_fetcher import table_write_layout
from macaw.hw.weight_address import WeightAddress
from macaw.hw.window_reader import WindowReader


def evaluation_layout(config: AcceleratorConfig) -> data.StructLayout:
    """One evaluation: its clock, its flags, its weight word and its operands."""
    return data.StructLayout(
        {
            "cycle": 24,
            **dict.fromkeys(("first", "last", "finish", "group_end", "row_end"), 1),
            "address": range(config.memory.weight_words),
            "activations": data.ArrayLayout(signed(8), config.array.lanes),
            "window": data.ArrayLayout(signed(8), config.array.multipliers),
        }
    )


class WindowReading(wiring.Component):
    """A line buffer and its reader, with the weights' addresses, for one layer after the other,
    each with its own table; a word of ``rooms`` is room for a result row, a word of ``groups``
    the parameters of a column group."""

    def __init__(self, config: AcceleratorConfig):
        self._config = config
        super().__init__(
            {
                "table": In(stream.Signature(table_write_layout(config))),
                "descriptor": In(stream.Signature(layer_layout(config))),
                "image": In(stream.Signature(data.ArrayLayout(8, config.array.lanes))),
                "rooms": In(stream.Signature(1)),
                "groups": In(stream.Signature(1)),
                "evaluations": Out(stream.Signature(evaluation_layout(config))),
            }
        )

    def elaborate(self, platform):
        m = Module()
        config = self._config
        m.submodules.array = array = MacArray(
            config.array, config.technology, compact=config.compact
        )
        m.submodules.line_buffer = line_buffer = LineBuffer(
            lanes=config.array.lanes,
            words=config.memory.activation_words,
            technology=config.technology,
            compact=config.compact,
        )
        m.submodules.reader = reader = WindowReader(
            config, read_latency=line_buffer.latency, activation_lead=array.activation_lead
        )
        m.submodules.weight_address = weight_address = WeightAddress(config)
        layer, start = self._control(m, line_buffer, reader)
        fields = ["height", "row_words", "pitch", "ring_rows"]
        connect(m, flipped(self.image), line_buffer.image)
        m.d.comb += [
            *(getattr(line_buffer, name).eq(layer[name]) for name in fields),
            line_buffer.image_unsigned.eq(layer.input_unsigned),
            line_buffer.start.eq(start),
            line_buffer.released.eq(reader.released),
            line_buffer.rows.eq(reader.rows),
            line_buffer.offset.eq(reader.offset),
            line_buffer.four.eq(reader.four),
            reader.layer.eq(layer),
            reader.start.eq(start),
            reader.received.eq(line_buffer.received),
            reader.runs.eq(line_buffer.runs),
            reader.room.eq(self.rooms.valid),
            self.rooms.ready.eq(reader.claim),
            reader.loaded.eq(self.groups.valid),
            self.groups.ready.eq(reader.enter),
            weight_address.layer.eq(layer),
            weight_address.start.eq(start),
        ]

        lead = reader.evaluation_lead
        evaluation = Signal(Evaluation)
        m.d.comb += [
            weight_address.evaluation.eq(reader.evaluation),
            evaluation.eq(delay(m, reader.evaluation, lead, reset_less=False)),
        ]
        out = self.evaluations.payload
        cycle = Signal.like(out.cycle)
        m.d.sync += cycle.eq(cycle + 1)
        m.d.comb += [
            self.evaluations.valid.eq(evaluation.valid),
            out.cycle.eq(cycle),
            out.first.eq(evaluation.first),
            out.last.eq(evaluation.last),
            out.finish.eq(evaluation.place.finish),
            out.group_end.eq(evaluation.place.group_end),
            out.row_end.eq(evaluation.place.row_end),
            out.address.eq(delay(m, weight_address.address, lead - weight_address.latency)),
            out.activations.eq(delay(m, reader.activations, array.activation_lead)),
            out.window.eq(reader.window),
        ]
        return m

    def _control(self, m, line_buffer, reader):
        """Takes a descriptor once the layer before has left every register, then the entries of
        its table."""
        layer = Signal(layer_layout(self._config))
        most = reader.evaluation_lead + self._config.array.phases * self._config.beats + 8
        left = Signal(range(most + 1))
        entries = Signal(len(layer.prologue) + 1)
        busy, loading, started = Signal(), Signal(), Signal()
        m.d.comb += [
            self.descriptor.ready.eq(~busy),
            self.table.ready.eq(loading),
            reader.table.payload.eq(self.table.payload),
            reader.table.valid.eq(self.table.valid & loading),
        ]
        done = reader.finished & (line_buffer.received == layer.height) & started
        start = Signal()
        m.d.sync += start.eq(0)
        with m.If(self.descriptor.valid & ~busy):
            m.d.sync += [
                layer.eq(self.descriptor.payload),
                busy.eq(1),
                loading.eq(1),
                started.eq(0),
                entries.eq(self.descriptor.payload.prologue + self.descriptor.payload.body),
            ]
        with m.Elif(loading):
            with m.If(self.table.valid):
                m.d.sync += [entries.eq(entries - 1), loading.eq(entries != 0), left.eq(most)]
        with m.Elif(busy):
            # The last entry reaches the table's memory; at the end the registers are emptied.
            m.d.sync += left.eq(Mux(done | ~started, left - 1, most))
            with m.If(left == 0):
                m.d.sync += [start.eq(~started), started.eq(1), left.eq(most), busy.eq(~started)]
        return layer, start


@dataclass(frozen=True, kw_only=True)
class Expected:
    """One evaluation: the operands that count (``mask``), its flags, its weight word, and for
    messages the output row and column of its (first) pixel and the first output channel."""

    operands: np.ndarray
    mask: np.ndarray
    first: bool
    last: bool
    finish: bool
    group_end: bool
    row_end: bool
    address: int
    where: tuple[int, int, int]


class PaddedImage:
    """Rows of bytes that go on with the zero point in every direction."""

    def __init__(self, image: np.ndarray, zero_point: int):
        self._rows = image.reshape(len(image), -1)
        self._zero_point = zero_point

    def run(self, row: int, first: int, count: int) -> np.ndarray:
        """``count`` bytes of ``row`` from byte ``first``."""
        found = np.full(count, self._zero_point, np.int8)
        if 0 <= row < len(self._rows):
            start, end = max(first, 0), min(first + count, self._rows.shape[1])
            if start < end:
                found[start - first : end - first] = self._rows[row, start:end]
        return found


def expected_evaluations(program: Conv2dProgram, image: np.ndarray) -> Iterator[Expected]:
    """All evaluations of a layer over an int8 NHWC ``image``, in order. Of the program only the
    choices count that a compiler is free to make: window mode, paired rows, rows of a block, pixels
    together."""
    padded = PaddedImage(image, program.layer.input_zero_point_int8)
    if program.walk.window and program.config.narrow:
        return _channels(program, padded)
    return (_window if program.walk.window else _dense)(program, padded)


def _places(parts: int, taps: list, phases: int = 1) -> Iterator[tuple]:
    """(taps, phase, first, last, finish) of the evaluations of one pixel or pair."""
    for part in range(parts):
        for index, tap in enumerate(taps):
            for phase in range(phases):
                last = part == parts - 1 and index == len(taps) - 1
                yield tap, phase, part == index == 0, last, last and phase == phases - 1


def _parts(program: Conv2dProgram) -> int:
    correction = program.config.weight_zero_point and not program.walk.window
    return len(program.layer.array_weights(correction=correction)[0])


def _together(program: Conv2dProgram) -> Conv2dShape:
    """The layer's shape, or, where several pixels are computed together, that of a kernel which
    sees all of them."""
    shape = program.layer.shape
    count = shape.output_width // program.walk.pixels
    if count == 1:
        return shape
    step = shape.stride[1]
    width = shape.kernel_width + (count - 1) * step
    needed = (program.walk.pixels - 1) * count * step + width
    top, bottom, left, _ = shape.padding
    return replace(
        shape,
        kernel_width=width,
        stride=(shape.stride[0], count * step),
        out_channels=count * shape.out_channels,
        padding=(top, bottom, left, max(needed - shape.width - left, 0)),
    )


def _dense(program: Conv2dProgram, padded: PaddedImage) -> Iterator[Expected]:
    shape, array = _together(program), program.config.array
    paired = any("paired" in step.flags for step in program.walk.body)
    outputs = shape.out_channels // shape.groups
    together = max(1, array.columns // outputs) if shape.groups > 1 else 1
    taps = list(_dense_taps(shape, array.lanes, together, paired))
    parts = _parts(program)
    groups = [
        (first_group, first_output)
        for first_group in range(0, shape.groups, together)
        for first_output in range(0, outputs, array.columns)
    ]
    for y in range(shape.output_height):
        address = 0
        for first_group, first_output in groups:
            for x in range(shape.output_width):
                place = (x * shape.stride[1] - shape.padding[2]) * shape.in_channels
                place += first_group * shape.group_in_channels
                for index, (tap, _, first, last, finish) in enumerate(_places(parts, taps)):
                    runs = [
                        padded.run(
                            y * shape.stride[0] - shape.padding[0] + row, place + byte, count
                        )
                        for row, byte, count in tap
                    ]
                    operands = np.concatenate(runs)
                    end = x == shape.output_width - 1
                    yield Expected(
                        operands=operands,
                        mask=np.ones_like(operands, bool),
                        first=first,
                        last=last,
                        finish=finish,
                        group_end=end,
                        row_end=end and (first_group, first_output) == groups[-1],
                        address=address + index,
                        where=(y, x, first_group * outputs + first_output),
                    )
            address += 0 if program.walk.weights_shared else parts * len(taps)


def _dense_taps(
    shape: Conv2dShape, lanes: int, together: int, paired: bool
) -> Iterator[list[tuple[int, int, int]]]:
    """For each evaluation the (image row, byte, count) that its lanes see, counted from the
    kernel's first."""
    channels = together * shape.group_in_channels
    runs = [(0, shape.kernel_width * channels)]
    if shape.groups > 1 or shape.dilation[1] > 1:
        step = shape.dilation[1] * shape.in_channels
        runs = [(column * step, channels) for column in range(shape.kernel_width)]
    row = 0
    while row < shape.kernel_height:
        rows = 2 if paired and row + 1 < shape.kernel_height else 1
        width = lanes // rows
        for start, length in runs:
            for byte in range(start, start + length, width):
                yield [((row + i) * shape.dilation[0], byte, width) for i in range(rows)]
        row += rows


def _channels(program: Conv2dProgram, padded: PaddedImage) -> Iterator[Expected]:
    """Window mode of the narrow core: a tap of as many channels as there are lanes."""
    shape, lanes = program.layer.shape, program.config.array.lanes
    parts = _parts(program)
    taps = [
        (row * shape.dilation[0], column * shape.dilation[1] * shape.in_channels)
        for row in range(shape.kernel_height)
        for column in range(shape.kernel_width)
    ]
    for y in range(shape.output_height):
        top, address = y * shape.stride[0] - shape.padding[0], 0
        for channel in range(0, shape.in_channels, lanes):
            for x in range(shape.output_width):
                place = (x * shape.stride[1] - shape.padding[2]) * shape.in_channels + channel
                for index, (tap, _, first, last, finish) in enumerate(_places(parts, taps)):
                    operands = padded.run(top + tap[0], place + tap[1], lanes)
                    end = x == shape.output_width - 1
                    yield Expected(
                        operands=operands,
                        mask=np.ones_like(operands, bool),
                        first=first,
                        last=last,
                        finish=finish,
                        group_end=end,
                        row_end=end and channel + lanes >= shape.in_channels,
                        address=address + index,
                        where=(y, x, channel),
                    )
            address += parts * len(taps)


def _window(program: Conv2dProgram, padded: PaddedImage) -> Iterator[Expected]:
    shape, array = program.layer.shape, program.config.array
    lanes, half, width = array.lanes, array.pair_channels, array.window_columns
    parts = _parts(program)
    evaluates = sum("evaluate" in step.flags for step in program.walk.body)
    across = -(-shape.kernel_width // width)
    [block] = {
        rows
        for rows in (1, 2, 4)
        if parts * across * -(-shape.kernel_height // rows) == evaluates
        and (rows == 4 or shape.kernel_height > rows)
    }
    # A block of fewer than all columns of the window fills its newest ones, unless its window is
    # the first block's a stride further; a later part of the weights sees the same block again.
    flags = [step.flags for step in program.walk.body]
    slides = any({"capture", "evaluate"} <= each for each in flags)
    newer = shape.stride[1] + width - shape.kernel_width if slides else 0
    blocks = [
        (
            row,
            min(block, shape.kernel_height - row),
            column,
            min(width, shape.kernel_width - column),
            newer if column else 0,
        )
        for row in range(0, shape.kernel_height, block)
        for column in range(0, shape.kernel_width, width)
    ]
    taps = [tap for tap in blocks for _ in range(parts)]
    for y in range(shape.output_height):
        address = 0
        for channel in range(0, shape.in_channels, lanes):
            for x in range(0, shape.output_width, 2):
                for index, (tap, phase, _, _, _) in enumerate(_places(1, taps, array.phases)):
                    turn = index // array.phases
                    operands = np.zeros((2, half, 4, width), np.int8)
                    mask = np.zeros_like(operands, bool)
                    for pixel in range(2):
                        _fill(operands[pixel], mask[pixel], shape, padded, tap, y, x + pixel,
                              channel + phase * half)  # fmt: skip
                    # Behind the channels of half a word there may be anything.
                    mask &= not (shape.in_channels <= lanes // 2 <= phase * half)
                    last = turn == len(taps) - 1
                    end = x + 2 >= shape.output_width
                    yield Expected(
                        operands=operands.reshape(-1),
                        mask=mask.reshape(-1),
                        first=turn == 0,
                        last=last,
                        finish=last and phase == array.phases - 1,
                        group_end=end,
                        row_end=end and channel + lanes >= shape.in_channels,
                        address=address + index,
                        where=(y, x, channel),
                    )
            address += 0 if program.walk.weights_shared else len(taps) * array.phases


def _fill(operands, mask, shape, padded, tap, y, x, channel):
    """The operands [channels, 4, window columns] of one pixel."""
    first_row, rows, first_column, columns, newer = tap
    for row in range(rows):
        image_row = y * shape.stride[0] - shape.padding[0]
        image_row += (first_row + row) * shape.dilation[0]
        for column in range(columns):
            at = (
                x * shape.stride[1] - shape.padding[2] + (first_column + column) * shape.dilation[1]
            )
            place = operands.shape[2] - newer - columns + column
            operands[:, row, place] = padded.run(
                image_row, at * shape.in_channels + channel, len(operands)
            )
            mask[:, row, place] = True
