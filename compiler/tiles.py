# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""A layer and a pointwise one behind it, tile by tile: each makes a tile's pixels, and the other
takes them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from macaw.arch.config import AcceleratorConfig
from macaw.arch.program import CorePart
from macaw.compiler.layer import Conv2dLayer, WideRow
from macaw.compiler.parts import Part, compile_parts, output_band, whole
from macaw.compiler.refusals import Split

__all__ = ["Tile", "in_tiles", "tile_at"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Tile:
    """An area of what lies between two layers, ``shape`` (height, width, channels).

    Parts of the first layer, ``made``, read its image and write the tile; those of the second,
    ``used``, read the tile and write its result.
    """

    shape: tuple[int, int, int]
    made: tuple[CorePart, ...]
    used: tuple[CorePart, ...]


def in_tiles(
    first: Conv2dLayer,
    second: Conv2dLayer,
    config: AcceleratorConfig,
    *,
    rows: int,
    columns: int,
) -> Iterator[Tile]:
    """Two layers, of which ``second`` is pointwise, in tiles of ``rows`` by ``columns`` pixels,
    but for the last ones.

    Raises ``ValueError``, as `compile_parts` does, for what does not fit.
    """
    for top in range(0, second.shape.height, rows):
        for left in range(0, second.shape.width, columns):
            yield tile_at(first, second, config, top=top, left=left, rows=rows, columns=columns)


def tile_at(
    first: Conv2dLayer,
    second: Conv2dLayer,
    config: AcceleratorConfig,
    *,
    top: int,
    left: int,
    rows: int,
    columns: int,
) -> Tile:
    """One of the tiles of `in_tiles`, by its first row and column."""
    shape = second.shape
    area = (
        slice(top, min(top + rows, shape.height)),
        slice(left, min(left + columns, shape.width)),
    )
    height, width = (each.stop - each.start for each in area)
    tile = slice(0, height), slice(0, width), slice(0, shape.in_channels)
    image = WideRow(width=first.shape.width, channels=first.shape.in_channels)
    row = WideRow(width=width, channels=shape.in_channels)
    made = replace(_area(first, *area), result=tile)
    used = replace(_area(second, *area), image=tile)
    return Tile(
        shape=(height, width, shape.in_channels),
        made=tuple(compile_parts(made, config, row=image)),
        used=tuple(compile_parts(used, config, row=row)),
    )


def _area(layer: Conv2dLayer, rows: slice, columns: slice) -> Part:
    """Some pixels of a result, of what they need of the image; ``ValueError`` for none."""
    part: Part | None = whole(layer)
    for split, chosen in ((Split.ROWS, rows), (Split.COLUMNS, columns)):
        part = part and output_band(part, split, chosen.start, chosen.stop)
    if part is None:
        raise ValueError(f"{layer.name}: a tile must not see padding alone")
    return part
