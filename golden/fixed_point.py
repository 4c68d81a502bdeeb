# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Fixed point arithmetic of gemmlowp and of TensorFlow Lite's kernels, on arrays.

Everything is computed in int64: products of two int32 have at most 62 bits besides the sign, and
leave room for a rounding constant.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from macaw.arch import fixed_multiplier
from macaw.golden.float32 import wrap32

__all__ = [
    "Affine",
    "clamp_bytes",
    "fixed_double",
    "fixed_single_away",
    "high_product",
    "rescale",
    "shift_away",
]


class Affine(NamedTuple):
    """What 8-bit values stand for: ``(q - zero_point) * scale``, with a float32 scale."""

    scale: float
    zero_point: int


def high_product(a: ArrayLike, b: ArrayLike) -> NDArray[np.int64]:
    """``a * b / 2**31`` of int32 values, half up (source: ``SaturatingRoundingDoublingHighMul``
    in gemmlowp's fixedpoint.h; its one case of saturation, -2**31 squared, is kept).

    >>> high_product([3, -3], 1 << 29)
    array([ 1, -1])
    """
    product = np.asarray(a, np.int64) * np.asarray(b, np.int64)
    return np.asarray(np.minimum((product + (1 << 30)) >> 31, (1 << 31) - 1), np.int64)


def shift_away(values: ArrayLike, shift: ArrayLike) -> NDArray[np.int64]:
    """``values / 2**shift``, half away from zero; the shift is 0 or more (source:
    ``RoundingDivideByPOT`` in gemmlowp's fixedpoint.h).

    >>> shift_away([1, -1, 3, -3], 1)
    array([ 1, -1,  2, -2])
    """
    numbers, count = np.asarray(values, np.int64), np.asarray(shift, np.int64)
    # Half of the divisor; nothing where nothing is divided.
    offset = ((np.int64(1) << count) >> 1) - ((numbers < 0) & (count > 0))
    return (numbers + offset) >> count


def fixed_double(
    values: NDArray[Any], multiplier: ArrayLike, shift: ArrayLike, *, away: bool = True
) -> NDArray[np.int64]:
    """int32 ``values`` times ``multiplier * 2**(shift - 31)``, rounded twice.

    First ``values * 2**max(shift, 0)``, wrapping in 32 bits, times the multiplier over 2**31,
    half up; then over ``2**max(-shift, 0)``, half away from zero, or half up (source:
    ``MultiplyByQuantizedMultiplier`` in tensorflow/lite/kernels/internal/common.cc).
    """
    count = np.asarray(shift, np.int64)
    scaled = wrap32(values.astype(np.int64) << np.maximum(count, 0)).astype(np.int64)
    high = (scaled * np.asarray(multiplier, np.int64) + (1 << 30)) >> 31
    right = np.maximum(-count, 0)
    if away:
        return shift_away(high, right)
    return np.asarray((high + ((np.int64(1) << right) >> 1)) >> right, np.int64)


def fixed_single_away(
    values: NDArray[Any], multiplier: ArrayLike, shift: ArrayLike
) -> NDArray[np.int64]:
    """int32 ``values`` times ``multiplier * 2**(shift - 31)``, rounded once, half away from zero:
    the reference kernel of fully connected layers in LiteRT from 1.4 on."""
    product = values.astype(np.int64) * np.asarray(multiplier, np.int64)
    return shift_away(product, 31 - np.asarray(shift, np.int64))


def rescale(values: NDArray[Any], factor: float) -> NDArray[np.int64]:
    """int32 ``values`` times a real number, by `fixed_multiplier` and `fixed_double`."""
    return fixed_double(values, *fixed_multiplier(factor))


def clamp_bytes(
    values: NDArray[Any], dtype: Any, bounds: tuple[int, int] | None = None
) -> NDArray[Any]:
    """``values`` within the range of an 8-bit type, or within narrower bounds, as that type."""
    limits = np.iinfo(dtype)
    low, high = (int(limits.min), int(limits.max)) if bounds is None else bounds
    result: NDArray[Any] = np.clip(values, low, high).astype(dtype)
    return result
