# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Transposed convolution of quantised NHWC images: exact accumulators."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from macaw.golden.linear import accumulate_linear

__all__ = ["accumulate_conv_transpose2d"]


def accumulate_conv_transpose2d(
    images: NDArray[Any],
    weights: NDArray[Any],
    *,
    stride: tuple[int, int],
    offset: tuple[int, int],
    output_size: tuple[int, int],
    input_zero_point: int,
    weight_zero_point: ArrayLike = 0,
) -> NDArray[np.int32]:
    """Each pixel of ``images`` times all ``weights``, added up where they fall.

    ``images`` is [images, height, width, in_channels] and ``weights`` [out_channels,
    kernel_height, kernel_width, in_channels], each int8 or uint8; the result is [images,
    *output_size, out_channels], int32, without a bias. Pixel (y, x) and the weight at (v, u)
    meet at ``(y * stride[0] - offset[0] + v, x * stride[1] - offset[1] + u)``; what falls
    outside is lost. Raises what `accumulate_linear` raises.
    """
    out_channels, kernel_height, kernel_width, _ = weights.shape
    count, height, width, _ = images.shape
    rows, columns = output_size
    result = np.zeros((count, rows, columns, out_channels), np.int32)
    for v in range(kernel_height):
        y = _inside(height, stride[0], v - offset[0], rows)
        for u in range(kernel_width):
            x = _inside(width, stride[1], u - offset[1], columns)
            if len(y) == 0 or len(x) == 0:
                continue
            products = accumulate_linear(
                images[:, y.start : y.stop, x.start : x.stop],
                weights[:, v, u],
                input_zero_point=input_zero_point,
                weight_zero_point=weight_zero_point,
            )
            below, right = y.start * stride[0] + v - offset[0], x.start * stride[1] + u - offset[1]
            place = result[:, below :: stride[0], right :: stride[1]]
            place[:, : len(y), : len(x)] += products
    return result


def _inside(size: int, stride: int, shift: int, limit: int) -> range:
    """The pixels whose place ``pixel * stride + shift`` lies in 0 ... limit - 1."""
    first = max(0, -(shift // stride))
    last = min(size, -((shift - limit) // stride))
    return range(first, max(first, last))
