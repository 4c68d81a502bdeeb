# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Single steps of arithmetic with one rounding to float32 each, or to int32 with wrap-around."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["float32", "fma32", "round_half_away", "round_half_even", "wrap32"]


def float32(values: ArrayLike) -> NDArray[np.float32]:
    """``values`` rounded to float32, nearest even."""
    return np.asarray(values, dtype=np.float32)


def wrap32(values: NDArray[Any]) -> NDArray[np.int32]:
    """The integers ``values`` (int64 or narrower) modulo 2**32, as int32.

    >>> wrap32(np.array([2**31, -2**31 - 1]))
    array([-2147483648,  2147483647], dtype=int32)
    """
    return values.astype(np.int32, copy=False)


def round_half_even(values: ArrayLike) -> NDArray[np.float32]:
    """float32 ``values`` rounded to integers, ties to the even one; any magnitude.

    >>> round_half_even([0.5, 1.5, -2.5])
    array([ 0.,  2., -2.], dtype=float32)
    """
    return np.rint(float32(values))


def round_half_away(values: ArrayLike) -> NDArray[np.float64]:
    """float32 ``values`` rounded to integers, ties away from zero.

    >>> round_half_away([0.5, 1.4, -2.5])
    array([ 1.,  1., -3.])
    """
    wide = np.asarray(values, np.float64)
    return np.asarray(np.trunc(wide + np.copysign(0.5, wide)))


def fma32(a: ArrayLike, b: ArrayLike, c: ArrayLike) -> NDArray[np.float32]:
    """``a * b + c`` of float32 values with one rounding, to float32, nearest even.

    The product of two float32 has at most 48 bits: float64 holds it. The float64 sum is
    rounded to odd (an inexact result whose last bit is even moves to its odd neighbour on the
    side of the error), so the second rounding, to float32, sees on which side of a tie the
    exact value lies. That needs two bits more than float32 has; float64 has 29.

    Here the sum lies 2**-70 below a tie, which a float64 sum would round to the tie itself:

    >>> c = 1 + 2**-23
    >>> float(fma32(1 - 2**-23, (1 + 2**-23) * 2**-24, c)) == c
    True
    >>> float(np.float32((1 - 2**-23) * (1 + 2**-23) * 2**-24 + c)) == c
    False
    """
    product = np.asarray(a, np.float64) * np.asarray(b, np.float64)
    addend = np.asarray(c, np.float64)
    total = np.atleast_1d(product + addend)
    # Knuth's two-sum: the exact error of the float64 addition.
    part = total - product
    error = (product - (total - part)) + (addend - part)
    inexact_even = (error != 0) & (total.view(np.int64) & 1 == 0)
    odd = np.where(inexact_even, np.nextafter(total, np.where(error > 0, np.inf, -np.inf)), total)
    return odd.astype(np.float32).reshape(np.broadcast_shapes(product.shape, addend.shape))
