# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Sums, products and the like of two 8-bit tensors, as TensorFlow Lite's kernels have them.

Operands are int8 or uint8, both of one type, and are broadcast against each other; the result has
their type, and lies within ``bounds``, those of a fused activation, where there are any.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from macaw.golden.fixed_point import Affine, clamp_bytes, rescale
from macaw.golden.float32 import float32

__all__ = ["add", "multiply", "prelu", "squared_difference", "subtract"]

#: Bits that sums and differences have behind the point.
_FRACTION = 20
#: And differences that are squared.
_SQUARED_FRACTION = 7


def add(
    first: NDArray[Any],
    second: NDArray[Any],
    *,
    operands: tuple[Affine, Affine],
    result: Affine,
    bounds: tuple[int, int] | None = None,
) -> NDArray[Any]:
    """The sum: both operands with 20 bits behind the point, in units of twice the larger scale
    (source: tensorflow/lite/kernels/add.cc and internal/reference/integer_ops/add.h).

    >>> unit = Affine(1.0, 0)
    >>> add(np.int8([1, 100]), np.int8([2, 100]), operands=(unit, unit), result=unit)
    array([  3, 127], dtype=int8)
    """
    a, b, twice = _aligned(first, second, operands)
    return _finish(a + b, twice, first.dtype, result, bounds)


def subtract(
    first: NDArray[Any],
    second: NDArray[Any],
    *,
    operands: tuple[Affine, Affine],
    result: Affine,
    bounds: tuple[int, int] | None = None,
) -> NDArray[Any]:
    """The difference, as `add` has it (source: tensorflow/lite/kernels/sub.cc and
    internal/reference/sub.h)."""
    a, b, twice = _aligned(first, second, operands)
    return _finish(a - b, twice, first.dtype, result, bounds)


def squared_difference(
    first: NDArray[Any],
    second: NDArray[Any],
    *,
    operands: tuple[Affine, Affine],
    result: Affine,
    bounds: tuple[int, int] | None = None,
) -> NDArray[Any]:
    """The square of the difference, which has 7 bits behind the point, in units of twice the larger
    scale (source: tensorflow/lite/kernels/squared_difference.cc). Operands are int8."""
    a, b, twice = _aligned(first, second, operands, _SQUARED_FRACTION)
    factor = twice**2 / ((1 << 2 * _SQUARED_FRACTION) * result.scale)
    return clamp_bytes(rescale((a - b) ** 2, factor) + result.zero_point, first.dtype, bounds)


def multiply(
    first: NDArray[Any],
    second: NDArray[Any],
    *,
    operands: tuple[Affine, Affine],
    result: Affine,
    bounds: tuple[int, int] | None = None,
) -> NDArray[Any]:
    """The product; the factor ``s_a * s_b / s_o`` is computed in float32 (source:
    tensorflow/lite/kernels/mul.cc and internal/reference/integer_ops/mul.h)."""
    scales = [np.float32(operand.scale) for operand in operands]
    factor = float(scales[0] * scales[1] / np.float32(result.scale))
    a = first.astype(np.int32) - operands[0].zero_point
    b = second.astype(np.int32) - operands[1].zero_point
    return clamp_bytes(rescale(a * b, factor) + result.zero_point, first.dtype, bounds)


def prelu(
    values: NDArray[Any],
    slopes: NDArray[Any],
    *,
    operands: tuple[Affine, Affine],
    result: Affine,
) -> NDArray[Any]:
    """``values`` where they are 0 or more, their products with ``slopes`` elsewhere; both factors,
    ``s_x / s_o`` and ``s_x * s_a / s_o``, are computed in float32 (source: ``PreluPrepare`` in
    tensorflow/lite/kernels/activations.cc and internal/reference/prelu.h).

    >>> unit = Affine(1.0, 0)
    >>> prelu(np.int8([-3, 3]), np.int8([2]), operands=(unit, unit), result=unit)
    array([-6,  3], dtype=int8)
    """
    scale, slope_scale, result_scale = (float32(each.scale) for each in (*operands, result))
    centred = values.astype(np.int32) - operands[0].zero_point
    products = centred * (slopes.astype(np.int32) - operands[1].zero_point)
    positive = rescale(centred, float(scale / result_scale))
    negative = rescale(products, float(scale * slope_scale / result_scale))
    return clamp_bytes(np.where(centred >= 0, positive, negative) + result.zero_point, values.dtype)


def _aligned(
    first: NDArray[Any],
    second: NDArray[Any],
    operands: tuple[Affine, Affine],
    fraction: int = _FRACTION,
) -> tuple[NDArray[np.int64], NDArray[np.int64], float]:
    """Both operands in one unit, and twice the larger scale."""
    twice = 2 * max(operand.scale for operand in operands)
    a, b = (
        rescale((values.astype(np.int64) - operand.zero_point) << fraction, operand.scale / twice)
        for values, operand in zip((first, second), operands, strict=True)
    )
    return a, b, twice


def _finish(
    total: NDArray[np.int64],
    twice: float,
    dtype: Any,
    result: Affine,
    bounds: tuple[int, int] | None,
) -> NDArray[Any]:
    factor = twice / ((1 << _FRACTION) * result.scale)
    return clamp_bytes(rescale(total, factor) + result.zero_point, dtype, bounds)
