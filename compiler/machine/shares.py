# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Parts of a layer where not all weights fit at once: how many weights each has, and columns."""

import math
from collections.abc import Sequence
from math import ceil

from macaw.arch.machine import MachineConfig
from macaw.compiler.layer import Conv2dLayer
from macaw.compiler.machine.clocks import GAIN, fits_inside, room_beside
from macaw.compiler.machine.images import Image
from macaw.compiler.parts import Share, column_bands, evenly, whole

__all__ = ["share_of"]

#: Clocks from the last work of a part to the first of the next one, about.
_BETWEEN = 50
#: Bands of columns at most.
_BANDS = 4


def share_of(layer: Conv2dLayer, config: MachineConfig, memory_bytes: float) -> Share:
    """What a part of ``layer`` takes, beside a memory that moves ``memory_bytes`` in a clock.

    Usually that are three eighths of the weight memory: one part's are loaded while another is
    computed, and the next layer's while the last part is. But each part fetches the image anew.
    Where that takes longer than the sums, larger parts are better, though some of their weights
    come between two parts; and so is a band of the first rows of a pointwise layer, which stays in
    the tensor memory from one part to the next. Where the rows of two images have no room beside
    each other, bands of columns are, of which the next one's first rows come ahead. All of this is
    as fast as can be by `_clocks`.
    """
    capacity = config.core.memory.weight_words
    usual = 3 * capacity // 8
    groups, words = _column_groups(layer, config)
    most = capacity // words
    if layer.shape.groups > 1 or groups * words <= usual or not most:
        return Share(weight_words=usual)
    all_widths = _widths(layer)
    ways = [*((bands, 0) for bands in all_widths), (1, _rows_inside(layer, config))]
    clocks = {
        (parts, *way): _clocks(layer, config, memory_bytes, parts, all_widths[way[0]], way[1])
        for way in dict.fromkeys(ways)
        for parts in {ceil(groups / of_part) for of_part in range(1, most + 1)}
    }
    first = ceil(groups / max(usual // words, 1)), 1, 0
    best = min(clocks, key=lambda each: clocks[each])
    parts, bands, rows = best if clocks[best] < (1 - GAIN) * clocks[first] else first
    return Share(weight_words=max(usual, words * ceil(groups / parts)), bands=bands, rows=rows)


def _rows_inside(layer: Conv2dLayer, config: MachineConfig) -> int:
    """The rows of the image of a pointwise layer that the tensor memory has room for, beside the
    result; none where the image fits there, or where its rows are none of the result."""
    shape, row = layer.shape, layer.row
    image = Image(height=shape.height, width=row.width, channels=row.channels)
    if not layer.pointwise or fits_inside(image, config):
        return 0
    result = Image(height=shape.height, width=shape.output_width, channels=shape.out_channels)
    return room_beside(result, config) // image.row_words(config)


def _column_groups(layer: Conv2dLayer, config: MachineConfig) -> tuple[int, int]:
    """The column groups of a dense layer, and the words of weights of each."""
    shape, array = layer.shape, config.core.array
    row_words = ceil(shape.kernel_width * shape.group_in_channels / array.lanes)
    return ceil(shape.out_channels / array.columns), shape.kernel_height * row_words


def _widths(layer: Conv2dLayer) -> dict[int, list[int]]:
    """By how many bands a layer's columns are in: the columns of the image that each needs."""
    most = min(_BANDS, layer.shape.output_width)
    return {
        bands: [band.layer.shape.width for band in column_bands(whole(layer), bands)]
        for bands in range(1, most + 1)
    }


def _clocks(
    layer: Conv2dLayer,
    config: MachineConfig,
    memory_bytes: float,
    parts: int,
    widths: Sequence[int],
    inside: int = 0,
) -> float:
    """Clocks of a dense layer with its column groups in ``parts``, each in bands of so many columns
    of the image: the sums, and the rows that come between two of the result, as there is no room
    for them before; or what comes and leaves meanwhile; behind each part those weights of the next
    one for which there was no place, and those rows of its image, if it could not come ahead. So
    many rows are fetched once, and stay ``inside``.

    Infinite where the rows of a band do not fit the line buffer.
    """
    shape, array, memory = layer.shape, config.core.array, config.core.memory
    groups, words = _column_groups(layer, config)
    sizes, size = [len(each) * words for each in evenly(groups, parts)], array.multipliers
    pairs = zip(sizes, [*sizes[1:], sizes[0]], strict=True)
    late = sum(max(one + next_one - memory.weight_words, 0) for one, next_one in pairs) * size
    pixel, needed = layer.row.channels, min(shape.extent_height, shape.height)
    # Rows of the image that the line buffer has room for.
    room = memory.activation_words // config.words(max(widths) * pixel)
    if needed > room:
        return math.inf
    with_next = min(needed + shape.stride[0], shape.height)
    first_rows = 0 if with_next <= room // 2 else needed - shape.padding[0]
    # A kernel of one row steps over those that it does not see.
    height = shape.height if needed > 1 else shape.output_height
    rows = parts * sum(widths) * pixel
    image, tensors = shape.height * layer.row.bytes, config.tensor_words * config.word_bytes
    again = height * rows - (parts - 1) * inside * layer.row.bytes
    images, speed = (again, memory_bytes) if image > tensors else (0, config.word_bytes)
    pixels = shape.output_height * shape.output_width
    moved = images + pixels * shape.out_channels + groups * words * size - late
    waiting = max(with_next - room, 0) * shape.output_height * rows / speed
    bands = len(widths) + (inside > 0)
    between = parts * bands * _BETWEEN + first_rows * rows / speed
    sums = pixels * groups * words + waiting
    return max(sums, moved / memory_bytes) + late / memory_bytes + between
