# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""From 8 bits to real numbers and back, as PyTorch's kernels do it: in two ways.

What fills a vector is taken as `VECTORS` says; the rest at the end of a tensor, or of its
channels, one by one, as `SINGLES` says: nothing is fused, and the zero point is added before the
rounding. The two differ in few values: ties at odd zero points, and neighbours of ties.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from macaw.golden import quantize
from macaw.golden.fixed_point import Affine, clamp_bytes
from macaw.golden.float32 import float32, fma32, round_half_even

__all__ = ["SINGLES", "VECTORS", "Arithmetic", "by_channels", "by_values", "inverse", "limit_level"]


class Arithmetic(NamedTuple):
    """A way from 8 bits to float32, and one back, to a type."""

    dequantize: Callable[[NDArray[Any], Affine], NDArray[np.float32]]
    quantize: Callable[[ArrayLike, Affine, Any], NDArray[Any]]


def inverse(scale: float) -> np.float32:
    """``fl(1 / scale)``, with which the kernels multiply instead of dividing."""
    return np.float32(1) / np.float32(scale)


def _vector_dequantize(values: NDArray[Any], operand: Affine) -> NDArray[np.float32]:
    scale = np.float32(operand.scale)
    return fma32(float32(values), scale, scale * np.float32(-operand.zero_point))


def _vector_quantize(values: ArrayLike, result: Affine, dtype: Any) -> NDArray[Any]:
    rounded = round_half_even(float32(values) * inverse(result.scale))
    return clamp_bytes(rounded + np.float32(result.zero_point), dtype)


def _single_dequantize(values: NDArray[Any], operand: Affine) -> NDArray[np.float32]:
    return quantize.dequantize(values, *operand)


def _single_quantize(values: ArrayLike, result: Affine, dtype: Any) -> NDArray[Any]:
    moved = float32(values) * inverse(result.scale) + np.float32(result.zero_point)
    return clamp_bytes(round_half_even(moved), dtype)


#: ``fma(q, s, fl(-s * z))`` and ``RNE(fl(x * fl(1 / s))) + z`` (source: ``dequantize`` and
#: ``QuantizeAvx512`` in aten/src/ATen/cpu/vec/vec512/vec512_qint.h).
VECTORS = Arithmetic(_vector_dequantize, _vector_quantize)

#: ``fl((q - z) * s)`` and ``RNE(fl(fl(x * fl(1 / s)) + z))`` (source: ``dequantize_val`` and
#: ``quantize_val`` in aten/src/ATen/native/quantized/AffineQuantizerBase.cpp).
SINGLES = Arithmetic(_single_dequantize, _single_quantize)


def by_values(
    function: Callable[..., NDArray[Any]], *operands: NDArray[Any], width: int = 64
) -> NDArray[Any]:
    """``function(arithmetic, *operands)``, a function of single values, over operands of one
    shape: whole vectors of ``width`` values, and the rest at the end. So it is on one thread;
    several have an end each.

    >>> def scaled(arithmetic, values):
    ...     return arithmetic.quantize(values / np.float32(2), Affine(1.0, 1), np.uint8)
    >>> by_values(scaled, np.float32([1, 1, 1]), width=2)
    array([1, 1, 2], dtype=uint8)
    """
    flat = [operand.reshape(-1) for operand in operands]
    return by_channels(function, *flat, width=width).reshape(operands[0].shape)


def by_channels(
    function: Callable[..., NDArray[Any]], *operands: NDArray[Any], width: int
) -> NDArray[Any]:
    """As `by_values`, but vectors lie along the last axis, and each line has a rest of its own."""
    result = function(VECTORS, *operands)
    rest = result.shape[-1] % width
    if rest:
        result[..., -rest:] = function(SINGLES, *(operand[..., -rest:] for operand in operands))
    return result


def limit_level(limit: float, operand: Affine, dtype: Any) -> int:
    """The 8-bit value for a bound, such as the 6 of ReLU6.

    >>> limit_level(6.0, Affine(0.0625, 10), np.uint8)
    106
    """
    return int(SINGLES.quantize(limit, operand, dtype))
