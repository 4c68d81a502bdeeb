# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Requantisation in integers, once more, with faults that can be chosen.

Without a fault these are the recipes of `macaw.arch.Mode`; each fault is a mistake that people
make, and that a class of cases must be able to see.
"""

import numpy as np
from float32_rivals import (
    FLOAT32_BIAS_FAULTS,
    FLOAT32_CHAIN_FAULTS,
    float32_bias,
    float32_chain,
)

from macaw.arch import Mode

__all__ = ["FAULTS", "rounded"]

#: For each mode and class, the faults that the class must see.
FAULTS = {
    Mode.FLOAT32: {
        "spread": ("truncate",),
        "wrapping": ("bias does not wrap",),
        "extremes": ("sum is not negated",),
        "ties": ("sum is not rounded",),
        "powers of two": ("half up", "half away"),
        "binades": ("sum is truncated",),
        "double rounding": ("product is not rounded",),
        "single bits": ("product has no sticky bits",),
    },
    Mode.FLOAT32_BIAS: FLOAT32_BIAS_FAULTS,
    Mode.FLOAT32_CHAIN: FLOAT32_CHAIN_FAULTS,
    Mode.FIXED_DOUBLE_AWAY: {
        "spread": ("truncate",),
        "wrapping": ("bias does not wrap",),
        "extremes": ("left saturates",),
        "second ties": ("second half up", "one rounding"),
        "first ties": ("first half away",),
        "left": ("left saturates",),
        "single bits": ("product has no sticky bits",),
    },
    Mode.FIXED_DOUBLE_UP: {
        "spread": ("truncate",),
        "wrapping": ("bias does not wrap",),
        "extremes": ("left saturates",),
        "second ties": ("second half away", "one rounding"),
        "first ties": ("first half away",),
        "left": ("left saturates",),
        "single bits": ("product has no sticky bits",),
    },
    Mode.FIXED_SINGLE: {
        "spread": ("truncate",),
        "wrapping": ("bias does not wrap",),
        "extremes": ("left wraps",),
        "ties": ("half away", "two roundings"),
        "left": ("left wraps",),
        "single bits": ("product has no sticky bits",),
    },
    Mode.RAW: {"bytes": ("highest byte first",), "wrapping": ("bias does not wrap",)},
}


def _bit_length(values):
    """Of numbers below 2**62, exactly."""
    return sum((values >> places) > 0 for places in range(62)).astype(np.int64)


def _shift_right(values, places, rule):
    """Magnitudes over ``2**places`` (0 ... 62), rounded by ``rule``."""
    places = np.clip(places, 0, 62)
    quotient = values >> places
    rest = values - (quotient << places)
    half = (np.int64(1) << places) >> 1
    tie, more = (rest == half) & (places > 0), rest > half
    up = {
        "even": more | (tie & (quotient & 1 == 1)),
        "away": more | tie,
        "toward zero": more,
        "truncate": np.zeros_like(tie),
        "guard and last": (rest >= half) & (places > 0) & (quotient & 1 == 1),
    }[rule]
    return quotient + up


def _float32(sums, multiplier, shift, fault):
    negative, magnitude = sums < 0, np.abs(sums)
    if fault == "sum is not negated":
        magnitude = np.where(negative, ~sums, sums)
    if fault != "sum is not rounded":
        places = np.maximum(_bit_length(magnitude) - 24, 0)
        rule = "truncate" if fault == "sum is truncated" else "even"
        magnitude = _shift_right(magnitude, places, rule) << places
    product = magnitude * multiplier
    places = np.minimum(np.maximum(_bit_length(product) - 24, 0), shift)
    if fault == "product is not rounded":
        places = np.zeros_like(places)
    rule = "guard and last" if fault == "product has no sticky bits" else "even"
    product = _shift_right(product, places, rule)
    places = shift - places
    if fault == "half up":
        up, down = (_shift_right(product, places, rule) for rule in ("away", "toward zero"))
        result = np.where(negative, down, up)
    else:
        rule = {"half away": "away", "truncate": "truncate"}.get(fault, "even")
        result = _shift_right(product, places, rule)
    return np.where(negative, -result, result)


def _fixed(sums, multiplier, shift, fault, *, away=True):
    left, right = np.maximum(shift, 0), np.maximum(-shift, 0)
    value = sums << left
    if fault == "left saturates":
        value = np.clip(value, -(1 << 31), (1 << 31) - 1)
    value = ((value + (1 << 31)) & 0xFFFFFFFF) - (1 << 31)
    product = value * multiplier
    negative, magnitude = product < 0, np.abs(product)
    if fault == "one rounding":
        return np.where(negative, -1, 1) * _shift_right(magnitude, 31 + right, "away")
    lower = "truncate" if fault == "product has no sticky bits" else "toward zero"
    up, down = (_shift_right(magnitude, np.int64(31), rule) for rule in ("away", lower))
    magnitude = np.where(negative & (fault != "first half away"), down, up)
    rule = {"truncate": "truncate"}.get(fault, "away")
    result = _shift_right(magnitude, right, rule)
    up = fault == "second half up" if away else fault not in ("second half away", "truncate")
    if up:
        result = np.where(negative, _shift_right(magnitude, right, "toward zero"), result)
    return np.where(negative, -result, result)


def _fixed_single(sums, multiplier, shift, fault):
    if fault == "two roundings":
        return _fixed(sums, multiplier, shift, None, away=False)
    product, places = sums * multiplier, 31 - shift
    if fault == "left wraps":
        left = np.maximum(shift, 0)
        product = (((sums << left) + (1 << 31) & 0xFFFFFFFF) - (1 << 31)) * multiplier
        places = places + left
    negative, magnitude = product < 0, np.abs(product)
    lower = "truncate" if fault == "product has no sticky bits" else "toward zero"
    up, down = (_shift_right(magnitude, places, rule) for rule in ("away", lower))
    if fault == "truncate":
        up = down = _shift_right(magnitude, places, "truncate")
    magnitude = np.where(negative & (fault != "half away"), down, up)
    return np.where(negative, -magnitude, magnitude)


def _raw(sums, shift, fault):
    byte = 3 - shift if fault == "highest byte first" else shift
    return ((((sums >> (8 * byte)) & 0xFF) + 128) & 0xFF) - 128


def rounded(mode, cases, layer, fault=None):
    """The results of ``cases``, int64 [n, channels], as a recipe with ``fault`` gives them."""
    sums = cases.sums
    if fault == "bias does not wrap":
        sums = np.clip(cases.accumulators + cases.bias, -(1 << 31), (1 << 31) - 1)
    zero_point, minimum, maximum = layer
    multiplier, shift = cases.multiplier, cases.shift
    match mode:
        case Mode.FLOAT32:
            results = _float32(sums, multiplier, shift, fault)
        case Mode.FLOAT32_BIAS:
            results = float32_bias(sums, cases.real, fault)
        case Mode.FLOAT32_CHAIN:
            offset = 0 if cases.real.signed else 128
            results = float32_chain(sums, cases.real, zero_point + offset, fault)
            return np.clip(results - offset, minimum, maximum)
        case Mode.FIXED_SINGLE:
            results = _fixed_single(sums, multiplier, shift, fault)
        case Mode.RAW:
            results = _raw(sums, shift, fault)
        case _:
            away = mode is Mode.FIXED_DOUBLE_AWAY
            results = _fixed(sums, multiplier, shift, fault, away=away)
    results = results + zero_point
    return np.clip(results, minimum, maximum)
