# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Window mode: the taps of a channel on the lanes, channels and pairs of pixels on the columns."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from macaw.arch.config import AcceleratorConfig
from macaw.arch.shapes import Conv2dShape
from macaw.compiler.steps import Groups, Step, Walk, flagged

__all__ = ["ROWS", "RowAccess", "walk_window"]

#: Kernel rows that the array takes at a time.
ROWS = 4

#: Pairs, and groups of so many, after which clocks repeat.
_SETTLED = 4


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


def _sliding_ends(shape: Conv2dShape, blocks: int, width: int) -> list[int] | None:
    """Where the window of a pair's first pixel ends for each of ``blocks`` blocks of kernel
    columns, in columns of the kernel, if the window slides over a row; that of the second pixel
    ends a stride further.

    A window is kept for a pair until the next one is: two blocks follow each other by a stride, and
    the first one of the next pair by another.
    """
    stride, kernel_width = shape.stride[1], shape.kernel_width
    if shape.dilation[1] > 1:
        return None
    if blocks == 1 and stride <= kernel_width:
        return [kernel_width - 1]
    if blocks == 2 and stride <= width and kernel_width <= width + stride:
        return [width - 1, width - 1 + stride]
    return None


def _slide(
    access: RowAccess,
    rows: tuple[int, int],
    ends: list[int],
    again: list[Step],
    *,
    pitch: int,
    stride: int,
) -> tuple[list[Step], list[Step]]:
    """(prologue, body) of a window that slides over a row, to the ``ends`` of `_sliding_ends`."""
    if len(ends) == 1:
        new = ends[0] + 1 - stride
        prologue = _pixel(access, rows, 0, new, pitch, ends="") if new else []
        body = []
        for pixel, flag in enumerate(("capture", "evaluate")):
            offset = (new + pixel * stride) * pitch
            body += _pixel(access, rows, offset, stride, pitch, ends=flag)
        return prologue, body + again
    # The second pixel's window of each block is the first pixel's of the next.
    prologue = _pixel(access, rows, 0, ends[0] + 1, pitch, ends="capture")
    body = []
    for end in ends:
        body += _pixel(access, rows, (end + 1) * pitch, stride, pitch, ends="evaluate")
        body += again
        body[-1] = flagged(body[-1], "capture")
    return prologue, body


def _clocks(
    prologue: Sequence[Step], body: Sequence[Step], config: AcceleratorConfig
) -> tuple[int, int]:
    """(clocks of a pair, those that a group's prologue adds to its pairs'), as reads are made one a
    clock, but for what they evaluate and complete as far apart as the core takes it."""
    phases = config.array.phases
    apart = {"evaluate": phases * config.phase_interval, "last": phases * config.beats}
    due = dict.fromkeys(apart, 0)
    clock = 0

    def walk(steps: Sequence[Step]) -> int:
        nonlocal clock
        for step in steps:
            paced = step.flags & apart.keys()
            clock = max(clock + step.reads - 1, *(due[flag] for flag in paced), 0)
            due.update({flag: clock + apart[flag] for flag in paced})
            clock += 1
        return clock

    groups, ends = [], []
    for _ in range(_SETTLED):
        walk(prologue)
        ends = [walk(body) for _ in range(_SETTLED)]
        groups.append(ends[-1])
    pair = ends[-1] - ends[-2]
    return pair, groups[-1] - groups[-2] - _SETTLED * pair


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
    stride, kernel_width = shape.stride[1], shape.kernel_width
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
    # The window column of a block's last kernel column: the newest, where no window slides.
    last = [width - 1] * len(column_blocks)
    slides = _sliding_ends(shape, len(column_blocks), width) if len(row_blocks) == 1 else None
    if slides:
        prologue, body = _slide(access, row_blocks[0], slides, again, pitch=pitch, stride=stride)
        last = [
            width - 1 - (end - (first + count - 1))
            for end, (first, count) in zip(slides, column_blocks, strict=True)
        ]
    else:
        apart = shape.dilation[1] * pitch
        for row_block in row_blocks:
            for first, count in column_blocks:
                for pixel, flag in enumerate(("capture", "evaluate")):
                    offset = pixel * stride * pitch + first * apart
                    body += _pixel(access, row_block, offset, count, apart, ends=flag)
                body += again
    evaluates = [index for index, step in enumerate(body) if "evaluate" in step.flags]
    for index, flag in ((evaluates[0], "first"), (evaluates[-1], "last")):
        body[index] = flagged(body[index], flag)

    blocks = [
        (row_block, block, end)
        for row_block in row_blocks
        for block, end in zip(column_blocks, last, strict=True)
    ]
    shared = groups.alike(parts)
    size = (1 if shared else outer, len(blocks), len(parts), phases, array.columns, ROWS, width)
    words = np.zeros(size, np.int8)
    for channel in range(lanes if shared else channels):
        group, place = divmod(channel, lanes)
        phase, column = divmod(place, half)
        for index, ((row, rows), (first, count), end) in enumerate(blocks):
            for part, weights in enumerate(parts):
                taps = weights[channel, row : row + rows, first : first + count, 0]
                words[group, index, part, phase, column, :rows, end + 1 - count : end + 1] = taps

    pixel_cycles, prologue_cycles = _clocks(prologue, body, config)
    return Walk(
        window=True,
        groups=groups,
        prologue=tuple(prologue),
        body=tuple(body),
        weights=words.reshape(-1, array.columns, lanes),
        weights_shared=shared,
        pixels=-(-shape.output_width // 2),
        pixel_stride=2 * stride * pitch,
        pixel_cycles=pixel_cycles,
        prologue_cycles=prologue_cycles,
    )
