# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Window mode: the taps of a channel on the lanes, channels and pairs of pixels on the columns."""

from dataclasses import dataclass

import numpy as np

from macaw.arch.config import AcceleratorConfig
from macaw.arch.shapes import Conv2dShape
from macaw.compiler.steps import Groups, Step, Walk

__all__ = ["ROWS", "RowAccess", "walk_window"]

#: Kernel rows that the array takes at a time.
ROWS = 4


@dataclass(frozen=True, kw_only=True)
class RowAccess:
    """How a column of the window is read: ``rows`` kernel rows a block, ``together`` of them a
    read."""

    rows: int
    together: int


def _column(access: RowAccess, rows: int) -> list[tuple[int, frozenset[str]]]:
    """(kernel row, flags) of the reads that bring a column of ``rows`` rows; the last one
    completes it."""
    if access.together == ROWS:
        return [(0, frozenset({"four", "shift"}))]
    if rows <= access.together:
        return [(0, frozenset({"shift"}))]
    return [(0, frozenset()), (2, frozenset({"high", "shift"}))]


def _pixel(
    access: RowAccess, block: tuple[int, int], offset: int, columns: int, stride: int, *, ends: str
) -> list[Step]:
    """The steps that bring ``columns`` columns of a block of rows (first, count), the last of
    them with the flags named by ``ends``."""
    first, rows = block
    reads = _column(access, rows)
    flags = frozenset(ends.split())
    if len(reads) == 1 and stride < 1 << 12:
        return [
            Step(
                offset=offset,
                kernel_row=first,
                reads=columns,
                stride=stride,
                flags=reads[0][1] | flags,
            )
        ]
    steps = []
    for column in range(columns):
        for row, read_flags in reads:
            last = column == columns - 1 and "shift" in read_flags
            steps.append(
                Step(
                    offset=offset + column * stride,
                    kernel_row=first + row,
                    flags=read_flags | flags if last else read_flags,
                )
            )
    return steps


def walk_window(
    shape: Conv2dShape,
    parts: list[np.ndarray],
    config: AcceleratorConfig,
    access: RowAccess,
    *,
    pitch: int,
) -> Walk:
    """The walk of a depthwise layer whose weights are the int8 ``parts``, in turn, and whose
    pixels are ``pitch`` bytes apart."""
    array = config.array
    lanes, half, phases = array.lanes, array.pair_channels, array.phases
    width, channels = array.window_columns, shape.in_channels
    stride = shape.stride[1]
    kernel_width = shape.kernel_width
    outer = -(-channels // lanes)
    groups = Groups(
        outer=outer,
        inner=1,
        channels=lanes,
        inner_channels=lanes,
        final_channels=channels - (outer - 1) * lanes,
        input_step=lanes,
    )
    row_blocks = [
        (first, min(access.rows, shape.kernel_height - first))
        for first in range(0, shape.kernel_height, access.rows)
    ]
    column_blocks = [
        (first, min(width, kernel_width - first)) for first in range(0, kernel_width, width)
    ]
    again = [
        Step(offset=0, kernel_row=0, flags=frozenset({"evaluate"})) for _ in range(len(parts) - 1)
    ]
    prologue: list[Step] = []
    body: list[Step] = []
    sliding = (
        len(row_blocks) == len(column_blocks) == 1
        and shape.dilation[1] == 1
        and stride <= kernel_width
    )
    if sliding:
        new = kernel_width - stride
        if new:
            prologue = _pixel(access, row_blocks[0], 0, new, pitch, ends="")
        for pixel, ends in enumerate(("capture", "capture evaluate")):
            offset = (new + pixel * stride) * pitch
            body += _pixel(access, row_blocks[0], offset, stride, pitch, ends=ends)
        body += again
    else:
        apart = shape.dilation[1] * pitch
        for row_block in row_blocks:
            for first, count in column_blocks:
                for pixel, ends in enumerate(("capture", "capture evaluate")):
                    offset = pixel * stride * pitch + first * apart
                    body += _pixel(access, row_block, offset, count, apart, ends=ends)
                body += again
    evaluates = [index for index, step in enumerate(body) if "evaluate" in step.flags]
    for index, flag in ((evaluates[0], "first"), (evaluates[-1], "last")):
        body[index] = Step(**{**vars(body[index]), "flags": body[index].flags | {flag}})

    # A block's columns stand at the new end of the window.
    blocks = [(row_block, block) for row_block in row_blocks for block in column_blocks]
    shared = groups.alike(parts)
    size = (1 if shared else outer, len(blocks), len(parts), phases, array.columns, ROWS, width)
    words = np.zeros(size, np.int8)
    for channel in range(lanes if shared else channels):
        group, place = divmod(channel, lanes)
        phase, column = divmod(place, half)
        for index, ((row, rows), (first, count)) in enumerate(blocks):
            for part, weights in enumerate(parts):
                taps = weights[channel, row : row + rows, first : first + count, 0]
                words[group, index, part, phase, column, :rows, width - count :] = taps

    reads = sum(step.reads for step in body)
    evaluations = len(evaluates) * phases * config.beats
    return Walk(
        window=True,
        groups=groups,
        prologue=tuple(prologue),
        body=tuple(body),
        weights=words.reshape(-1, array.columns, lanes),
        weights_shared=shared,
        pixels=-(-shape.output_width // 2),
        pixel_stride=2 * stride * pitch,
        pixel_cycles=max(reads, evaluations),
        prologue_cycles=sum(step.reads for step in prologue),
    )
