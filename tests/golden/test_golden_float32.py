# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Single roundings, against exact fractions."""

from fractions import Fraction

import numpy as np
from golden_fractions import exact_float32

from macaw.golden.float32 import fma32, round_half_even, wrap32


def test_fma_has_one_rounding() -> None:
    rng = np.random.default_rng(1)
    a, b = (rng.standard_normal(2000).astype(np.float32) for _ in range(2))
    c = (rng.standard_normal(2000) * 2.0 ** rng.integers(-40, 40, 2000)).astype(np.float32)
    # Products next to half a unit of c: a sum in float64 rounds to the tie.
    c[::2] = 1 + 2.0**-23 * rng.integers(0, 1000, 1000)
    a[::2] = (1 - 2.0**-23) * 2.0**-24
    b[::2] = (1 + 2.0**-23) * rng.choice([-1, 1], 1000)
    exact = [
        exact_float32(Fraction(float(x)) * Fraction(float(y)) + Fraction(float(z)))
        for x, y, z in zip(a, b, c, strict=True)
    ]
    expected = np.array([float(value) for value in exact], np.float32)
    np.testing.assert_array_equal(fma32(a, b, c), expected)
    rounded_twice = (a.astype(np.float64) * b + c).astype(np.float32)
    assert np.count_nonzero(rounded_twice != expected) > 100


def test_fma_broadcasts() -> None:
    result = fma32(np.ones(3), 2.0, np.zeros((2, 1)))
    assert result.shape == (2, 3)
    assert result.dtype == np.float32
    assert fma32(1, 2, 3).shape == ()


def test_wrap_is_modulo_two_to_the_32() -> None:
    values = np.array([2**31, -(2**31) - 1, 2**32 + 5, -1])
    np.testing.assert_array_equal(wrap32(values), [-(2**31), 2**31 - 1, 5, -1])


def test_ties_round_to_even() -> None:
    np.testing.assert_array_equal(round_half_even([0.5, 1.5, 2.5, -0.5, -1.5]), [0, 2, 2, 0, -2])
