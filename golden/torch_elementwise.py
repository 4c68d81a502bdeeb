# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Sums and products of two 8-bit tensors, and scaled channels, as PyTorch's kernels have them.

Operands are broadcast against each other; the result has their type, and with ``relu`` is nowhere
below its zero point. What fills no vector has an ``arithmetic`` of its own: see
`macaw.golden.torch_numbers`.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from macaw.golden.fixed_point import Affine, clamp_bytes, shift_away
from macaw.golden.float32 import float32, fma32, round_half_even, wrap32
from macaw.golden.torch_numbers import Arithmetic, inverse

__all__ = ["add", "batch_norm", "concat_part", "multiply", "qnnpack_add"]


def add(
    arithmetic: Arithmetic,
    first: NDArray[Any],
    second: NDArray[Any],
    *,
    operands: tuple[Affine, Affine],
    result: Affine,
    relu: bool = False,
) -> NDArray[Any]:
    """The sum of the real numbers in float32: fbgemm, onednn and x86 (source: ``qadd_kernel`` in
    aten/src/ATen/native/quantized/cpu/kernels/QuantizedOpKernels.cpp).

    >>> from macaw.golden.torch_numbers import VECTORS
    >>> unit = Affine(1.0, 0)
    >>> units = {"operands": (unit, unit), "result": unit}
    >>> add(VECTORS, np.uint8([1, 200]), np.uint8([2, 100]), **units)
    array([  3, 255], dtype=uint8)
    """
    a, b = (
        arithmetic.dequantize(values, operand)
        for values, operand in zip((first, second), operands, strict=True)
    )
    return _floored(arithmetic.quantize(a + b, result, first.dtype), result, relu)


def qnnpack_add(
    first: NDArray[Any],
    second: NDArray[Any],
    *,
    operands: tuple[Affine, Affine],
    result: Affine,
    relu: bool = False,
) -> NDArray[Any]:
    """The sum in integers: qnnpack. Each operand has a multiplier of 21 or 22 bits, of one unit;
    the sum is rounded half away from zero (source: ``pytorch_qnnp_compute_add_quantization_params``
    in aten/src/ATen/native/quantized/cpu/qnnpack/src/qnnpack/requantization.h).

    Raises ``ValueError`` for scales that the engine refuses: over the result's, they must lie in
    2**-14 ... 2**8.
    """
    output = np.float32(result.scale)
    ratios = [np.float32(operand.scale) / output for operand in operands]
    if not all(2.0**-14 <= ratio < 2.0**8 for ratio in ratios):
        raise ValueError(f"scales over the result's must be in 2**-14 ... 2**8, not {ratios!r}")
    shift = 22 - math.frexp(max(ratios))[1]
    total: Any = 0
    for values, operand, ratio in zip((first, second), operands, ratios, strict=True):
        multiplier = int(np.rint(math.ldexp(float(ratio), shift)))
        total = total + (values.astype(np.int64) - operand.zero_point) * multiplier
    rounded = shift_away(wrap32(total), shift) + result.zero_point
    return _floored(clamp_bytes(rounded, first.dtype), result, relu)


def multiply(
    first: NDArray[Any],
    second: NDArray[Any],
    *,
    operands: tuple[Affine, Affine],
    result: Affine,
    relu: bool = False,
) -> NDArray[Any]:
    """The product of the integers, times ``fl(fl(s_a * s_b) * fl(1 / s_o))``: all engines (source:
    ``qmul_kernel`` in aten/src/ATen/native/quantized/cpu/kernels/QuantizedOpKernels.cpp)."""
    scales = [np.float32(operand.scale) for operand in operands]
    factor = scales[0] * scales[1] * inverse(result.scale)
    a = first.astype(np.int32) - operands[0].zero_point
    b = second.astype(np.int32) - operands[1].zero_point
    rounded = round_half_even(float32(a * b) * factor).astype(np.int64) + result.zero_point
    return _floored(clamp_bytes(rounded, first.dtype), result, relu)


def concat_part(
    arithmetic: Arithmetic, values: NDArray[Any], *, operand: Affine, result: Affine
) -> NDArray[Any]:
    """``values`` with the scale and zero point of the tensor that they become a part of (source:
    ``qcat_nhwc_kernel`` in
    aten/src/ATen/native/quantized/cpu/kernels/QuantizedOpKernels.cpp)."""
    return arithmetic.quantize(arithmetic.dequantize(values, operand), result, values.dtype)


def batch_norm(
    values: NDArray[Any],
    factor: NDArray[np.float32],
    offset: NDArray[np.float32],
    *,
    operand: Affine,
    result: Affine,
    relu: bool = False,
) -> NDArray[Any]:
    """``factor * x + offset`` for each channel, the last axis of ``values``: the integers take one
    fused step, with both parameters divided by the result's scale in float64 (source:
    ``compute_fused_params`` in aten/src/ATen/native/quantized/cpu/Normalization.cpp,
    ``q_batch_norm_kernel`` in
    aten/src/ATen/native/quantized/cpu/kernels/QuantizedOpKernels.cpp)."""
    alpha = float32(factor.astype(np.float64) * operand.scale / result.scale)
    beta = float32(offset.astype(np.float64) / result.scale)
    rounded = round_half_even(fma32(alpha, float32(values) - np.float32(operand.zero_point), beta))
    moved = clamp_bytes(rounded.astype(np.float64) + result.zero_point, values.dtype)
    return _floored(moved, result, relu)


def _floored(values: NDArray[Any], result: Affine, relu: bool) -> NDArray[Any]:
    return np.maximum(values, values.dtype.type(result.zero_point)) if relu else values
