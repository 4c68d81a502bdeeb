# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Parameters of requantisation: the corners of the two multipliers, and what is refused."""

import math
import struct
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from arch_refusals import refused

from macaw.arch import Mode, Requantization, fixed_multiplier, float32_multiplier

SEED = 8


def float32(value):
    return struct.unpack("<f", struct.pack("<f", value))[0]


#: The float32 neighbours of a power of two.
def below(value):
    return float(np.nextafter(np.float32(value), np.float32(0)))


@pytest.mark.parametrize(
    ("value", "pair"),
    [
        (1.0, (1 << 23, 23)),
        (0.75, (3 << 22, 24)),
        (16777215.0, ((1 << 24) - 1, 0)),
        (8388608.0, (1 << 23, 0)),
        (2.0**-39, (1 << 23, 62)),
        (float(np.nextafter(np.float32(2.0**-39), np.float32(1))), ((1 << 23) + 1, 62)),
        (below(2.0**-38), ((1 << 24) - 1, 62)),
    ],
)
def test_float32_multiplier(value, pair):
    assert float32_multiplier(value) == pair
    multiplier, shift = pair
    assert Fraction(multiplier, 1 << shift) == Fraction(value)


def test_float32_multipliers_are_exact_and_normal():
    rng = np.random.default_rng(SEED)
    values = (rng.uniform(1, 2, 2000) * 2.0 ** rng.integers(-39, 23, 2000)).astype(np.float32)
    for value in values.tolist():
        multiplier, shift = float32_multiplier(value)
        assert Fraction(multiplier, 1 << shift) == Fraction(value), f"{value!r} (seed {SEED})"
        assert 1 << 23 <= multiplier < 1 << 24
        assert 0 <= shift <= 62


@pytest.mark.parametrize(
    "value",
    [below(2.0**-39), math.nextafter(2.0**-39, 0), 2.0**-126, below(2.0**-126), 2.0**-149, 5e-324],
)
def test_float32_multipliers_that_give_zero(value):
    assert float32_multiplier(value) == (1 << 23, 63)
    # The largest accumulator is far from the half that would round to one, with either value.
    assert Fraction(1 << 31) * max(Fraction(value), Fraction(1 << 23, 1 << 63)) < Fraction(1, 2)


@pytest.mark.parametrize("value", [0.0, -0.0, -1.0, math.inf, -math.inf, math.nan])
def test_float32_multiplier_not_positive(value):
    with refused(ValueError, f"multiplier must be positive and finite, not {value!r}"):
        float32_multiplier(value)


@pytest.mark.parametrize("value", [2.0**24, 3e38, 1e300])
def test_float32_multiplier_too_large(value):
    with refused(ValueError, f"multiplier must be below 2**24, not {value!r}"):
        float32_multiplier(value)


@pytest.mark.parametrize("value", [0.1, 1 + 2.0**-24, math.nextafter(2.0**24, 0)])
def test_float32_multiplier_of_another_precision(value):
    assert float32(value) != value
    with refused(ValueError, f"multiplier must be a float32, not {value!r}"):
        float32_multiplier(value)


ONE = 1 << 30


@pytest.mark.parametrize(
    ("value", "pair"),
    [
        (1.0, (ONE, 1)),
        (0.5, (ONE, 0)),
        (0.75, (3 << 29, 0)),
        # The tie between two multipliers goes away from zero.
        ((ONE + 0.5) / 2**31, (ONE + 1, 0)),
        ((ONE + 1.5) / 2**31, (ONE + 2, 0)),
        (math.nextafter((ONE + 0.5) / 2**31, 0), (ONE, 0)),
        # A fraction that rounds to 2**31 becomes a half with the next shift.
        (1 - 2.0**-31, ((1 << 31) - 1, 0)),
        (1 - 2.0**-32, (ONE, 1)),
        (math.nextafter(1.0, 0), (ONE, 1)),
        (math.nextafter(1 - 2.0**-32, 0), ((1 << 31) - 1, 0)),
        # The last shifts on both sides.
        (2.0**-32, (ONE, -31)),
        (math.nextafter(2.0**-32, 0), (ONE, -31)),
        (2.0**-32 * (1 - 2.0**-31), (0, 0)),
        (2.0**-33, (0, 0)),
        (5e-324, (0, 0)),
        (2.0**30 - 1, ((1 << 31) - 2, 30)),
        (2.0**29, (ONE, 30)),
        (0.0, (0, 0)),
        (-0.0, (0, 0)),
    ],
)
def test_fixed_multiplier(value, pair):
    assert fixed_multiplier(value) == pair


def test_fixed_multipliers_round_to_the_nearest():
    rng = np.random.default_rng(SEED)
    values = rng.uniform(0.5, 1, 2000) * 2.0 ** rng.integers(-30, 30, 2000)
    for value in values.tolist():
        multiplier, shift = fixed_multiplier(value)
        assert ONE <= multiplier < 1 << 31
        scaled = Fraction(value) * Fraction(2) ** (31 - shift)
        assert abs(scaled - multiplier) <= Fraction(1, 2), f"{value!r} (seed {SEED})"


@pytest.mark.parametrize("value", [-1.0, -5e-324, math.inf, -math.inf, math.nan])
def test_fixed_multiplier_negative(value):
    with refused(ValueError, f"multiplier must be finite and not negative, not {value!r}"):
        fixed_multiplier(value)


@pytest.mark.parametrize("value", [2.0**30, 1e300])
def test_fixed_multiplier_too_large(value):
    with refused(ValueError, f"multiplier must be below 2**30, not {value!r}"):
        fixed_multiplier(value)


FLOAT32 = Requantization(
    mode=Mode.FLOAT32, bias=(0, 0), multiplier=(1 << 23, 1 << 23), shift=(24, 24),
    zero_point=0, minimum=-128, maximum=127,
)  # fmt: skip
FIXED = replace(FLOAT32, mode=Mode.FIXED_DOUBLE_AWAY, multiplier=(ONE, ONE), shift=(0, 0))
FIXED_MODES = (Mode.FIXED_DOUBLE_AWAY, Mode.FIXED_DOUBLE_UP, Mode.FIXED_SINGLE)


def test_parameters_become_python_integers():
    taken = replace(FLOAT32, bias=np.array([1, -2], np.int32), shift=[np.int8(3), 4])
    assert taken == replace(FLOAT32, bias=(1, -2), shift=(3, 4))
    assert all(type(value) is int for value in (*taken.bias, *taken.shift))
    assert taken.out_channels == 2


@pytest.mark.parametrize("mode", [Mode.FLOAT32_BIAS, Mode.FLOAT32_CHAIN, "tflite"])
def test_modes_without_integer_parameters(mode):
    with refused(
        ValueError,
        "mode must be one of float32, fixed_double_away, fixed_double_up, fixed_single, "
        f"not {mode!r}",
    ):
        replace(FLOAT32, mode=mode)


RANGES = [
    (FLOAT32, "bias", -(1 << 31), (1 << 31) - 1),
    (FLOAT32, "multiplier", 1 << 23, (1 << 24) - 1),
    (FLOAT32, "shift", 0, 63),
    *((replace(FIXED, mode=mode), "multiplier", 0, (1 << 31) - 1) for mode in FIXED_MODES),
    *((replace(FIXED, mode=mode), "shift", -31, 30) for mode in FIXED_MODES),
]


@pytest.mark.parametrize(("base", "field", "low", "high"), RANGES)
def test_ranges_of_entries(base, field, low, high):
    valid = getattr(base, field)[0]
    for value in (low, high):
        assert getattr(replace(base, **{field: (valid, value)}), field) == (valid, value)
    for value in (low - 1, high + 1):
        with refused(ValueError, f"{field} must be in {low} ... {high}, not {value}"):
            replace(base, **{field: (valid, value)})
    with refused(TypeError, f"{field} must be an integer, not 1.5"):
        replace(base, **{field: (valid, 1.5)})


@pytest.mark.parametrize("field", ["bias", "multiplier", "shift"])
def test_numbers_of_entries(field):
    counts = [1 if each == field else 2 for each in ("bias", "multiplier", "shift")]
    with refused(
        ValueError,
        "bias, multiplier and shift must have one entry per output channel, not "
        f"{counts[0]}, {counts[1]} and {counts[2]}",
    ):
        replace(FLOAT32, **{field: getattr(FLOAT32, field)[:1]})


def test_no_entries():
    with refused(
        ValueError,
        "bias, multiplier and shift must have one entry per output channel, not 0, 0 and 0",
    ):
        replace(FLOAT32, bias=(), multiplier=(), shift=())


@pytest.mark.parametrize(("signed", "low", "high"), [(True, -128, 127), (False, 0, 255)])
def test_ranges_of_the_result(signed, low, high):
    base = replace(FLOAT32, signed=signed, minimum=low, maximum=high)
    for value in (low, high):
        assert replace(base, zero_point=value).zero_point == value
        clamped = replace(base, minimum=value, maximum=value)
        assert clamped.minimum == clamped.maximum == value
    for value in (low - 1, high + 1):
        for field in ("zero_point", "minimum"):
            with refused(ValueError, f"{field} must be in {low} ... {high}, not {value}"):
                replace(base, **{field: value})
    with refused(ValueError, f"maximum must be in 5 ... {high}, not 4"):
        replace(base, minimum=5, maximum=4)
    with refused(ValueError, f"maximum must be in {low} ... {high}, not {high + 1}"):
        replace(base, maximum=high + 1)
    for field in ("zero_point", "minimum", "maximum"):
        with refused(TypeError, f"{field} must be an integer, not 1.0"):
            replace(base, **{field: 1.0})
