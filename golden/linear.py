# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Fully connected layers of quantised vectors: exact accumulators, and results."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from macaw.arch import AnyRequantization
from macaw.golden.float32 import float32
from macaw.golden.matmul import ExactMatrix
from macaw.golden.operands import (
    centre,
    check_bytes,
    input_zero_point_value,
    weights_without_zero_point,
)
from macaw.golden.requantize import requantize

__all__ = ["accumulate_linear", "linear"]


def accumulate_linear(
    inputs: NDArray[Any],
    weights: NDArray[Any],
    *,
    input_zero_point: int,
    weight_zero_point: ArrayLike = 0,
) -> NDArray[np.int32]:
    """The sums of ``(x - input_zero_point) * (w - weight_zero_point)``, without a bias.

    ``inputs`` is [..., in_features] and ``weights`` [out_features, in_features], each in int8 or
    uint8; the result is [..., out_features]. ``weight_zero_point`` is one value of the weights'
    type, or one for each output. Sums are exact; beyond int32 they wrap.

    Raises ``TypeError`` for other types, and ``ValueError`` for shapes that do not belong
    together and for zero points out of range.
    """
    check_bytes("inputs", inputs)
    check_bytes("weights", weights)
    if weights.ndim != 2 or inputs.ndim < 1 or inputs.shape[-1] != weights.shape[-1]:
        raise ValueError(
            "inputs and weights must be [..., in_features] and [out_features, in_features], "
            f"not {inputs.shape!r} and {weights.shape!r}"
        )
    zero_point = input_zero_point_value(input_zero_point, inputs.dtype)
    matrix = ExactMatrix(weights_without_zero_point(weights, weight_zero_point)[np.newaxis])
    middle = centre(inputs.dtype)
    centred = float32(inputs.reshape(1, -1, inputs.shape[-1])) - np.float32(middle)
    sums = matrix.multiply(centred)[0]
    sums += (middle - zero_point) * matrix.sums()[0]
    result: NDArray[np.int32] = sums.reshape(*inputs.shape[:-1], len(weights))
    return result


def linear(
    inputs: NDArray[Any],
    weights: NDArray[Any],
    *,
    input_zero_point: int,
    requantization: AnyRequantization,
    weight_zero_point: ArrayLike = 0,
) -> NDArray[np.int8] | NDArray[np.uint8] | NDArray[np.int32]:
    """The quantised layer: `accumulate_linear`, then `requantize`. Raises what these raise."""
    accumulators = accumulate_linear(
        inputs, weights, input_zero_point=input_zero_point, weight_zero_point=weight_zero_point
    )
    return requantize(accumulators, requantization)
