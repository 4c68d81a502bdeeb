# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Pooling of 8-bit images, means and sums, as TensorFlow Lite's reference kernels have them."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from macaw.arch import fixed_multiplier
from macaw.golden.fixed_point import Affine, clamp_bytes, fixed_double

__all__ = [
    "Padding",
    "average_multiplier",
    "average_pool2d",
    "max_pool2d",
    "mean",
    "mean_multiplier",
    "sum_over",
    "taps",
]

#: (top, bottom, left, right)
Padding = tuple[int, int, int, int]


def max_pool2d(
    images: NDArray[Any],
    *,
    kernel: tuple[int, int],
    stride: tuple[int, int],
    padding: Padding = (0, 0, 0, 0),
    bounds: tuple[int, int] | None = None,
) -> NDArray[Any]:
    """The greatest value of each window of ``images`` [images, height, width, channels].

    ``padding`` is (top, bottom, left, right) and never wins; ``bounds`` are those of a fused
    activation. The result has the images' type (source:
    tensorflow/lite/kernels/internal/reference/integer_ops/pooling.h).
    """
    lowest = np.iinfo(images.dtype).min
    result: NDArray[Any] | None = None
    for values in taps(images, kernel, stride, padding, int(lowest)):
        result = values.copy() if result is None else np.maximum(result, values, out=result)
    assert result is not None
    return clamp_bytes(result, images.dtype, bounds)


def average_pool2d(
    images: NDArray[Any],
    *,
    kernel: tuple[int, int],
    stride: tuple[int, int],
    padding: Padding = (0, 0, 0, 0),
    bounds: tuple[int, int] | None = None,
) -> NDArray[Any]:
    """The mean of each window, over the values that are no padding, half away from zero.

    Values are taken as they are stored, zero point and all. Operands and source as in
    `max_pool2d`.
    """
    wide = images.astype(np.int32)
    ones = np.ones((1, *images.shape[1:3], 1), np.int32)
    total = sum(taps(wide, kernel, stride, padding, 0), np.int32(0))
    count = np.maximum(sum(taps(ones, kernel, stride, padding, 0), np.int32(0)), 1)
    rounded = (np.abs(total) + count // 2) // count
    return clamp_bytes(np.sign(total) * rounded, images.dtype, bounds)


def taps(
    images: NDArray[Any],
    kernel: tuple[int, int],
    stride: tuple[int, int],
    padding: Padding,
    fill: int,
) -> Iterator[NDArray[Any]]:
    """For each place in the kernel: the values of all windows at that place."""
    top, bottom, left, right = padding
    padded = images
    if any(padding):
        pads = ((0, 0), (top, bottom), (left, right), (0, 0))
        padded = np.pad(images, pads, constant_values=fill)
    height = (padded.shape[1] - kernel[0]) // stride[0] + 1
    width = (padded.shape[2] - kernel[1]) // stride[1] + 1
    for y in range(kernel[0]):
        rows = slice(y, y + (height - 1) * stride[0] + 1, stride[0])
        for x in range(kernel[1]):
            yield padded[:, rows, x : x + (width - 1) * stride[1] + 1 : stride[1]]


def mean(
    values: NDArray[Any],
    axes: tuple[int, ...],
    *,
    operand: Affine,
    result: Affine,
    keep_dimensions: bool = False,
) -> NDArray[Any]:
    """The mean over ``axes``, of int8 or uint8 values, with another scale (source:
    ``QuantizedMeanOrSum`` in tensorflow/lite/kernels/internal/reference/reduce.h).

    >>> unit = Affine(1.0, 0)
    >>> mean(np.int8([[1, 2, 2], [-5, 0, 0]]), (1,), operand=unit, result=unit)
    array([ 2, -2], dtype=int8)
    """
    count = int(np.prod([values.shape[axis] for axis in axes], dtype=np.int64))
    multiplier = mean_multiplier(count, operand.scale / result.scale)
    return _scaled_sums(values, axes, multiplier, operand, result, keep_dimensions)


def sum_over(
    values: NDArray[Any],
    axes: tuple[int, ...],
    *,
    operand: Affine,
    result: Affine,
    keep_dimensions: bool = False,
) -> NDArray[Any]:
    """The sum over ``axes``, of int8 or uint8 values, with another scale (source as in `mean`).

    >>> unit = Affine(1.0, 0)
    >>> sum_over(np.int8([[1, 2, 2], [-5, 0, 0]]), (1,), operand=unit, result=unit)
    array([ 5, -5], dtype=int8)
    """
    multiplier = fixed_multiplier(operand.scale / result.scale)
    return _scaled_sums(values, axes, multiplier, operand, result, keep_dimensions)


def _scaled_sums(
    values: NDArray[Any],
    axes: tuple[int, ...],
    multiplier: tuple[int, int],
    operand: Affine,
    result: Affine,
    keep_dimensions: bool,
) -> NDArray[Any]:
    count = int(np.prod([values.shape[axis] for axis in axes], dtype=np.int64))
    sums = values.sum(axis=axes, dtype=np.int64, keepdims=keep_dimensions)
    centred = np.asarray(sums - count * operand.zero_point)
    scaled = fixed_double(centred, *multiplier)
    return clamp_bytes(scaled + result.zero_point, values.dtype)


def mean_multiplier(count: int, factor: float) -> tuple[int, int]:
    """The multiplier and shift of a mean of ``count`` values, whose scale changes by ``factor``.

    The division by the number n of values is folded into the multiplier of the scales: it is
    shifted left by ``log2(n)`` bits, rounded down, and divided by n, rounded down.
    """
    multiplier, shift = fixed_multiplier(factor)
    left = min(count.bit_length() - 1, 32, 31 + shift)
    return (multiplier << left) // count, shift - left


def average_multiplier(count: int, *, signed: bool) -> tuple[int, int]:
    """A multiplier and shift by which `fixed_double` divides every sum of ``count`` 8-bit values
    by their number, half away from zero: tried on all of them.

    >>> average_multiplier(9, signed=True)
    (238609295, 0)

    Raises ``ValueError`` where there is none.
    """
    low, high = (-128 * count, 127 * count) if signed else (0, 255 * count)
    sums = np.arange(low, high + 1)
    wanted = np.sign(sums) * ((np.abs(sums) + count // 2) // count)
    multiplier, shift = fixed_multiplier(1 / count)
    # First without the second rounding, and by a hair too much: what lies half way goes away from
    # zero.
    for less in range(max(0, -shift), -1, -1):
        for more in (1, 0):
            candidate = (multiplier >> less) + more, shift + less
            if np.array_equal(fixed_double(sums, *candidate), wanted):
                return candidate
    raise ValueError(f"a mean of {count} values must be a fixed point product, and is not")
