# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Means of 8-bit images, as ONNX Runtime's kernels for CPUs have them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from macaw.golden.fixed_point import Affine, clamp_bytes
from macaw.golden.float32 import float32, round_half_even
from macaw.golden.pool import Padding, taps

__all__ = ["average_pool2d", "mean", "mean_factor"]


def average_pool2d(
    images: NDArray[Any],
    *,
    kernel: tuple[int, int],
    stride: tuple[int, int],
    padding: Padding = (0, 0, 0, 0),
    operand: Affine,
    result: Affine,
    count_padding: bool = False,
) -> NDArray[Any]:
    """The mean of each window of ``images`` [images, height, width, channels], over the values
    that are no padding, or with ``count_padding`` over all.

    The real numbers ``fl((q - z) * s)`` are summed in float32, row by row, the sum is divided by
    their number, and ``RNE(fl(fl(m / s_o) + z_o))`` is the result, of the images' type (source:
    onnxruntime/contrib_ops/cpu/quantization/qlinear_pool.cc).
    """
    real = float32(images.astype(np.int32) - operand.zero_point) * np.float32(operand.scale)
    total = None
    for values in taps(real, kernel, stride, padding, 0):
        total = values.copy() if total is None else np.add(total, values, out=total)
    assert total is not None
    count: Any = np.float32(kernel[0] * kernel[1])
    if not count_padding:
        ones = np.ones((1, *images.shape[1:3], 1), np.float32)
        count = np.maximum(sum(taps(ones, kernel, stride, padding, 0), np.float32(0)), 1)
    moved = total / count / np.float32(result.scale) + np.float32(result.zero_point)
    return clamp_bytes(round_half_even(moved), images.dtype)


def mean(images: NDArray[Any], *, operand: Affine, result: Affine) -> NDArray[Any]:
    """The mean of each channel of ``images`` [images, height, width, channels], which becomes one
    pixel: ``RNE(fl(t * fl(s / fl(s_o * n)))) + z_o`` with t the exact sum of the n integers less
    their zero point: QLinearGlobalAveragePool (source:
    onnxruntime/core/mlas/lib/qlgavgpool.cpp).

    >>> unit = Affine(1.0, 0)
    >>> mean(np.int8([[[[1]], [[2]], [[4]]]]), operand=unit, result=unit).ravel()
    array([2], dtype=int8)
    """
    count = images.shape[1] * images.shape[2]
    sums = images.sum(axis=(1, 2), dtype=np.int64, keepdims=True) - count * operand.zero_point
    rounded = round_half_even(float32(sums) * mean_factor(count, operand=operand, result=result))
    return clamp_bytes(rounded + np.float32(result.zero_point), images.dtype)


def mean_factor(count: int, *, operand: Affine, result: Affine) -> np.float32:
    """The float32 number by which `mean` multiplies the sum of ``count`` values."""
    return np.float32(operand.scale) / (np.float32(result.scale) * np.float32(count))
