# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Images of another size, as TensorFlow Lite's reference kernels make them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from macaw.golden.fixed_point import clamp_bytes

__all__ = ["resize_bilinear", "resize_nearest"]

#: Bits behind the point of a coordinate in int8 images.
_FRACTION = 10


def resize_nearest(
    images: NDArray[Any],
    size: tuple[int, int],
    *,
    align_corners: bool = False,
    half_pixel_centers: bool = False,
) -> NDArray[Any]:
    """Each pixel of the result is a copy of the nearest one of ``images`` [images, height,
    width, channels]; coordinates are computed in float32 (source: ``GetNearestNeighbor`` in
    tensorflow/lite/kernels/internal/reference/resize_nearest_neighbor.h)."""
    rows, columns = (
        _nearest(images.shape[1 + axis], size[axis], align_corners, half_pixel_centers)
        for axis in range(2)
    )
    return images[:, rows[:, np.newaxis], columns]


def _nearest(size: int, count: int, align_corners: bool, half_pixel: bool) -> NDArray[np.int64]:
    aligned = align_corners and count > 1
    scale = np.float32(size - 1 if aligned else size) / np.float32(count - 1 if aligned else count)
    offset = np.float32(0.5 if half_pixel else 0.0)
    places = (np.arange(count).astype(np.float32) + offset) * scale
    whole = np.floor(places.astype(np.float64) + 0.5) if align_corners else np.floor(places)
    return np.clip(whole.astype(np.int64), 0, size - 1)


def resize_bilinear(
    images: NDArray[Any],
    size: tuple[int, int],
    *,
    align_corners: bool = False,
    half_pixel_centers: bool = False,
) -> NDArray[Any]:
    """Each pixel of the result is the mean of four, weighted by their distance.

    int8: coordinates have 10 bits behind the point, the sum 20; it is rounded half away from
    zero. uint8: float32 arithmetic, 0.5 added, cut to an integer (source: ``ResizeBilinear`` and
    ``ResizeBilinearInteger`` in
    tensorflow/lite/kernels/internal/reference/resize_bilinear.h).
    """
    make = _integer_places if images.dtype == np.int8 else _float_places
    y, y0, y1 = make(images.shape[1], size[0], align_corners, half_pixel_centers)
    x, x0, x1 = make(images.shape[2], size[1], align_corners, half_pixel_centers)
    y, y0, y1 = (values[:, np.newaxis] for values in (y, y0, y1))
    one = y.dtype.type(1 << _FRACTION) if images.dtype == np.int8 else np.float32(1)
    unit = one if images.dtype == np.int8 else np.float32(1)
    below, right = y - unit * y0.astype(y.dtype), x - unit * x0.astype(x.dtype)
    above, left = one - below, one - right
    total: Any = 0
    for rows, columns, vertical, horizontal in (
        (y0, x0, above, left),
        (y1, x0, below, left),
        (y0, x1, above, right),
        (y1, x1, below, right),
    ):
        corner = images[:, rows, columns].astype(y.dtype)
        total = total + corner * vertical[..., np.newaxis] * horizontal[..., np.newaxis]
    if images.dtype == np.int8:
        rounded = (np.abs(total) + (1 << (2 * _FRACTION - 1))) >> (2 * _FRACTION)
        return clamp_bytes(np.sign(total) * rounded, np.int8)
    return clamp_bytes(np.trunc(total + np.float32(0.5)), images.dtype)


_Places = tuple[NDArray[Any], NDArray[np.int64], NDArray[np.int64]]


def _integer_places(size: int, count: int, align_corners: bool, half_pixel: bool) -> _Places:
    """Coordinates times 2**10, and the pixels before and behind them."""
    one = 1 << _FRACTION
    scale = (one * size + count // 2) // count
    if align_corners and count > 1:
        scale = (one * (size - 1) + (count - 1) // 2) // (count - 1)
    places = np.arange(count, dtype=np.int64) * scale
    if half_pixel:
        places = places + scale // 2 - one // 2
    # Divisions towards zero; what is below zero becomes zero anyway.
    before = np.maximum(places >> _FRACTION, 0)
    behind = np.minimum(np.maximum(places + one - 1, 0) >> _FRACTION, size - 1)
    return places, before, behind


def _float_places(size: int, count: int, align_corners: bool, half_pixel: bool) -> _Places:
    """Coordinates in float32, and the pixels before and behind them."""
    scale = np.float32(size) / np.float32(count)
    if align_corners and count > 1:
        scale = np.float32(size - 1) / np.float32(count - 1)
    places = np.arange(count).astype(np.float32) * scale
    if half_pixel:
        half = np.float32(0.5)
        places = (np.arange(count).astype(np.float32) + half) * scale - half
    before = np.maximum(np.floor(places), 0).astype(np.int64)
    behind = np.minimum(np.ceil(places), size - 1).astype(np.int64)
    return places, before, behind
