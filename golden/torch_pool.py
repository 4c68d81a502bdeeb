# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Means of 8-bit images, as PyTorch's kernels have them: one scale for operand and result.

First the sums of ``q - zero_point``, exact; then what each kernel makes of a sum t of n pixels.
They differ in the factor, and in the place of the zero point; channels that fill no vector are
rounded as `macaw.golden.torch_numbers.SINGLES` says. ``counts`` are broadcast against ``sums``.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from macaw.golden.fixed_point import Affine, clamp_bytes
from macaw.golden.float32 import float32, fma32, round_half_even
from macaw.golden.pool import taps
from macaw.golden.torch_numbers import SINGLES, Arithmetic, by_channels

__all__ = [
    "EXACT",
    "POOL_WIDTH",
    "adaptive_average",
    "adaptive_sums",
    "mean",
    "pool_average",
    "qnnpack_average",
    "qnnpack_factor",
    "window_sums",
]

#: Channels that average pooling takes at a time.
POOL_WIDTH = 16

#: With fewer pixels the rounding errors of a mean stay below its distance from a tie, if their
#: number is odd.
EXACT = 1 << 12

#: Sums, and of how many pixels each is one; the second is broadcast against the first.
Sums = tuple[NDArray[np.int32], NDArray[np.int32]]


def window_sums(
    images: NDArray[Any],
    zero_point: int,
    *,
    kernel: tuple[int, int],
    stride: tuple[int, int],
    padding: tuple[int, int, int, int],
) -> Sums:
    """The sum of each window of ``images`` [images, height, width, channels], and the number of
    its pixels that are no padding."""
    ones = np.ones((1, *images.shape[1:3], 1), np.int32)
    centred = images.astype(np.int32) - zero_point
    sums = sum(taps(centred, kernel, stride, padding, 0), np.int32(0))
    counts = sum(taps(ones, kernel, stride, padding, 0), np.int32(0))
    return np.asarray(sums), np.asarray(counts)


def adaptive_sums(images: NDArray[Any], zero_point: int, size: tuple[int, int]) -> Sums:
    """The same for windows that share out ``images`` evenly among ``size`` pixels; they overlap
    where the image is no multiple (source: ``start_index`` and ``end_index`` in
    aten/src/ATen/native/quantized/cpu/AdaptiveAveragePooling.cpp)."""
    centred = images.astype(np.int32) - zero_point
    rows, columns = (_shares(images.shape[1 + axis], size[axis]) for axis in range(2))
    sums = np.empty((images.shape[0], *size, images.shape[3]), np.int32)
    counts = np.empty((1, *size, 1), np.int32)
    for y, row in enumerate(rows):
        for x, column in enumerate(columns):
            window = centred[:, row[0] : row[1], column[0] : column[1]]
            sums[:, y, x] = window.sum(axis=(1, 2))
            counts[:, y, x] = window.shape[1] * window.shape[2]
    return sums, counts


def _shares(total: int, count: int) -> list[tuple[int, int]]:
    """For each of ``count`` windows the first of ``total`` pixels, and the last but one."""
    return [(n * total // count, -(-(n + 1) * total // count)) for n in range(count)]


def pool_average(
    sums: NDArray[np.int32], counts: NDArray[np.int32], zero_point: int, dtype: Any
) -> NDArray[Any]:
    """``RNE(fl(t * fl(1 / n))) + z``: average pooling of fbgemm, onednn and x86; what is beyond
    the last multiple of 16 channels: ``RNE(fl(fl(t * fl(1 / n)) + z))`` (source:
    ``_qavg_pool_nhwc_kernel`` in
    aten/src/ATen/native/quantized/cpu/kernels/QuantizedOpKernels.cpp).

    >>> pool_average(np.full((1, 18), 2), np.int32([[4]]), 3, np.uint8)[0, 14:]
    array([3, 3, 4, 4], dtype=uint8)
    """
    factor = np.float32(1) / float32(counts)

    def rounded(arithmetic: Arithmetic, values: NDArray[np.int32]) -> NDArray[Any]:
        return arithmetic.quantize(float32(values) * factor, Affine(1.0, zero_point), dtype)

    return by_channels(rounded, sums, width=POOL_WIDTH)


def adaptive_average(
    sums: NDArray[np.int32], counts: NDArray[np.int32], zero_point: int, dtype: Any
) -> NDArray[Any]:
    """``RNE(fma(t, fl(1 / n), z))``: adaptive pooling of fbgemm, onednn and x86; what is beyond
    the last multiple of 8 channels: ``RNE(fl(fl(t * fl(1 / n)) + z))`` (source:
    ``do_avg_pool_on_AVX_n`` in
    aten/src/ATen/native/quantized/cpu/kernels/QuantizedOpKernels.cpp).

    >>> adaptive_average(np.full((1, 8), 2), np.int32([[4]]), 3, np.uint8)[0, 0]
    np.uint8(4)
    """
    factor = np.float32(1) / float32(counts)

    def rounded(arithmetic: Arithmetic, values: NDArray[np.int32]) -> NDArray[Any]:
        if arithmetic is SINGLES:
            return SINGLES.quantize(float32(values) * factor, Affine(1.0, zero_point), dtype)
        moved = fma32(float32(values), factor, np.float32(zero_point))
        return clamp_bytes(round_half_even(moved), dtype)

    return by_channels(rounded, sums, width=8)


def mean(sums: NDArray[np.int32], count: int, zero_point: int, dtype: Any) -> NDArray[Any]:
    """``RNE(fl(fl(t / n) + z))``: the mean over axes that are innermost in memory, of fbgemm,
    onednn and x86 (source: ``qmean_inner_dim_kernel`` in
    aten/src/ATen/native/quantized/cpu/kernels/QuantizedOpKernels.cpp)."""
    moved = float32(sums) / np.float32(count) + np.float32(zero_point)
    return clamp_bytes(round_half_even(moved), dtype)


def qnnpack_average(
    sums: NDArray[np.int32], counts: ArrayLike, unit: Affine, dtype: Any
) -> NDArray[Any]:
    """``RNE(fl(t * fl(s / fl(s * n)))) + z``: all means of qnnpack (source:
    ``pytorch_qnnp_create_average_pooling2d_nhwc_q8`` in
    aten/src/ATen/native/quantized/cpu/qnnpack/src/average-pooling.c)."""
    factor = qnnpack_factor(counts, unit.scale)
    return clamp_bytes(round_half_even(float32(sums) * factor) + unit.zero_point, dtype)


def qnnpack_factor(counts: ArrayLike, scale: float) -> NDArray[np.float32]:
    """``fl(s / fl(s * n))``: what qnnpack multiplies sums of n pixels with."""
    single = np.float32(scale)
    return np.asarray(single / (single * float32(counts)), np.float32)
