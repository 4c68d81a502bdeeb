# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Functions of a single 8-bit value, as PyTorch's kernels have them: tables of 256 entries.

Each gives an array of the input's shape: dequantised, put into the function in float32, quantised.
Exponentials are correctly rounded. What fills no vector has an ``arithmetic`` of its own, and so
have the tables of qnnpack: see `macaw.golden.torch_numbers`.

Sources: aten/src/ATen/native/quantized/cpu/kernels/QuantizedOpKernels.cpp, and for qnnpack
aten/src/ATen/native/quantized/cpu/qnnpack/src (hardsigmoid.c, hardswish.c, sigmoid.c, tanh.c).
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from macaw.golden.fixed_point import Affine
from macaw.golden.float32 import float32
from macaw.golden.tables import table
from macaw.golden.torch_numbers import SINGLES, Arithmetic

__all__ = ["elu", "hard_sigmoid", "hard_swish", "leaky_relu", "logistic", "tanh"]

#: A function of float32 values, in float32.
Function = Callable[[NDArray[np.float32]], NDArray[np.float32]]


def leaky_relu(
    arithmetic: Arithmetic,
    values: NDArray[Any],
    *,
    operand: Affine,
    result: Affine,
    alpha: float,
) -> NDArray[Any]:
    """``x`` where it is positive, ``alpha * x`` elsewhere."""
    slope = np.float32(alpha)
    return _looked_up(arithmetic, values, lambda x: np.where(x > 0, x, x * slope), operand, result)


def elu(
    arithmetic: Arithmetic,
    values: NDArray[Any],
    *,
    operand: Affine,
    result: Affine,
    alpha: float,
) -> NDArray[Any]:
    """``x`` where it is positive, ``alpha * (exp(x) - 1)`` elsewhere."""
    slope = np.float32(alpha)

    def function(x: NDArray[np.float32]) -> NDArray[np.float32]:
        below = np.minimum(x, 0).astype(np.float64)
        return np.where(x > 0, x, float32(np.expm1(below)) * slope)

    return _looked_up(arithmetic, values, function, operand, result)


def hard_swish(
    arithmetic: Arithmetic,
    values: NDArray[Any],
    *,
    operand: Affine,
    result: Affine,
) -> NDArray[Any]:
    """``x * min(max(x + 3, 0), 6) / 6``."""
    return _looked_up(arithmetic, values, lambda x: x * _gate(x) / np.float32(6), operand, result)


def hard_sigmoid(
    arithmetic: Arithmetic,
    values: NDArray[Any],
    *,
    operand: Affine,
    result: Affine,
) -> NDArray[Any]:
    """``min(max(x + 3, 0), 6) / 6``."""
    return _looked_up(arithmetic, values, lambda x: _gate(x) / np.float32(6), operand, result)


def _gate(x: NDArray[np.float32]) -> NDArray[np.float32]:
    return float32(np.clip(x + np.float32(3), np.float32(0), np.float32(6)))


def logistic(
    arithmetic: Arithmetic,
    values: NDArray[Any],
    *,
    operand: Affine,
    result: Affine,
) -> NDArray[Any]:
    """``1 / (1 + exp(-x))``; this function alone dequantises without a fused step."""

    def function(x: NDArray[np.float32]) -> NDArray[np.float32]:
        with np.errstate(over="ignore"):
            power = float32(np.exp(-x.astype(np.float64)))
        return np.float32(1) / (np.float32(1) + power)

    return _looked_up(arithmetic, values, function, operand, result, SINGLES.dequantize)


def tanh(
    arithmetic: Arithmetic,
    values: NDArray[Any],
    *,
    operand: Affine,
    result: Affine,
) -> NDArray[Any]:
    """The hyperbolic tangent."""

    def function(x: NDArray[np.float32]) -> NDArray[np.float32]:
        return float32(np.tanh(x.astype(np.float64)))

    return _looked_up(arithmetic, values, function, operand, result)


def _looked_up(
    arithmetic: Arithmetic,
    values: NDArray[Any],
    function: Function,
    operand: Affine,
    result: Affine,
    dequantize: Callable[[NDArray[Any], Affine], NDArray[np.float32]] | None = None,
) -> NDArray[Any]:
    def entries(inputs: NDArray[Any]) -> NDArray[Any]:
        real = (dequantize or arithmetic.dequantize)(inputs, operand)
        return arithmetic.quantize(function(real), result, inputs.dtype)

    lowest = int(np.iinfo(values.dtype).min)
    return table(entries, values.dtype)[values.astype(np.int32) - lowest]
