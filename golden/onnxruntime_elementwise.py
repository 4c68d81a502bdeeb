# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Sums and products of two 8-bit tensors, as ONNX Runtime's kernels for CPUs have them.

Operands are int8 or uint8, both of one type, and are broadcast against each other; the result has
their type. The arithmetic is that of float32, done once for each pair of integers.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from macaw.golden.fixed_point import Affine, clamp_bytes
from macaw.golden.float32 import float32, fma32, round_half_even

__all__ = ["add", "multiply"]


def add(
    first: NDArray[Any], second: NDArray[Any], *, operands: tuple[Affine, Affine], result: Affine
) -> NDArray[Any]:
    """``RNE(fma(a, r_a, fma(b, r_b, C)))`` with ``r_a = fl(s_a / s_o)``, ``r_b = fl(s_b / s_o)``
    and ``C = fl(z_o - fma(r_a, z_a, fl(r_b * z_b)))``: QLinearAdd (source:
    onnxruntime/core/mlas/lib/qladd.cpp).

    >>> unit = Affine(1.0, 0)
    >>> add(np.int8([1, 100]), np.int8([2, 100]), operands=(unit, unit), result=unit)
    array([  3, 127], dtype=int8)
    """
    (a, a_zero), (b, b_zero) = operands
    a_ratio, b_ratio = (np.float32(scale) / np.float32(result.scale) for scale in (a, b))
    offset = fma32(a_ratio, np.float32(a_zero), b_ratio * np.float32(b_zero))
    constant = np.float32(result.zero_point) - offset

    def function(x: NDArray[np.int32], y: NDArray[np.int32]) -> NDArray[Any]:
        return fma32(float32(x), a_ratio, fma32(float32(y), b_ratio, constant))

    return _looked_up(first, second, function)


def multiply(
    first: NDArray[Any], second: NDArray[Any], *, operands: tuple[Affine, Affine], result: Affine
) -> NDArray[Any]:
    """``RNE(fl(fl(p * fl(fl(s_a * s_b) / s_o)) + z_o))``, p the product of the integers less
    their zero points: QLinearMul (source: onnxruntime/core/mlas/lib/qlmul.cpp)."""
    (a, a_zero), (b, b_zero) = operands
    factor = np.float32(a) * np.float32(b) / np.float32(result.scale)

    def function(x: NDArray[np.int32], y: NDArray[np.int32]) -> NDArray[Any]:
        product = float32((x - a_zero) * (y - b_zero))
        return product * factor + np.float32(result.zero_point)

    return _looked_up(first, second, function)


def _looked_up(
    first: NDArray[Any],
    second: NDArray[Any],
    function: Callable[[NDArray[np.int32], NDArray[np.int32]], NDArray[Any]],
) -> NDArray[Any]:
    """The function of two integers, rounded, from a table of its 65,536 results."""
    limits = np.iinfo(first.dtype)
    low = int(limits.min)
    every = np.arange(low, limits.max + 1, dtype=np.int32)
    results = round_half_even(function(every[:, np.newaxis], every))
    table = clamp_bytes(results, first.dtype)
    return table[first.astype(np.intp) - low, second.astype(np.intp) - low]
