# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Functions of a single 8-bit value, as TensorFlow Lite's reference kernels have them.

Each gives an array of the input's shape. The functions that the kernels tabulate are computed in
float32, with the exponential correctly rounded; the others are integer arithmetic.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from macaw.arch import fixed_multiplier
from macaw.golden.fixed_point import Affine, clamp_bytes, rescale, shift_away
from macaw.golden.float32 import float32, round_half_away

__all__ = [
    "absolute",
    "elu",
    "hard_swish",
    "leaky_relu",
    "logistic",
    "requantize_bytes",
    "table",
    "tanh",
]


def table(function: Callable[[NDArray[Any]], NDArray[Any]], dtype: Any) -> NDArray[Any]:
    """The 256 results of a function of single values, for the type's values in ascending order.

    >>> table(lambda values: np.maximum(values, 0), np.int8)[[0, 128, 129, 255]]
    array([  0,   0,   1, 127], dtype=int8)
    """
    limits = np.iinfo(dtype)
    return function(np.arange(limits.min, limits.max + 1).astype(dtype))


def requantize_bytes(
    values: NDArray[Any],
    *,
    operand: Affine,
    result: Affine,
    dtype: Any,
    bounds: tuple[int, int] | None = None,
) -> NDArray[Any]:
    """The same numbers with another scale, zero point or 8-bit type (source: QUANTIZE in
    tensorflow/lite/kernels/quantize.cc); with ``bounds``, an activation that stands alone (source:
    ``QuantizedReluX`` in tensorflow/lite/kernels/activations.cc). TensorFlow Lite Micro's RELU6
    does not requantise."""
    scaled = rescale(values.astype(np.int32) - operand.zero_point, operand.scale / result.scale)
    return clamp_bytes(scaled + result.zero_point, dtype, bounds)


def absolute(values: NDArray[Any], *, operand: Affine, result: Affine) -> NDArray[Any]:
    """``x`` without its sign, with a multiplier computed in float32 (source: ``AbsEvalQuantized``
    in tensorflow/lite/kernels/elementwise.cc)."""
    distance = np.abs(values.astype(np.int32) - operand.zero_point)
    factor = float(np.float32(operand.scale) / np.float32(result.scale))
    return clamp_bytes(rescale(distance, factor) + result.zero_point, values.dtype)


def leaky_relu(
    values: NDArray[Any], *, operand: Affine, result: Affine, alpha: float
) -> NDArray[Any]:
    """``x`` where it is positive, ``alpha * x`` elsewhere, each with a multiplier computed in
    float32 (source: ``LeakyReluPrepare`` in tensorflow/lite/kernels/activations.cc).

    A negative ``alpha`` negates the multiplier, not the result.
    """
    centred = values.astype(np.int32) - operand.zero_point
    scale, result_scale = np.float32(operand.scale), np.float32(result.scale)
    positive = rescale(centred, float(scale / result_scale))
    slope = float(scale * np.float32(alpha) / result_scale)
    # A multiplier's sign can be moved to the value: a product is the same.
    negative = rescale(centred if slope >= 0 else -centred, abs(slope))
    return clamp_bytes(np.where(centred >= 0, positive, negative) + result.zero_point, values.dtype)


def logistic(values: NDArray[Any], *, operand: Affine, result: Affine) -> NDArray[Any]:
    """``1 / (1 + exp(-x))``, from a table (source: ``SigmoidPrepare`` in
    tensorflow/lite/kernels/activations.cc)."""

    def function(x: NDArray[np.float32]) -> NDArray[np.float32]:
        with np.errstate(over="ignore"):
            power = float32(np.exp(-x.astype(np.float64)))
        return np.float32(1) / (np.float32(1) + power)

    return _looked_up(values, function, operand, result)


def tanh(values: NDArray[Any], *, operand: Affine, result: Affine) -> NDArray[Any]:
    """The hyperbolic tangent, from a table (source: ``TanhPrepare`` in
    tensorflow/lite/kernels/activations.cc)."""
    return _looked_up(values, lambda x: float32(np.tanh(x.astype(np.float64))), operand, result)


def elu(values: NDArray[Any], *, operand: Affine, result: Affine) -> NDArray[Any]:
    """``x`` where it is 0 or more, ``exp(x) - 1`` elsewhere, from a table (source: ``EluPrepare``
    in tensorflow/lite/kernels/activations.cc). The difference is rounded once, as ``expm1`` has
    it; TensorFlow Lite Micro rounds the exponential before."""

    def function(x: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.where(x < 0, float32(np.expm1(np.minimum(x, 0).astype(np.float64))), x)

    return _looked_up(values, function, operand, result)


def _looked_up(
    values: NDArray[Any],
    function: Callable[[NDArray[np.float32]], NDArray[np.float32]],
    operand: Affine,
    result: Affine,
) -> NDArray[Any]:
    """Dequantised, put into the function, multiplied by ``fl(1 / s_o)``, rounded half away from
    zero (source: ``PopulateLookupTable`` in tensorflow/lite/kernels/activations.cc)."""

    def entries(inputs: NDArray[Any]) -> NDArray[Any]:
        real = np.float32(operand.scale) * float32(inputs.astype(np.int32) - operand.zero_point)
        scaled = function(real) * (np.float32(1) / np.float32(result.scale))
        return clamp_bytes(round_half_away(scaled) + result.zero_point, inputs.dtype)

    lowest = int(np.iinfo(values.dtype).min)
    return table(entries, values.dtype)[values.astype(np.int32) - lowest]


def hard_swish(values: NDArray[Any], *, operand: Affine, result: Affine) -> NDArray[Any]:
    """``x * min(max(x + 3, 0), 6) / 6`` in 16-bit fixed point (source: ``HardSwish`` in
    tensorflow/lite/kernels/internal/reference/hard_swish.h, ``HardSwishPrepare`` in
    tensorflow/lite/kernels/activations.cc).

    Values have 7 bits behind the point. One factor goes to the scale of the result, before a
    shift that comes last; the other to units of 3 / 2**15, saturating, and becomes a number in
    0 ... 1. Raises ``ValueError`` where the result's scale is below the input's over 128, which
    the kernel refuses.
    """
    fine = np.float32(1 / 128) * np.float32(operand.scale)
    output, output_shift = _multiplier16(float(fine / np.float32(result.scale)))
    relu_factor, relu_shift = _multiplier16(float(fine / np.float32(3 / 32768)))
    if output_shift > 0:
        raise ValueError(f"the result's scale must be at least {fine}, not {result.scale}")
    inputs = (values.astype(np.int64) - operand.zero_point) << 7
    preshift = _high_product16(inputs, output)
    gate = inputs
    if relu_shift > 0:
        gate = _saturate16(gate << (relu_shift - 1))
    gate = _high_product16(gate, relu_factor)
    if relu_shift > 0:
        gate = _saturate16(gate << 1)
    if relu_shift < 0:
        gate = shift_away(gate, -relu_shift)
    gate = (gate + (1 << 15)) >> 1
    product = gate * preshift
    # A division towards zero: this product alone is not rounded.
    towards_zero = _saturate16(np.sign(product) * (np.abs(product) >> 15))
    shifted = shift_away(towards_zero, -output_shift)
    return clamp_bytes(shifted + result.zero_point, values.dtype)


def _multiplier16(factor: float) -> tuple[int, int]:
    """A factor as a 16-bit multiplier over 2**15, and a shift to the left."""
    multiplier, shift = fixed_multiplier(factor)
    return min((multiplier + (1 << 15)) >> 16, (1 << 15) - 1), shift


def _high_product16(values: NDArray[np.int64], multiplier: int) -> NDArray[np.int64]:
    """``values * multiplier / 2**15``, half up."""
    return (values * multiplier + (1 << 14)) >> 15


def _saturate16(values: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.clip(values, -(1 << 15), (1 << 15) - 1)
