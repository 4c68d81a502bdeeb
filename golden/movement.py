# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Operators that pick, place or convert values, where numpy alone does not say it."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from macaw.golden.fixed_point import Affine, clamp_bytes
from macaw.golden.float32 import float32, round_half_away

__all__ = ["cast", "gather", "gather_nd", "rescale_for_concat", "take_slice"]


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
