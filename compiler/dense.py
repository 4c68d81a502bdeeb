# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Dense mode: the taps of a pixel on the lanes, output channels on the columns."""

import numpy as np

from macaw.arch.config import AcceleratorConfig
from macaw.arch.shapes import Conv2dShape
from macaw.compiler.lanes import narrow_cycles
from macaw.compiler.steps import Groups, Step, Walk, flagged

__all__ = ["dense_reads", "pairs_pay", "walk_dense"]


def _groups(shape: Conv2dShape, columns: int) -> tuple[Groups, int]:
    """Column groups, and how many of the convolution's groups one of them holds."""
    outputs = shape.out_channels // shape.groups
    together = max(1, columns // outputs) if shape.groups > 1 else 1
    outer = -(-shape.groups // together)
    inner = -(-outputs // columns)
    last = outputs * together if inner == 1 else outputs - columns * (inner - 1)
    final = last
    if inner == 1:
        final = shape.out_channels - (outer - 1) * outputs * together
    groups = Groups(
        outer=outer,
        inner=inner,
        channels=columns,
        inner_channels=last,
        final_channels=final,
        input_step=together * shape.group_in_channels,
    )
    return groups, together


def _segments(
    shape: Conv2dShape, together: int, pitch: int, *, apart: bool = False
) -> list[tuple[int, int, int, int]]:
    """(byte offset, bytes, first kernel column, channels a column) of a kernel row's runs; one for
    each column where they are to be ``apart``."""
    channels = together * shape.group_in_channels
    neighbours = shape.dilation[1] == 1 and shape.in_channels == pitch
    if shape.groups == 1 and neighbours and not apart:
        return [(0, shape.kernel_width * channels, 0, channels)]
    return [
        (column * shape.dilation[1] * pitch, channels, column, channels)
        for column in range(shape.kernel_width)
    ]


def dense_reads(
    shape: Conv2dShape, config: AcceleratorConfig, pitch: int | None = None
) -> tuple[int, int]:
    """Reads of a pixel and a column group, with one kernel row at a time and with two.

    Pixels are ``pitch`` bytes apart, by default the image's channels.
    """
    lanes, height = config.array.lanes, shape.kernel_height
    _, together = _groups(shape, config.array.columns)
    single = paired = 0
    for _, length, _, _ in _segments(shape, together, pitch or shape.in_channels):
        alone = -(-length // lanes)
        single += height * alone
        paired += height // 2 * -(-length // (lanes // 2)) + height % 2 * alone
    return single, paired


def pairs_pay(shape: Conv2dShape, config: AcceleratorConfig, pitch: int | None = None) -> bool:
    """Whether reading two kernel rows at a time takes fewer reads."""
    single, paired = dense_reads(shape, config, pitch)
    return paired < single


def walk_dense(
    shape: Conv2dShape,
    parts: list[np.ndarray],
    filler: int,
    config: AcceleratorConfig,
    *,
    pitch: int,
    paired: bool,
    apart: bool,
) -> Walk:
    """The walk of a layer whose weights are the int8 ``parts``, in turn over the same taps, and
    whose pixels are ``pitch`` bytes apart. Each tap has an evaluation of its own if they are to be
    ``apart``, and not to be summed.

    Lanes and columns without a tap hold ``filler``, the zero point that the array takes off.
    """
    lanes, columns = config.array.lanes, config.array.columns
    groups, together = _groups(shape, columns)
    segments = _segments(shape, together, pitch, apart=apart)
    outputs = shape.out_channels // shape.groups
    inputs = shape.group_in_channels

    # Which tap each lane of each word sees: kernel row, kernel column and channel of the slice.
    steps: list[Step] = []
    rows_of: list[np.ndarray] = []
    columns_of: list[np.ndarray] = []
    channels_of: list[np.ndarray] = []
    row = 0
    lane = np.arange(lanes)
    while row < shape.kernel_height:
        pair = paired and row + 1 < shape.kernel_height
        width = lanes // 2 if pair else lanes
        for offset, length, first_column, channels in segments:
            reads = -(-length // width)
            flags = {"evaluate", "paired"} if pair else {"evaluate"}
            steps.append(
                Step(
                    offset=offset,
                    kernel_row=row,
                    reads=reads,
                    stride=width,
                    flags=frozenset(flags),
                )
            )
            for read in range(reads):
                byte = read * width + lane % width
                rows_of.append(np.where(byte < length, row + lane // width, -1))
                columns_of.append(first_column + byte // channels)
                channels_of.append(byte % channels)
        row += 2 if pair else 1
    rows, kernel_columns, slice_channels = map(np.array, (rows_of, columns_of, channels_of))

    shared = not config.narrow and groups.alike(parts)
    own_words = list(groups)[: 1 if shared else None]
    words = np.full((len(own_words), len(parts), len(rows), columns, lanes), filler, np.int8)
    for index, (outer, first, count) in enumerate(own_words):
        for column in range(count):
            channel = first + column
            own = channel // outputs - outer * together
            mine = (rows >= 0) & (slice_channels // inputs == own)
            where = rows[mine], kernel_columns[mine], slice_channels[mine] % inputs
            for part, weights in enumerate(parts):
                words[index, part, :, column][mine] = weights[channel][where]

    body = steps * len(parts)
    body[0] = flagged(body[0], "first")
    body[-1] = flagged(body[-1], "last")
    reads = sum(step.reads for step in body)
    return Walk(
        window=False,
        groups=groups,
        prologue=(),
        body=tuple(body),
        weights=words.reshape(-1, columns, lanes),
        weights_shared=shared,
        pixels=shape.output_width,
        pixel_stride=shape.stride[1] * pitch,
        pixel_cycles=narrow_cycles(body) if config.narrow else max(reads, config.beats),
        channel_cycles=config.requantizer.interval if config.narrow else 0,
    )
