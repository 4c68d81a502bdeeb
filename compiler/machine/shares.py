# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Parts of a layer where not all weights fit at once: how many weights each has, and columns."""

import math
from collections.abc import Sequence
from itertools import pairwise
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
    computed, and the next layer's while the last part is. But each part fetches the image anew, but
    for what the tensor memory keeps of it. Where that takes longer than the sums, larger parts are
    better, though some of their weights come between two parts. Where the rows of two images have
    no room beside each other, bands of columns are, of which the next one's first rows come ahead.
    All of this is as fast as can be by `_clocks`.
    """
    usual = _usual(config)
    groups, words = _column_groups(layer, config)
    most = config.core.memory.weight_words // words
    if layer.shape.groups > 1 or groups * words <= usual or not most:
        return Share(weight_words=usual)
    clocks = {
        (parts, bands): min(
            _clocks(layer, config, memory_bytes, parts, widths, kept)
            for kept in {0, _kept(layer, config, bands)}
        )
        for bands, widths in _widths(layer).items()
        for parts in {ceil(groups / of_part) for of_part in range(1, most + 1)}
    }
    first = ceil(groups / max(usual // words, 1)), 1
    best = min(clocks, key=lambda each: clocks[each])
    parts, bands = best if clocks[best] < (1 - GAIN) * clocks[first] else first
    return Share(weight_words=max(usual, words * ceil(groups / parts)), bands=bands)


def _usual(config: MachineConfig) -> int:
    """The words of weights of a part beside which the next one's and the next layer's have room."""
    return 3 * config.core.memory.weight_words // 8


def _kept(layer: Conv2dLayer, config: MachineConfig, bands: int) -> int:
    """The words of the image that the tensor memory has room for, beside the result; whole rows of
    one in bands. None where the image fits there, or where rows of it are left out."""
    shape, row = layer.shape, layer.row
    image = Image(height=shape.height, width=row.width, channels=row.channels)
    stepping = shape.extent_height == 1 and shape.stride[0] > 1
    if stepping or fits_inside(image, config):
        return 0
    result = Image(height=shape.height, width=shape.output_width, channels=shape.out_channels)
    room, unit = room_beside(result, config), image.row_words(config) if bands > 1 else 1
    return room // unit * unit


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
    kept: int = 0,
) -> float:
    """Clocks of a dense layer with its column groups in ``parts``, each in bands of so many columns
    of the image: the sums, and the rows that come in front of a band or between two of its result,
    as there is no room for them before; or what comes and leaves meanwhile; and behind each part
    those weights of the next one for which there was no place. So many words of the image are
    ``kept`` inside, where a pass copies them first.

    Infinite where the rows of a band do not fit the line buffer.
    """
    shape, array, memory = layer.shape, config.core.array, config.core.memory
    groups, words = _column_groups(layer, config)
    sizes, size = [len(each) * words for each in evenly(groups, parts)], array.multipliers
    beside = [max(one + other - memory.weight_words, 0) for one, other in pairwise(sizes)]
    # The first part is behind another layer, which may be like this one's last or a usual one.
    behind = max(sizes[-1] + sizes[0] - memory.weight_words, sizes[0] - _usual(config), 0)
    late = (sum(beside) + behind) * size
    pixel, needed = layer.row.channels, min(shape.extent_height, shape.height)
    image = Image(height=shape.height, width=layer.row.width, channels=pixel)
    fits, kept_rows = fits_inside(image, config), kept / image.row_words(config)
    speed = config.word_bytes if fits else memory_bytes
    with_next = min(needed + shape.stride[0], shape.height)
    first_rows = max(needed - shape.padding[0], 0)
    waiting = 0.0
    for width in widths:
        row = width * pixel
        # Rows of the image that the line buffer has room for.
        room = memory.activation_words // config.words(row)
        if needed > room:
            return math.inf
        if with_next > room // 2:
            copies = min(first_rows, kept_rows)
            waiting += copies * row / config.word_bytes + (first_rows - copies) * row / speed
        waiting += max(with_next - room, 0) * shape.output_height * row / speed
    # A kernel of one row steps over those that it does not see.
    height = shape.height if needed > 1 else shape.output_height
    fetched = (parts * height - (parts - 1) * kept_rows) * sum(widths) * pixel
    pixels = shape.output_height * shape.output_width
    moved = pixels * shape.out_channels + groups * words * size - late + (0 if fits else fetched)
    sums = pixels * groups * words + parts * waiting
    between = parts * len(widths) * _BETWEEN + kept
    return max(sums, moved / memory_bytes) + late / memory_bytes + between
