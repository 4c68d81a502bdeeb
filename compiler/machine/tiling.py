# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Which layers are computed tile by tile, so that what lies between them stays on the chip."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil

from macaw.arch.machine import MachineConfig
from macaw.compiler.layer import Conv2dLayer
from macaw.compiler.machine.clocks import GAIN, clocks_of, fits_inside
from macaw.compiler.machine.cost import array_clocks, pass_cost
from macaw.compiler.machine.images import Image
from macaw.compiler.machine.passes import Pass
from macaw.compiler.tiles import tile_at

__all__ = ["tile_size"]

#: Clocks that a pass of a tile costs beside its sums, about, and one whose image does not come
#: ahead.
_OF_PASS, _OF_LATE_PASS = 100, 250


def tile_size(
    first: Conv2dLayer,
    second: Conv2dLayer,
    passes: tuple[Sequence[Pass], Sequence[Pass]],
    config: MachineConfig,
    memory_bytes: float,
) -> tuple[int, int] | None:
    """Rows and columns of the tiles in which ``second`` takes what ``first`` makes, beside a memory
    that moves ``memory_bytes`` in a clock: the fastest by a model.

    ``None`` where ``second`` is not pointwise, where all that lies between fits the tensor memory,
    where the weights of both do not fit theirs, and where the ``passes`` of whole layers, one
    behind the other, take no more clocks.
    """
    shape, memory = second.shape, config.core.memory
    between = Image(height=shape.height, width=shape.width, channels=shape.in_channels)
    weights = first.weights.size + second.weights.size
    few = weights <= memory.weight_words * config.core.array.multipliers
    if not (second.pointwise and few) or fits_inside(between, config):
        return None
    works = [sum(pass_cost(each, config).work for each in of_layer) for of_layer in passes]
    tiles = _Tiles(first, second, works[0], works[1], config, memory_bytes)
    limit = (1 - GAIN) * sum(clocks_of(each, config, memory_bytes) for each in passes)
    best = None
    for least, size in sorted((tiles.least(size), size) for size in _sizes(between, config)):
        if least >= limit:
            break
        clocks = tiles.clocks(size)
        if clocks < limit:
            best, limit = size, clocks
    return best


@dataclass(frozen=True)
class _Tiles:
    """Two layers and the clocks of their sums, ``made`` and ``used``, on a machine beside a
    memory."""

    first: Conv2dLayer
    second: Conv2dLayer
    made: int
    used: int
    config: MachineConfig
    memory_bytes: float

    def least(self, size: tuple[int, int]) -> float:
        """Clocks of tiles of so many rows and columns, if half of the line buffer is free for the
        image of the next one."""
        tiles = math.prod(self._counts(size))
        half = self.config.core.memory.activation_words // 2
        return self._clocks(size, self.made / tiles, self.used / tiles, half, 2)

    def clocks(self, size: tuple[int, int]) -> float:
        """The same by a tile in the middle; infinite where it does not fit."""
        down, across = self._counts(size)
        core = self.config.core
        try:
            tile = tile_at(
                self.first, self.second, core, rows=size[0], columns=size[1],
                top=down // 2 * size[0], left=across // 2 * size[1],
            )  # fmt: skip
        except ValueError:
            return math.inf
        works, rings = [], []
        for parts in (tile.made, tile.used):
            programs = [part.program for part in parts]
            works.append(sum(array_clocks(each) for each in programs))
            rings.append(max(each.descriptor["ring_words"] for each in programs))
        ahead = rings[0] if sum(rings) <= core.memory.activation_words else 0
        return self._clocks(size, works[0], works[1], ahead, len(tile.made) + len(tile.used))

    def _counts(self, size: tuple[int, int]) -> tuple[int, int]:
        """Tiles from top to bottom, and from left to right."""
        shape = self.second.shape
        return ceil(shape.height / size[0]), ceil(shape.width / size[1])

    def _clocks(
        self, size: tuple[int, int], made: float, used: float, ahead: int, passes: int
    ) -> float:
        """Clocks, if a tile takes so many to be made and used, in so many passes.

        What a tile needs of the image comes while the tile before is used, as far as ``ahead`` free
        words of the line buffer hold it; the rest while it is made. Results leave while a tile is
        used, those of its last row while the next one is made.
        """
        (rows, columns), shape, outputs = size, self.first.shape, self.second.shape.out_channels
        height = (rows - 1) * shape.stride[0] + shape.extent_height
        width = (columns - 1) * shape.stride[1] + shape.extent_width
        image = Image(height=shape.height, width=shape.width, channels=shape.in_channels)
        seen = min(height, shape.height) * min(width, shape.width) * shape.in_channels
        if fits_inside(image, self.config):
            seen = 0
        early = min(seen, ahead * self.config.word_bytes)
        late = columns * outputs
        made = max(made, (seen - early + late) / self.memory_bytes)
        used = max(used, (early + rows * columns * outputs - late) / self.memory_bytes)
        of_passes = passes * (_OF_PASS if ahead else _OF_LATE_PASS)
        return math.prod(self._counts(size)) * (made + used + of_passes)


def _sizes(image: Image, config: MachineConfig) -> Iterator[tuple[int, int]]:
    """Rows and columns of tiles that fit the tensor memory, each size of as equal ones as can
    be."""
    for columns in _shares(image.width):
        for rows in _shares(image.height):
            if rows * config.words(columns * image.channels) <= config.tensor_words:
                yield rows, columns


def _shares(size: int) -> list[int]:
    return sorted({ceil(size / count) for count in range(1, size + 1)})
