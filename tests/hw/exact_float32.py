# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Roundings to float32 and to integers, in exact fractions."""

from fractions import Fraction

__all__ = ["float32", "nearest"]


def nearest(value, *, away=False):
    """A fraction as an integer, ties to even."""
    whole = value.numerator // value.denominator
    rest = value - whole
    up = rest > Fraction(1, 2) or (rest == Fraction(1, 2) and (away or whole % 2 == 1))
    return whole + up


def float32(value):
    """A fraction rounded to 24 significant bits, ties to even."""
    if value == 0:
        return value
    magnitude = abs(value)
    exponent = magnitude.numerator.bit_length() - magnitude.denominator.bit_length()
    if magnitude < Fraction(2) ** exponent:
        exponent -= 1
    unit = Fraction(2) ** (exponent - 23)
    rounded = nearest(magnitude / unit) * unit
    return rounded if value > 0 else -rounded
