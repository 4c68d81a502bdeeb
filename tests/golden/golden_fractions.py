# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Rounding to float32 of exact fractions."""

from fractions import Fraction


def exact_float32(value: Fraction) -> Fraction:
    """``value`` rounded to 24 significant bits, ties to even; no subnormal numbers."""
    if value == 0:
        return value
    exponent = abs(value).numerator.bit_length() - abs(value).denominator.bit_length()
    exponent -= abs(value) < Fraction(2) ** exponent
    unit = Fraction(2) ** (exponent - 23)
    return round(value / unit) * unit
