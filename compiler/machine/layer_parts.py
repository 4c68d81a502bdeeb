# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Parts of layers as passes: the rows, columns and channels that they read and write."""

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from macaw.arch.machine import MachineConfig
from macaw.arch.program import CorePart
from macaw.compiler.machine.moves import unchanged
from macaw.compiler.machine.passes import Buffer, Pass, Rows
from macaw.compiler.machine.placing import Placing
from macaw.nn.graph import DType

__all__ = ["Area", "part_passes"]


class Area(NamedTuple):
    """An image of ``shape`` (height, width, channels) that begins at row ``first`` of a buffer."""

    buffer: Buffer
    first: int
    shape: tuple[int, int, int]


def part_passes(
    name: str,
    part: CorePart,
    image: Area,
    result: Area,
    config: MachineConfig,
    *,
    dtype: DType,
    label: str,
) -> Iterator[Pass]:
    """The passes of a part of layer ``name``, from an image of ``dtype`` to a result; ``label``
    says which part it is."""
    (height, width, channels), places = image.shape, Placing(config)
    taken = range(height)[part.image[0]]
    rows = Rows(
        buffer=image.buffer,
        first=image.first + taken.start,
        count=len(taken),
        step=taken.step,
        columns=range(width)[part.image[1]],
        channels=range(channels)[part.image[2]],
    )
    if rows.runs(config) is None:
        cut = Buffer(name=f"{name}, {label}", image=rows.image)
        yield from _cut(rows, cut, config, dtype)
        rows = places.everything(cut)
    target = places.part(result.buffer, result.first, part.result, result.shape)
    yield Pass(name=name, sources=(rows,), work=part.program, target=target)


def _cut(rows: Rows, target: Buffer, config: MachineConfig, dtype: DType) -> Iterator[Pass]:
    """Columns and channels of some rows by themselves: rows of which the core holds one, and not
    as many as a kernel needs."""
    image, places = replace(rows.buffer.image, height=rows.count), Placing(config)
    columns = rows.columns or range(image.width)
    chosen = range(rows.count), columns, rows.channels or range(image.channels)
    layer = unchanged(image, dtype, config.core, name=target.name, part=chosen)
    shape = layer.result_shape[1:]
    for part in layer.parts:
        taken = range(rows.count)[part.image[0]]
        whole = Rows(
            buffer=rows.buffer,
            first=rows.first + taken.start * rows.step,
            count=len(taken),
            step=rows.step * taken.step,
            columns=range(image.width)[part.image[1]],
            channels=range(image.channels)[part.image[2]],
        )
        placed = places.part(target, 0, part.result, shape)
        yield Pass(name=target.name, sources=(whole,), work=part.program, target=placed)
