# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Sums and products of two 8-bit tensors, as ONNX Runtime's kernels for CPUs have them.

Operands are int8 or uint8, both of one type, and are broadcast against each other; the result has
their type. All arithmetic is that of float32.
"""

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
    # One operand has 256 values: what they contribute is looked up.
    partial = fma32(_values(second.dtype), b_ratio, constant)[_places(second)]
    return clamp_bytes(round_half_even(fma32(float32(first), a_ratio, partial)), first.dtype)


def multiply(
    first: NDArray[Any], second: NDArray[Any], *, operands: tuple[Affine, Affine], result: Affine
) -> NDArray[Any]:
    """``RNE(fl(fl(p * fl(fl(s_a * s_b) / s_o)) + z_o))``, p the product of the integers less
    their zero points: QLinearMul (source: onnxruntime/core/mlas/lib/qlmul.cpp)."""
    (a, a_zero), (b, b_zero) = operands
    factor = np.float32(a) * np.float32(b) / np.float32(result.scale)
    product = (first.astype(np.int32) - a_zero) * (second.astype(np.int32) - b_zero)
    moved = float32(product) * factor + np.float32(result.zero_point)
    return clamp_bytes(round_half_even(moved), first.dtype)


def _values(dtype: Any) -> NDArray[np.float32]:
    limits = np.iinfo(dtype)
    return np.arange(limits.min, limits.max + 1).astype(np.float32)


def _places(values: NDArray[Any]) -> NDArray[np.intp]:
    return values.astype(np.intp) - int(np.iinfo(values.dtype).min)
