# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Functions of a single 8-bit value, as ONNX Runtime's kernels for CPUs have them.

Each dequantises, computes in float32, and quantises: a table of 256 results.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from macaw.golden.fixed_point import Affine
from macaw.golden.float32 import float32, fma32
from macaw.golden.quantize import dequantize, onnxruntime_quantize

__all__ = ["bounded", "leaky_relu", "logistic", "logistic32", "rescaled"]

#: The rational function that stands for the logistic: numerator and denominator, highest power
#: first, in the square of the argument; beyond the limit the argument is cut.
_NUMERATOR = (4.37031012579801e-11, 1.15627324459942e-07, 6.08574864600143e-05,
              8.51377133304701e-03, 2.48287947061529e-01)  # fmt: skip
_DENOMINATOR = (6.10247389755681e-13, 5.76102136993427e-09, 6.29106785017040e-06,
                1.70198817374094e-03, 1.16817656904453e-01, 9.93151921023180e-01)  # fmt: skip
_LIMIT = 18.0


def _looked_up(
    values: NDArray[Any],
    function: Callable[[NDArray[np.float32]], NDArray[np.float32]],
    operand: Affine,
    result: Affine,
) -> NDArray[Any]:
    """The function of real numbers by its table (source:
    onnxruntime/contrib_ops/cpu/quantization/qlinear_lookup_table.cc)."""
    limits = np.iinfo(values.dtype)
    inputs = np.arange(limits.min, limits.max + 1).astype(values.dtype)
    results = function(dequantize(inputs, *operand))
    table = onnxruntime_quantize(results, *result, dtype=values.dtype)
    return table[values.astype(np.intp) - int(limits.min)]


def rescaled(values: NDArray[Any], *, operand: Affine, result: Affine) -> NDArray[Any]:
    """The same numbers with another scale: operands of QLinearConcat (source:
    onnxruntime/contrib_ops/cpu/quantization/qlinear_concat.cc)."""
    if operand == result:
        return values
    return _looked_up(values, lambda x: x, operand, result)


def bounded(
    values: NDArray[Any],
    *,
    operand: Affine,
    result: Affine,
    bounds: tuple[np.float32, np.float32],
) -> NDArray[Any]:
    """Real numbers within bounds: Relu or Clip between DequantizeLinear and QuantizeLinear."""
    return _looked_up(values, lambda x: np.clip(x, *bounds), operand, result)


def leaky_relu(
    values: NDArray[Any], *, operand: Affine, result: Affine, alpha: float
) -> NDArray[Any]:
    """``x`` where it is 0 or more, ``alpha * x`` elsewhere: QLinearLeakyRelu."""
    slope = np.float32(alpha)
    return _looked_up(values, lambda x: np.where(x >= 0, x, x * slope), operand, result)


def logistic(values: NDArray[Any], *, operand: Affine, result: Affine) -> NDArray[Any]:
    """``1 / (1 + exp(-x))``, by `logistic32`: QLinearSigmoid."""
    return _looked_up(values, logistic32, operand, result)


def logistic32(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """``1 / (1 + exp(-x))`` of float32, by a quotient of polynomials whose steps are fused (source:
    onnxruntime/core/mlas/lib/logistic.cpp).

    >>> logistic32(np.float32([0.0, 1.0, 100.0]))
    array([0.5      , 0.7310586, 1.       ], dtype=float32)
    """
    x = np.clip(float32(values), np.float32(-_LIMIT), np.float32(_LIMIT))
    square = x * x
    above, below = _polynomial(square, _NUMERATOR), _polynomial(square, _DENOMINATOR)
    return float32(np.clip(x * above / below + np.float32(0.5), 0, 1))


def _polynomial(x: NDArray[np.float32], factors: tuple[float, ...]) -> NDArray[np.float32]:
    total = np.full_like(x, factors[0])
    for factor in factors[1:]:
        total = fma32(total, x, np.float32(factor))
    return float32(total)
