# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Operators that pick, place or convert values, where numpy alone does not say it."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from macaw.golden.fixed_point import Affine, clamp_bytes
from macaw.golden.float32 import float32, round_half_away

__all__ = [
    "batch_to_space",
    "cast",
    "depth_to_space",
    "gather",
    "gather_nd",
    "mirror_pad",
    "rescale_for_concat",
    "space_to_batch",
    "space_to_depth",
    "take_slice",
]


def gather(values: NDArray[Any], indices: NDArray[Any], axis: int) -> NDArray[Any]:
    """The slices of ``values`` along ``axis`` that ``indices`` name, in the place of that axis;
    ``ValueError`` for indices that name none."""
    _within(indices, values.shape[axis])
    return np.take(values, indices, axis=axis)


def gather_nd(values: NDArray[Any], indices: NDArray[Any]) -> NDArray[Any]:
    """The last axis of ``indices`` names a place on the first axes of ``values``; ``ValueError``
    for indices that name none.

    >>> gather_nd(np.array([[1, 2], [3, 4]]), np.array([[0, 1], [1, 0]]))
    array([2, 3])
    """
    places = np.moveaxis(indices, -1, 0)
    for axis, place in enumerate(places):
        _within(place, values.shape[axis])
    return np.asarray(values[tuple(places)])


def _within(indices: NDArray[Any], size: int) -> None:
    if np.any(indices < 0) or np.any(indices >= size):
        raise ValueError(
            f"indices must be in 0 ... {size - 1}, not {indices.min()} ... {indices.max()}"
        )


def take_slice(
    values: NDArray[Any],
    starts: tuple[int, ...],
    steps: tuple[int, ...],
    sizes: tuple[int, ...],
) -> NDArray[Any]:
    """Of each axis as many values as ``sizes`` says, from ``starts`` on, in ``steps``.

    >>> take_slice(np.array([0, 1, 2, 3]), (3,), (-2,), (2,))
    array([3, 1])
    """
    for axis, (start, step, size) in enumerate(zip(starts, steps, sizes, strict=True)):
        values = values.take(start + step * np.arange(size), axis=axis)
    return values


def mirror_pad(
    values: NDArray[Any], padding: tuple[tuple[int, int], ...], *, symmetric: bool
) -> NDArray[Any]:
    """``values`` with their mirror image (before, after) each axis, the last value of an axis
    twice where it is ``symmetric``.

    >>> mirror_pad(np.array([1, 2, 3]), ((2, 1),), symmetric=False)
    array([3, 2, 1, 2, 3, 2])
    >>> mirror_pad(np.array([1, 2, 3]), ((2, 1),), symmetric=True)
    array([2, 1, 1, 2, 3, 3])
    """
    return np.pad(values, padding, mode="symmetric" if symmetric else "reflect")


def depth_to_space(values: NDArray[Any], block: int, *, planar: bool) -> NDArray[Any]:
    """The channels of each pixel [batch, height, width, channels] as ``block`` x ``block``
    pixels, of which those of a new channel lie side by side where they are ``planar``.

    >>> depth_to_space(np.arange(8).reshape(1, 1, 1, 8), 2, planar=False)[0, :, :, 0]
    array([[0, 2],
           [4, 6]])
    >>> depth_to_space(np.arange(8).reshape(1, 1, 1, 8), 2, planar=True)[0, :, :, 0]
    array([[0, 1],
           [2, 3]])
    """
    batch, height, width, channels = values.shape
    if planar:
        parts = np.moveaxis(values.reshape(batch, height, width, -1, block, block), 3, 5)
    else:
        parts = values.reshape(batch, height, width, block, block, channels // block**2)
    return parts.transpose(0, 1, 3, 2, 4, 5).reshape(batch, height * block, width * block, -1)


def space_to_depth(values: NDArray[Any], block: int) -> NDArray[Any]:
    """The reverse of `depth_to_space` that is not planar."""
    batch, height, width, channels = values.shape
    rows, columns = height // block, width // block
    parts = values.reshape(batch, rows, block, columns, block, channels)
    return parts.transpose(0, 1, 3, 2, 4, 5).reshape(batch, rows, columns, -1)


def space_to_batch(
    values: NDArray[Any],
    block: tuple[int, ...],
    padding: tuple[tuple[int, int], ...],
    value: int,
) -> NDArray[Any]:
    """Of images [batch, ..., channels] every n-th pixel as an image, with ``value`` around them.

    >>> space_to_batch(np.array([[[1], [2], [3]]]), (2,), ((0, 1),), 0)[:, :, 0]
    array([[1, 3],
           [2, 0]])
    """
    padded = np.pad(values, ((0, 0), *padding, (0, 0)), constant_values=value)
    return np.concatenate([padded[pixels] for pixels in _every(block)])


def batch_to_space(
    values: NDArray[Any], block: tuple[int, ...], crops: tuple[tuple[int, int], ...]
) -> NDArray[Any]:
    """The reverse of `space_to_batch`, without as many pixels as ``crops`` says.

    >>> batch_to_space(np.array([[[1], [3]], [[2], [0]]]), (2,), ((0, 1),))[:, :, 0]
    array([[1, 2, 3]])
    """
    count = math.prod(block)
    sizes = [size * step for size, step in zip(values.shape[1:-1], block, strict=True)]
    result = np.empty((len(values) // count, *sizes, values.shape[-1]), values.dtype)
    for part, pixels in zip(np.split(values, count), _every(block), strict=True):
        result[pixels] = part
    kept = (slice(before, size - after) for size, (before, after) in zip(sizes, crops, strict=True))
    return result[(slice(None), *kept)]


def _every(block: tuple[int, ...]) -> Iterator[tuple[slice, ...]]:
    """For each place in a block the pixels that have it."""
    for place in np.ndindex(*block):
        steps = zip(place, block, strict=True)
        yield (slice(None), *(slice(first, None, step) for first, step in steps))


def rescale_for_concat(values: NDArray[Any], *, operand: Affine, result: Affine) -> NDArray[Any]:
    """uint8 ``values`` as those of another scale, in float32, half away from zero (source:
    ``ConcatenationWithScaling`` in
    tensorflow/lite/kernels/internal/reference/concatenation.h)."""
    if operand == result:
        return values
    scale = np.float32(operand.scale) * (np.float32(1) / np.float32(result.scale))
    bias = np.float32(-operand.zero_point) * scale
    moved = float32(values) * scale + bias
    return clamp_bytes(round_half_away(moved) + result.zero_point, values.dtype)


def cast(values: NDArray[Any], dtype: Any) -> NDArray[Any]:
    """``values`` as another type: integers wrap, float32 is cut towards zero."""
    with np.errstate(invalid="ignore"):
        if values.dtype == np.float32 and np.dtype(dtype).kind in "iu":
            return values.astype(np.int64).astype(dtype)
        return values.astype(dtype)
