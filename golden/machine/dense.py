# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Dense mode: the taps of a pixel on the lanes, output channels on the columns."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from macaw.arch import AcceleratorConfig, Overflow
from macaw.arch.core import EXCESS
from macaw.golden.machine.image import ImageReader
from macaw.golden.machine.sums import Fold, wrapped
from macaw.golden.machine.walk import Group, Read, Walk
from macaw.golden.matmul import ExactMatrix

__all__ = ["dense_sums"]


def dense_sums(
    config: AcceleratorConfig,
    layer: Mapping[str, int],
    walk: Walk,
    reader: ImageReader,
    weights: NDArray[np.int8],
) -> Iterator[tuple[slice, slice, NDArray[np.int64]]]:
    """(result rows, output channels, sums [rows, pixels, channels]) of all parts of the result.

    ``weights`` are the layer's weight words, int8 (words, columns, lanes). Raises `MachineError`
    for reads whose rows are not those of the image.
    """
    reads = [read for read in walk.body if "evaluate" in read.flags]
    for read in reads:
        reader.check(read, (0, 1) if "paired" in read.flags else (0,))
    row_values = walk.pixels * len(reads) * config.array.lanes
    # Groups with the same position see the same bytes.
    for _, same in groupby(walk.groups, key=lambda group: group.position):
        groups = list(same)
        channels = slice(groups[0].first, groups[-1].first + groups[-1].channels)
        matrix = _matrix(layer, walk, weights, groups)
        for rows in reader.tiles(row_values):
            patches = _patches(reader, rows, groups[0], reads, config.array.lanes)
            sums = _sums(config, layer, patches, matrix)
            yield rows, channels, sums.reshape(-1, walk.pixels, sums.shape[-1])


def _matrix(
    layer: Mapping[str, int], walk: Walk, weights: NDArray[np.int8], groups: Sequence[Group]
) -> NDArray[np.int32]:
    """[channels, evaluations, lanes]: the array's unsigned weights, less what is taken off."""
    words = weights.reshape(len(walk.groups), walk.evaluations, *weights.shape[1:])
    parts = [words[group.index, :, : group.channels] for group in groups]
    matrix = np.concatenate(parts, axis=1).transpose(1, 0, 2).astype(np.int32)
    return matrix + (EXCESS - layer["weight_offset"])


def _patches(
    reader: ImageReader, rows: slice, group: Group, reads: Sequence[Read], lanes: int
) -> NDArray[np.float32]:
    """[pixels of the rows, evaluations, lanes]."""
    runs = [reader.run(rows, group, read) for read in reads]
    patches = np.empty((*runs[0].shape[:2], len(reads), lanes), np.float32)
    for index, (read, run) in enumerate(zip(reads, runs, strict=True)):
        patches[:, :, index] = run
        if "paired" in read.flags:
            lower = reader.run(rows, group, read, 1)
            patches[:, :, index, lanes // 2 :] = lower[:, :, : lanes // 2]
    return patches.reshape(-1, len(reads), lanes)


def _sums(
    config: AcceleratorConfig,
    layer: Mapping[str, int],
    patches: NDArray[np.float32],
    matrix: NDArray[np.int32],
) -> NDArray[np.int64]:
    """[pixels, channels]."""
    largest = bool(layer.get("largest", 0))
    accumulator = config.accumulator
    if accumulator.overflow == Overflow.WRAP and not largest:
        whole = ExactMatrix(matrix.reshape(1, len(matrix), -1))
        return wrapped(whole.multiply(patches.reshape(1, len(patches), -1))[0], accumulator)
    fold = Fold(accumulator, largest=largest)
    for index in range(patches.shape[1]):
        step = ExactMatrix(matrix[None, :, index])
        fold.take(step.multiply(patches[None, :, index])[0])
    return fold.total
