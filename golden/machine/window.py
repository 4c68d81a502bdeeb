# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Window mode: four rows of kernel columns slide over the image, for the channels of a word."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from macaw.arch import AcceleratorConfig
from macaw.arch.core import EXCESS
from macaw.golden.machine.errors import MachineError
from macaw.golden.machine.image import ImageReader
from macaw.golden.machine.sums import Fold
from macaw.golden.machine.walk import Group, Read, Walk

__all__ = ["window_sums"]

_ROWS = 4


@dataclass(frozen=True, kw_only=True)
class _Column:
    """A column that a read with ``shift`` completes: for each row of the window, the read that
    brings it and which of its rows it is."""

    rows: tuple[tuple[Read, int], ...]


@dataclass(frozen=True, kw_only=True)
class _Evaluation:
    """The columns that have been shifted in since the pair's beginning, when the windows of its two
    pixels were; of the first one, fewer than none if it is kept from the pair before."""

    shifted: tuple[int, int]


def _columns(reads: tuple[Read, ...]) -> list[_Column]:
    """The columns of some reads; `MachineError` for half a column that is none."""
    columns, waiting = [], None
    for read in reads:
        rows = [(read, 0), (read, 1)]
        if "four" in read.flags:
            rows += [(read, 2), (read, 3)]
        elif "high" not in read.flags:
            rows += rows
            waiting = read
        if "high" in read.flags:
            if waiting is None:
                raise MachineError("a read that is high must follow one that is not")
            rows[:2] = [(waiting, 0), (waiting, 1)]
            rows[2:] = [(read, 2), (read, 3)] if "four" in read.flags else [(read, 0), (read, 1)]
        if "shift" in read.flags:
            columns.append(_Column(rows=tuple(rows)))
    return columns


def _captured(reads: tuple[Read, ...]) -> int | None:
    """Where some reads capture their last window, if they do: in columns from their end, which is
    0; columns before it have negative numbers."""
    later = 0
    for read in reversed(reads):
        if "capture" in read.flags:
            return -later
        later += "shift" in read.flags
    return None


def _evaluations(walk: Walk) -> list[_Evaluation]:
    found: list[_Evaluation] = []
    shifted, first = 0, _captured(walk.prologue)
    kept = first is not None
    for read in walk.body:
        shifted += "shift" in read.flags
        if "evaluate" in read.flags:
            if first is None:
                raise MachineError("a pair must capture its first pixel before it is evaluated")
            if kept and first != _captured(walk.body):
                raise MachineError(
                    "a pair must capture the window of the next one where the prologue does"
                )
            found.append(_Evaluation(shifted=(first, shifted)))
        if "capture" in read.flags:
            first, kept = shifted, False
    return found


def window_sums(
    config: AcceleratorConfig,
    layer: Mapping[str, int],
    walk: Walk,
    reader: ImageReader,
    weights: NDArray[np.int8],
) -> Iterator[tuple[slice, slice, NDArray[np.int64]]]:
    """(result rows, output channels, sums [rows, pixels, channels]) of all parts of the result;
    of a last pair with one pixel both are given.

    ``weights`` are the layer's weight words, int8 (words, columns, lanes). Raises `MachineError`
    for reads whose rows are not those of the image, and for windows that hold columns of another
    row, where their weights are not zero.
    """
    array = config.array
    before, body = _columns(walk.prologue), _columns(walk.body)
    evaluations = _evaluations(walk)
    if not before and not body:
        raise MachineError("a pair must shift columns into its windows before it is evaluated")
    half, width = array.pair_channels, array.window_columns
    # [groups, evaluations, channels of a word, rows, columns of the window]
    words = weights[:, :half].reshape(
        len(walk.groups), len(evaluations), array.phases * half, _ROWS, width
    )
    words = words.copy()  # without what stands where no channel is
    for group in walk.groups:
        words[group.index, :, group.channels :] = 0
    for read, read_rows in _used(walk, before, body, evaluations, words).items():
        reader.check(read, read_rows)
    row_values = _ROWS * array.lanes * (len(before) + walk.pixels * len(body))
    for rows in reader.tiles(row_values):
        for group in walk.groups:
            columns = _gather(reader, rows, group, before, body, walk.pixels)
            fold = Fold(config.accumulator, largest=bool(layer.get("largest", 0)))
            for index, evaluation in enumerate(evaluations):
                taps = words[group.index, index]
                terms = [
                    _term(columns, taps, len(before) + shifted, len(body), walk.pixels)
                    for shifted in evaluation.shifted
                ]
                fold.take(np.stack(terms, axis=2))
            sums = fold.total[..., : group.channels]
            channels = slice(group.first, group.first + group.channels)
            yield rows, channels, sums.reshape(len(sums), 2 * walk.pixels, -1)


def _used(
    walk: Walk,
    before: list[_Column],
    body: list[_Column],
    evaluations: list[_Evaluation],
    words: NDArray[np.int8],
) -> dict[Read, set[int]]:
    """The reads whose bytes meet weights that are not zero, with which of their rows do."""
    width = words.shape[-1]
    weighted = np.asarray(words.any(axis=(0, 2)))  # [evaluations, rows, columns of the window]
    found: dict[Read, set[int]] = {}
    for index, evaluation in enumerate(evaluations):
        for row, place in zip(*np.nonzero(weighted[index]), strict=True):
            # After some pairs, a window holds columns of the body only.
            for pair in range(min(walk.pixels, width + 1)):
                for shifted in evaluation.shifted:
                    column = shifted - width + int(place) + pair * len(body)
                    if column < -len(before):
                        raise MachineError(
                            "a window must hold no column of the row before where its weights "
                            "are not zero"
                        )
                    columns = before[column] if column < 0 else body[column % len(body)]
                    read, read_row = columns.rows[row]
                    found.setdefault(read, set()).add(read_row)
    return found


def _gather(
    reader: ImageReader,
    rows: slice,
    group: Group,
    before: list[_Column],
    body: list[_Column],
    pixels: int,
) -> NDArray[np.int32]:
    """[result rows, columns in the order in which they are shifted in, window rows, lanes], as
    the array's unsigned operands."""

    def runs(column: _Column, count: int) -> NDArray[np.int8]:
        return np.stack(
            [reader.run(rows, group, read, index, count) for read, index in column.rows], axis=2
        )

    parts = [runs(column, 1) for column in before]
    if body:
        each = np.stack([runs(column, pixels) for column in body], axis=2)
        parts.append(each.reshape(len(each), pixels * len(body), *each.shape[3:]))
    return np.concatenate(parts, axis=1).astype(np.int32) + EXCESS


def _term(
    columns: NDArray[np.int32], taps: NDArray[np.int8], end: int, step: int, pixels: int
) -> NDArray[np.int32]:
    """[result rows, pixels, lanes]: windows whose newest columns are ``end - 1`` and every
    ``step`` further ones, times ``taps`` [lanes, rows, columns of the window]."""
    total = np.zeros((len(columns), pixels, columns.shape[-1]), np.int32)
    width = taps.shape[-1]
    for row, place in zip(*np.nonzero(taps.any(axis=0)), strict=True):
        first = end - width + place
        found = columns[:, first : first + (pixels - 1) * step + 1 : max(step, 1), row]
        total += found * taps[:, row, place].astype(np.int32)
    return total
