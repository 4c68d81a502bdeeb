# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Modes ``float32_bias`` and ``float32_chain`` once more, in exact fractions, with faults."""

import math
from fractions import Fraction

import numpy as np
from exact_float32 import float32, nearest

#: For each class, the faults that it must see.
FLOAT32_BIAS_FAULTS = {
    "spread": ("truncate",),
    "wrapping": ("bias does not wrap",),
    "extremes": ("total wraps",),
    "ties": ("bias is an integer",),
    "halves": ("half away",),
    "cancelling": ("sum is not rounded",),
    "rounded totals": ("total is not rounded",),
    "last bits": ("bias is truncated",),
    "fused": ("bias is truncated", "bias is rounded"),
}

FLOAT32_CHAIN_FAULTS = {
    "spread": ("truncate",),
    "wrapping": ("bias does not wrap",),
    "extremes": ("result wraps",),
    "ties": ("half away",),
    "zero point": ("zero point after rounding",),
    "cancelling": ("sum is not rounded", "first product is not rounded",
                   "second product is not rounded"),
    "last product": ("last product is not rounded",),
    "rounded totals": ("total is not rounded",),
    "single bits": ("products have no sticky bits",),
    "small products": ("product is truncated",),
}  # fmt: skip


def _bias(real, channel, fault):
    value = Fraction(real.bias[channel]) * Fraction(real.bias_scale[channel])
    if fault == "bias is an integer":
        return Fraction(nearest(value))
    if fault == "bias is rounded":
        return float32(value)
    if fault == "bias is truncated":
        return Fraction(int(value * (1 << 26)), 1 << 26)
    return value


def _result(value, bias, multiplier, fault):
    number = Fraction(int(value))
    if fault != "sum is not rounded":
        number = float32(number)
    total = number + bias
    if fault == "total wraps":
        total = (total + (1 << 31)) % (1 << 32) - (1 << 31)
    if fault != "total is not rounded":
        total = float32(total)
    product = float32(total * multiplier)
    magnitude = abs(product)
    if fault == "truncate":
        rounded = magnitude.numerator // magnitude.denominator
    else:
        rounded = nearest(magnitude, away=fault == "half away")
    return rounded if product > 0 else -rounded


def _chain_result(value, steps, fault):
    """One result with its zero point; ``steps`` are s, w, b, d, z."""
    input_scale, weight_scale, bias, multiplier, zero_point = steps

    def rounded(number, what):
        if fault == f"{what} is not rounded":
            return number
        product = what.endswith("product")
        return float32(number, sticky=not (product and fault == "products have no sticky bits"))

    number = rounded(Fraction(int(value)), "sum")
    number = rounded(number * input_scale, "first product")
    number = rounded(number * weight_scale, "second product")
    if fault == "product is truncated":
        unit = Fraction(2) ** -(math.frexp(multiplier)[1] + 27)
        number = int(number / unit) * unit
    number = rounded(number + bias, "total")
    number = rounded(number * multiplier, "last product")
    if fault == "result wraps":
        number = (number + 256) % 512 - 256
    if fault == "zero point after rounding":
        return nearest(number) + zero_point
    number = float32(number + zero_point)
    if fault == "truncate":
        return int(number)
    if fault == "half away":
        return nearest(abs(number), away=True) * (1 if number > 0 else -1)
    return nearest(number)


def float32_chain(sums, real, zero_point, fault):
    """The rounded results of ``sums``, int64 [n, channels], with their zero point."""
    results = np.empty(sums.shape, np.int64)
    for channel in range(sums.shape[1]):
        steps = (
            Fraction(real.input_scale),
            Fraction(real.weight_scale[channel]),
            Fraction(real.bias[channel]),
            Fraction(real.output_multiplier),
            zero_point,
        )
        results[:, channel] = [
            max(-(1 << 40), min(1 << 40, _chain_result(value, steps, fault)))
            for value in sums[:, channel]
        ]
    return results


def float32_bias(sums, real, fault):
    """The rounded results of ``sums``, int64 [n, channels], without zero point and bounds."""
    results = np.empty(sums.shape, np.int64)
    for channel in range(sums.shape[1]):
        bias = _bias(real, channel, fault)
        multiplier = Fraction(real.multiplier[channel])
        results[:, channel] = [
            max(-(1 << 40), min(1 << 40, _result(value, bias, multiplier, fault)))
            for value in sums[:, channel]
        ]
    return results
