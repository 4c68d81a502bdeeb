# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Requantisation: exact accumulators to results, in every mode of `macaw.arch.Mode`."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from macaw.arch import (
    AnyRequantization,
    Float32Bias,
    Float32Chain,
    Mode,
    RawSums,
    Requantization,
)
from macaw.golden.fixed_point import fixed_double
from macaw.golden.float32 import float32, fma32, round_half_even, wrap32

__all__ = ["requantize", "result_type"]


def result_type(requantization: AnyRequantization) -> type[Any]:
    """What `requantize` gives: ``np.int8``, ``np.uint8``, or ``np.int32`` in mode ``raw``."""
    if isinstance(requantization, RawSums):
        return np.int32
    return np.int8 if requantization.signed else np.uint8


def requantize(
    accumulators: NDArray[Any], requantization: AnyRequantization
) -> NDArray[np.int8] | NDArray[np.uint8] | NDArray[np.int32]:
    """``accumulators`` [..., out_channels] (int32 or int64, without the bias) as results.

    The result has the same shape, and `result_type`. Accumulators are taken modulo 2**32. What
    lies beyond ``minimum`` or ``maximum`` becomes that bound, however far beyond it is. The
    modes of `Requantization`, with a = wrap32(acc + bias):

    ``float32``
        m = multiplier * 2**-shift; a is rounded to float32 (24 bits, half to even), the
        product with m is rounded to float32, then to an integer, half to even.
    ``fixed_double_away``, ``fixed_double_up``
        a * 2**max(shift, 0), wrapping in 32 bits, times the multiplier; divided by 2**31,
        half up; divided by 2**max(-shift, 0), half away from zero, or half up. The product
        is below 2**62 in magnitude: int64 holds it with the rounding constant.
    ``fixed_single``
        a * multiplier, divided by 2**(31 - shift), half up; shifts of at most 30 leave a
        rounding constant of at least 1, and the sum stays below 2**63.

    `Float32Bias`, `Float32Chain` and `RawSums` describe the others.

    >>> ties = Requantization(mode=Mode.FLOAT32, bias=(0,), multiplier=(1 << 23,), shift=(24,),
    ...     zero_point=1, minimum=-128, maximum=127)
    >>> requantize(np.array([[1], [3], [-5], [1000]]), ties).ravel()
    array([  1,   3,  -1, 127], dtype=int8)

    Raises ``TypeError`` for accumulators that are not int32 or int64, and ``ValueError`` where
    their last axis is not the number of output channels.
    """
    if not isinstance(accumulators, np.ndarray) or accumulators.dtype not in (np.int32, np.int64):
        shown = getattr(accumulators, "dtype", type(accumulators).__name__)
        raise TypeError(f"accumulators must be an int32 or int64 array, not {shown}")
    if accumulators.ndim == 0 or accumulators.shape[-1] != requantization.out_channels:
        raise ValueError(
            f"accumulators must have {requantization.out_channels} channels on the last axis, "
            f"not shape {accumulators.shape!r}"
        )
    wrapped = wrap32(accumulators)
    results: NDArray[Any]
    match requantization:
        case RawSums():
            return wrapped + np.array(requantization.bias, np.int32)
        case Float32Chain():
            results = _float32_chain(wrapped, requantization)
        case Float32Bias():
            results = _float32_bias(wrapped, requantization)
            results += requantization.zero_point
        case _:
            results = _integer_parameters(wrapped, requantization)
            results += requantization.zero_point
    np.clip(results, requantization.minimum, requantization.maximum, out=results)
    return results.astype(result_type(requantization))


def _integer_parameters(
    accumulators: NDArray[np.int32], requantization: Requantization
) -> NDArray[Any]:
    biased = accumulators + np.array(requantization.bias, np.int32)
    match requantization.mode:
        case Mode.FLOAT32:
            return _float32(biased, requantization)
        case Mode.FIXED_SINGLE:
            return _fixed_single(biased.astype(np.int64), requantization)
        case mode:
            return _fixed_double(biased, requantization, away=mode == Mode.FIXED_DOUBLE_AWAY)


def _float32(biased: NDArray[np.int32], requantization: Requantization) -> NDArray[np.float32]:
    # The multipliers have 24 bits, so this product of powers of two is exact.
    multiplier = np.ldexp(float32(requantization.multiplier), -np.array(requantization.shift))
    values = biased.astype(np.float32)
    values *= multiplier
    return np.rint(values, out=values)


def _fixed_double(
    biased: NDArray[np.int32], requantization: Requantization, *, away: bool
) -> NDArray[np.int64]:
    multiplier = np.array(requantization.multiplier, np.int64)
    return fixed_double(biased, multiplier, np.array(requantization.shift, np.int64), away=away)


def _fixed_single(biased: NDArray[np.int64], requantization: Requantization) -> NDArray[np.int64]:
    multiplier = np.array(requantization.multiplier, np.int64)
    shift = 31 - np.array(requantization.shift, np.int64)
    return (biased * multiplier + (np.int64(1) << (shift - 1))) >> shift


def _float32_bias(
    accumulators: NDArray[np.int32], requantization: Float32Bias
) -> NDArray[np.float32]:
    bias, scale = float32(requantization.bias), float32(requantization.bias_scale)
    values = accumulators.astype(np.float32)
    if np.all(scale == 1):
        values += bias
    else:
        values = fma32(bias, scale, values)
    values *= float32(requantization.multiplier)
    return round_half_even(values)


def _float32_chain(
    accumulators: NDArray[np.int32], requantization: Float32Chain
) -> NDArray[np.float32]:
    values = accumulators.astype(np.float32)
    values *= np.float32(requantization.input_scale)
    values *= float32(requantization.weight_scale)
    values += float32(requantization.bias)
    values *= np.float32(requantization.output_multiplier)
    values += np.float32(requantization.zero_point)
    return round_half_even(values)
