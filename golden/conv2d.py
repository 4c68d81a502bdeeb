# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Two-dimensional convolution of quantised NHWC images: exact accumulators, and results."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from macaw.arch import AnyRequantization, Conv2dShape
from macaw.golden.matmul import ExactMatrix
from macaw.golden.operands import (
    centre,
    check_bytes,
    input_zero_point_value,
    weights_without_zero_point,
)
from macaw.golden.requantize import requantize, result_type

__all__ = ["accumulate_conv2d", "conv2d"]

#: Values that a tile's patches may hold: they stay in a core's second-level cache.
_TILE_VALUES = 1 << 18

#: One tile: the image's index, the first and the last row but one, the rows' accumulators.
_Tile = tuple[int, int, int, NDArray[np.int32]]
#: The sums of an image's output rows ``first`` ... ``last - 1``; values that a row takes.
_Plan = tuple[Callable[[NDArray[Any], int, int], NDArray[np.int32]], int]


def accumulate_conv2d(
    image: NDArray[Any],
    weights: NDArray[Any],
    *,
    shape: Conv2dShape,
    input_zero_point: int,
    weight_zero_point: ArrayLike = 0,
) -> NDArray[np.int32]:
    """The sums of ``(x - input_zero_point) * (w - weight_zero_point)``, without a bias.

    ``image`` is [height, width, in_channels] or [images, height, width, in_channels], in int8 or
    uint8; ``weights`` is [out_channels, kernel_height, kernel_width, in_channels / groups], in
    int8 or uint8. The result is [(images,) output_height, output_width, out_channels]. Padding
    holds the input's zero point, so it adds nothing. ``weight_zero_point`` is one value of the
    weights' type, or one for each output channel. Sums are exact; beyond int32 they wrap.

    Raises ``TypeError`` for other types, and ``ValueError`` for arrays that are not of
    ``shape`` and for zero points out of range.
    """
    images, result = _check(image, weights, shape, np.int32)
    for index, first, last, accumulators in _tiles(
        images, weights, shape, input_zero_point, weight_zero_point
    ):
        result[index, first:last] = accumulators
    return result if image.ndim == 4 else result[0]


def conv2d(
    image: NDArray[Any],
    weights: NDArray[Any],
    *,
    shape: Conv2dShape,
    input_zero_point: int,
    requantization: AnyRequantization,
    weight_zero_point: ArrayLike = 0,
) -> NDArray[np.int8] | NDArray[np.uint8] | NDArray[np.int32]:
    """The quantised convolution: `accumulate_conv2d`, then `requantize`.

    Operands as in `accumulate_conv2d`. The result has the type that ``requantization`` names.
    Raises what these two raise.
    """
    images, result = _check(image, weights, shape, result_type(requantization))
    for index, first, last, accumulators in _tiles(
        images, weights, shape, input_zero_point, weight_zero_point
    ):
        result[index, first:last] = requantize(accumulators, requantization)
    return result if image.ndim == 4 else result[0]


def _check(
    image: NDArray[Any], weights: NDArray[Any], shape: Conv2dShape, dtype: Any
) -> tuple[NDArray[Any], NDArray[Any]]:
    """``image`` with an axis of images, and an array for the results; refusals as documented."""
    check_bytes("image", image)
    check_bytes("weights", weights)
    expected = (shape.height, shape.width, shape.in_channels)
    if image.ndim not in (3, 4) or image.shape[-3:] != expected:
        raise ValueError(f"image must be {expected!r} or a batch of it, not {image.shape!r}")
    expected_weights = (
        shape.out_channels,
        shape.kernel_height,
        shape.kernel_width,
        shape.group_in_channels,
    )
    if weights.shape != expected_weights:
        raise ValueError(f"weights must be {expected_weights!r}, not {weights.shape!r}")
    images = image.reshape(-1, *expected)
    result = np.empty(
        (len(images), shape.output_height, shape.output_width, shape.out_channels), dtype
    )
    return images, result


def _tiles(
    images: NDArray[Any],
    weights: NDArray[Any],
    shape: Conv2dShape,
    input_zero_point: int,
    weight_zero_point: ArrayLike,
) -> Iterator[_Tile]:
    zero_point = input_zero_point_value(input_zero_point, images.dtype)
    integers = weights_without_zero_point(weights, weight_zero_point)
    make = _depthwise_tile if shape.depthwise else _dense_tile
    compute, row_values = make(integers, shape, zero_point, images.dtype)
    rows = max(1, _TILE_VALUES // row_values)
    for index, image in enumerate(images):
        for first in range(0, shape.output_height, rows):
            last = min(first + rows, shape.output_height)
            yield index, first, last, compute(image, first, last)


def _padded_rows(
    image: NDArray[Any], shape: Conv2dShape, first: int, last: int, zero_point: int, dtype: Any
) -> NDArray[Any]:
    """The padded image's rows under the output rows ``first`` ... ``last - 1``, less its type's
    centre; padding holds ``zero_point`` less the centre."""
    top, _, left, _ = shape.padding
    start = first * shape.stride[0] - top
    stop = (last - 1) * shape.stride[0] - top + shape.extent_height
    middle = centre(image.dtype)
    inside = slice(max(start, 0), max(0, min(stop, shape.height)))
    rows = np.empty((stop - start, shape.padded_width, shape.in_channels), dtype)
    above = min(inside.start - start, len(rows))
    below = above + max(0, inside.stop - inside.start)
    rows[:above] = rows[below:] = zero_point - middle
    body = rows[above:below]
    body[:, :left] = body[:, left + shape.width :] = zero_point - middle
    np.subtract(image[inside], middle, out=body[:, left : left + shape.width], dtype=dtype)
    return rows


def _windows(rows: NDArray[Any], shape: Conv2dShape, count: int) -> NDArray[Any]:
    """A view [output rows, output width, kernel height, kernel width, channels] of ``rows``."""
    row_step, column_step, channel_step = rows.strides
    return np.lib.stride_tricks.as_strided(
        rows,
        (count, shape.output_width, shape.kernel_height, shape.kernel_width, shape.in_channels),
        (
            row_step * shape.stride[0],
            column_step * shape.stride[1],
            row_step * shape.dilation[0],
            column_step * shape.dilation[1],
            channel_step,
        ),
        writeable=False,
    )


def _dense_tile(
    integers: NDArray[np.int16], shape: Conv2dShape, zero_point: int, dtype: Any
) -> _Plan:
    """Patches times weights, group by group, at float32 speed.

    Activations are taken less their type's centre rather than their zero point, which doubles
    the taps that a float32 sum holds exactly; the difference is a constant of each channel.
    """
    groups = shape.groups
    matrix = ExactMatrix(integers.reshape(groups, shape.out_channels // groups, shape.taps))
    correction = (centre(dtype) - zero_point) * matrix.sums().reshape(-1)

    def compute(image: NDArray[Any], first: int, last: int) -> NDArray[np.int32]:
        rows = _padded_rows(image, shape, first, last, zero_point, np.float32)
        windows = _windows(rows, shape, last - first)
        grouped = windows.reshape(*windows.shape[:-1], groups, shape.group_in_channels)
        patches = np.moveaxis(grouped, 4, 0).reshape(groups, -1, shape.taps)
        sums = np.moveaxis(matrix.multiply(patches), 0, 1)
        result = sums.reshape(last - first, shape.output_width, shape.out_channels)
        if correction.any():
            result += correction
        return result

    return compute, shape.output_width * max(shape.taps * groups, shape.out_channels)


def _depthwise_tile(
    integers: NDArray[np.int16], shape: Conv2dShape, zero_point: int, dtype: Any
) -> _Plan:
    """One multiplication and addition of whole rows in int32 for each tap and multiple."""
    multiple = shape.out_channels // shape.in_channels
    factors = integers.reshape(shape.in_channels, multiple, -1).astype(np.int32)
    offset = centre(dtype) - zero_point

    def compute(image: NDArray[Any], first: int, last: int) -> NDArray[np.int32]:
        rows = _padded_rows(image, shape, first, last, zero_point, np.int32)
        rows += offset
        windows = _windows(rows, shape, last - first)
        size = (last - first, shape.output_width, shape.in_channels)
        result = np.zeros((*size, multiple), np.int32)
        product = np.empty(size, np.int32)
        for tap in range(shape.taps):
            window = windows[:, :, tap // shape.kernel_width, tap % shape.kernel_width]
            for index in range(multiple):
                np.multiply(window, factors[:, index, tap], out=product)
                result[..., index] += product
        return result.reshape(*size[:2], shape.out_channels)

    return compute, shape.output_width * shape.out_channels
