# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Roundings to float32 and to integers, in exact fractions."""

from fractions import Fraction

__all__ = ["float32", "nearest"]


def nearest(value, *, away=False, sticky=True):
    """A fraction as an integer, ties to even; ``away`` from zero; without ``sticky``, everything
    from one half on is taken for a tie."""
    whole = value.numerator // value.denominator
    rest = value - whole
    if not sticky:
        rest = Fraction(rest >= Fraction(1, 2), 2)
    up = rest > Fraction(1, 2) or (rest == Fraction(1, 2) and (away or whole % 2 == 1))
    return whole + up


def float32(value, *, sticky=True):
    """A fraction rounded to 24 significant bits as `nearest` rounds."""
    if value == 0:
        return value
    magnitude = abs(value)
    exponent = magnitude.numerator.bit_length() - magnitude.denominator.bit_length()
    if magnitude < Fraction(2) ** exponent:
        exponent -= 1
    unit = Fraction(2) ** (exponent - 23)
    rounded = nearest(magnitude / unit, sticky=sticky) * unit
    return rounded if value > 0 else -rounded
