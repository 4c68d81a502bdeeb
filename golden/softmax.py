# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Softmax of 8-bit values in fixed point, as TensorFlow Lite's reference kernel has it.

The functions of numbers are gemmlowp's (fixedpoint.h): a Taylor polynomial and a chain of factors
for the exponential, Newton's iteration for the reciprocal. Q5.26 stands for 5 bits before the
point and 26 behind it.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from macaw.arch import fixed_multiplier
from macaw.golden.fixed_point import clamp_bytes, high_product, shift_away
from macaw.golden.float32 import wrap32

__all__ = ["softmax"]

#: Bits before the point of differences, and of the sum.
_DIFFERENCE_BITS, _SUM_BITS = 5, 12
_ONE = (1 << 31) - 1


def softmax(values: NDArray[Any], *, scale: float, beta: float = 1.0) -> NDArray[Any]:
    """``exp(beta * x)`` over its sum along the last axis, in units of 1 / 256.

    ``values`` are int8 or uint8 with ``scale``; the result has their type, and its lowest value
    stands for 0. Values that lie so far below the greatest that their exponential is nothing
    are left out of the sum, and give 0 (source:
    tensorflow/lite/kernels/internal/reference/softmax.h).

    >>> softmax(np.int8([[0, 0, 0, -100]]), scale=0.25)
    array([[ -43,  -43,  -43, -128]], dtype=int8)
    """
    units = 1 << (31 - _DIFFERENCE_BITS)
    multiplier, shift = fixed_multiplier(min(beta * scale * units, float(_ONE)))
    radius = math.floor(((1 << _DIFFERENCE_BITS) - 1) * units / 2.0**shift)
    differences = values.astype(np.int32) - values.max(axis=-1, keepdims=True).astype(np.int32)
    known = np.arange(-255, 1)
    exponents = high_product(wrap32(known << max(shift, 0)), multiplier)
    powers = np.where(known >= -radius, _exponential(exponents), 0)
    table = np.stack([powers, shift_away(powers, _SUM_BITS)])
    exponentials, terms = (column[differences + 255] for column in table)
    total = terms.sum(axis=-1, keepdims=True)
    reciprocal, over_unit = _reciprocal(wrap32(total).astype(np.int64))
    shares = shift_away(high_product(reciprocal, exponentials), over_unit + 31 - 8)
    lowest = int(np.iinfo(values.dtype).min)
    results = np.where(differences >= -radius, shares + lowest, lowest)
    return clamp_bytes(results, values.dtype)


def _exponential(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """Exp of values of 0 or less, Q5.26, as Q0.31."""
    quarter = 1 << 24
    rest = (values & (quarter - 1)) - quarter
    result = _exponential_above_quarter(rest << _DIFFERENCE_BITS)
    whole = rest - values
    for exponent in range(-2, _DIFFERENCE_BITS):
        factor = math.floor(math.exp(-(2.0**exponent)) * (1 << 31) + 0.5)
        bit = 1 << (31 - _DIFFERENCE_BITS + exponent)
        result = np.where(whole & bit, high_product(result, factor), result)
    return np.where(values == 0, _ONE, result)


def _exponential_above_quarter(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """Exp of values in -1/4 ... 0, Q0.31: four terms of the Taylor series at -1/8."""
    constant, third = 1895147668, 715827883
    x = values + (1 << 28)
    x2 = high_product(x, x)
    x3, x4 = high_product(x2, x), high_product(x2, x2)
    tail = shift_away(high_product(shift_away(x4, 2) + x3, third) + x2, 1)
    return np.minimum(constant + high_product(constant, x + tail), _ONE)


def _reciprocal(values: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """1 / x of positive Q12.19 values: a number in 1/2 ... 1, Q0.31, and the bits that x has
    above 1, by which the number is yet to be shifted."""
    _, length = np.frexp(values.astype(np.float64))
    zeros = 32 - length.astype(np.int64)
    fraction = (values << zeros) - (1 << 31)
    # Rounded half away from zero; both are positive.
    half = (fraction + _ONE + 1) >> 1
    x = 1515870810 + high_product(half, -1010580540)
    for _ in range(3):
        error = (1 << 29) - high_product(half, x)
        step = high_product(x, error) << 2
        x = x + np.clip(step, -(1 << 31), _ONE)
    return np.clip(x << 1, -(1 << 31), _ONE), _SUM_BITS - zeros
