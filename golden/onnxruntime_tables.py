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

__all__ = [
    "bounded",
    "hard_swish",
    "hard_swish32",
    "leaky_relu",
    "logistic",
    "logistic32",
    "rescaled",
    "tanh",
    "tanh32",
]

#: The rational function that stands for the logistic: numerator and denominator, highest power
#: first, in the square of the argument; beyond the limit the argument is cut.
_LOGISTIC_ABOVE = (4.37031012579801e-11, 1.15627324459942e-07, 6.08574864600143e-05,
              8.51377133304701e-03, 2.48287947061529e-01)  # fmt: skip
_LOGISTIC_BELOW = (6.10247389755681e-13, 5.76102136993427e-09, 6.29106785017040e-06,
                1.70198817374094e-03, 1.16817656904453e-01, 9.93151921023180e-01)  # fmt: skip
_LOGISTIC_LIMIT = 18.0
#: That of the hyperbolic tangent.
_TANH_ABOVE = (-2.76076847742355e-16, 2.00018790482477e-13, -8.60467152213735e-11,
               5.12229709037114e-08, 1.48572235717979e-05, 6.37261928875436e-04,
               4.89352455891786e-03)  # fmt: skip
_TANH_BELOW = (1.19825839466702e-06, 1.18534705686654e-04, 2.26843463243900e-03,
               4.89352518554385e-03)  # fmt: skip
_TANH_LIMIT = 9.0


def _looked_up(
    values: NDArray[Any],
    function: Callable[[NDArray[np.float32]], NDArray[np.float32]],
    operand: Affine,
    result: Affine,
    dtype: Any = None,
) -> NDArray[Any]:
    """The function of real numbers by its table (source:
    onnxruntime/contrib_ops/cpu/quantization/qlinear_lookup_table.cc)."""
    limits = np.iinfo(values.dtype)
    inputs = np.arange(limits.min, limits.max + 1).astype(values.dtype)
    results = function(dequantize(inputs, *operand))
    table = onnxruntime_quantize(results, *result, dtype=dtype or values.dtype)
    return table[values.astype(np.intp) - int(limits.min)]


def rescaled(
    values: NDArray[Any], *, operand: Affine, result: Affine, dtype: Any = None
) -> NDArray[Any]:
    """The same numbers with another scale, or of another type: operands of QLinearConcat (source:
    onnxruntime/contrib_ops/cpu/quantization/qlinear_concat.cc), and QuantizeLinear behind
    DequantizeLinear."""
    return _looked_up(values, lambda x: x, operand, result, dtype)


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
    quotient = _quotient(float32(values), _LOGISTIC_ABOVE, _LOGISTIC_BELOW, _LOGISTIC_LIMIT)
    return float32(np.clip(quotient + np.float32(0.5), 0, 1))


def tanh(values: NDArray[Any], *, operand: Affine, result: Affine) -> NDArray[Any]:
    """The hyperbolic tangent, by `tanh32`: Tanh between DequantizeLinear and QuantizeLinear."""
    return _looked_up(values, tanh32, operand, result)


def tanh32(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """The hyperbolic tangent of float32, by a quotient of polynomials whose steps are fused
    (source: onnxruntime/core/mlas/lib/tanh.cpp)."""
    return _quotient(float32(values), _TANH_ABOVE, _TANH_BELOW, _TANH_LIMIT)


def hard_swish(values: NDArray[Any], *, operand: Affine, result: Affine) -> NDArray[Any]:
    """By `hard_swish32`: HardSwish between DequantizeLinear and QuantizeLinear."""
    return _looked_up(values, hard_swish32, operand, result)


def hard_swish32(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """``x * clip(x * fl(1 / 6) + 0.5)`` of float32, to 0 ... 1, each step rounded (source: the
    operator's definition in onnx/defs/nn/defs.cc, which the runtime expands)."""
    x = float32(values)
    return float32(x * np.clip(x * np.float32(1 / 6) + np.float32(0.5), 0, 1))


def _quotient(
    x: NDArray[np.float32], above: tuple[float, ...], below: tuple[float, ...], limit: float
) -> NDArray[np.float32]:
    """``x * above(x * x) / below(x * x)`` within a limit of x."""
    x = np.clip(x, np.float32(-limit), np.float32(limit))
    square = x * x
    return x * _polynomial(square, above) / _polynomial(square, below)


def _polynomial(x: NDArray[np.float32], factors: tuple[float, ...]) -> NDArray[np.float32]:
    total = np.full_like(x, factors[0])
    for factor in factors[1:]:
        total = fma32(total, x, np.float32(factor))
    return float32(total)
