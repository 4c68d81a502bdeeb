# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Accumulators and parameters that are hard to requantise, by classes.

Each class draws parameters for ``channels`` channels and solves for sums (accumulator plus bias)
where the recipe is about to change its mind; the accumulators follow from the sums.
"""

import functools
from dataclasses import dataclass

import numpy as np
from case_values import EDGES, INT32, fixed_multiplier, near, signs, up_to, wrap
from float32_bias_cases import FLOAT32_BIAS_CLASSES
from float32_chain_cases import FLOAT32_CHAIN_CLASSES

from macaw.arch import Float32Bias, Float32Chain, Mode

__all__ = ["CLASSES", "LAYERS", "Cases", "draw", "layers_of"]

#: (zero_point, minimum, maximum): odd and extreme zero points, full, narrow and empty bounds,
#: and a zero point outside of the bounds.
LAYERS = (
    (0, -128, 127),
    (-128, -128, 127),
    (127, -128, 127),
    (-1, -100, 99),
    (3, 3, 120),
    (-128, 127, 127),
    (127, -128, -128),
    (77, -90, -3),
)


@dataclass(frozen=True, kw_only=True)
class Cases:
    """``accumulators`` and ``sums`` are [n, channels], the parameters [channels], all int64.

    ``sums`` are the accumulators plus the bias, wrapped to int32. In the modes
    with real biases ``real`` has these, and the multipliers.
    """

    bias: np.ndarray
    multiplier: np.ndarray
    shift: np.ndarray
    sums: np.ndarray
    accumulators: np.ndarray
    fixed_bias: np.ndarray
    real: Float32Bias | Float32Chain | None = None


def layers_of(mode, layers=LAYERS):
    """Those of ``layers`` that a mode can have: raw bytes take neither zero point nor bounds."""
    return LAYERS[:1] if mode is Mode.RAW else layers


def _bias(random, channels):
    small = random.integers(-(1 << 12), 1 << 12, channels)
    large = random.integers(INT32.min, INT32.max, channels, endpoint=True)
    special = random.choice((0, 1 << 30, -(1 << 30), INT32.max, INT32.min), channels)
    return np.choose(random.integers(0, 3, channels), (small, large, special))


def _float32_multiplier(random, channels):
    uniform = random.integers(1 << 23, 1 << 24, channels)
    special = random.choice((1 << 23, (1 << 23) + 1, (1 << 24) - 1), channels)
    return np.where(random.random(channels) < 0.25, special, uniform)


def _float32_for(random, bits):
    """Multipliers and shifts that bring sums of ``bits`` bits near the range of int8."""
    shift = np.clip(bits + random.integers(14, 20, bits.shape), 0, 63)
    return _float32_multiplier(random, len(bits)), shift


def _fixed_for(random, bits):
    shift = np.clip(random.integers(5, 11, bits.shape) - bits, -31, 30)
    return fixed_multiplier(random, len(bits)), shift


def _spread(parameters):
    def make(random, n, channels):
        """Sums of every size, with results of every size."""
        bits = random.integers(1, 32, channels)
        sums = signs(random, (n, channels)) * up_to(random, np.broadcast_to(bits, (n, channels)))
        return *parameters(random, bits), sums

    return make


def _wrapping(parameters):
    def make(random, n, channels):
        """Sums of all of int32; the biases of this class make most of them wrap."""
        bits = np.full(channels, 31)
        sums = random.integers(INT32.min, INT32.max, (n, channels), endpoint=True)
        return *parameters(random, bits), sums

    return make


def _float32_extremes(random, n, channels):
    """Every shift, with the sums at the edges of every range."""
    shift = np.arange(channels) % 64
    return _float32_multiplier(random, channels), shift, random.choice(EDGES, (n, channels))


def _float32_ties(random, n, channels):
    """The sums next to ``(k + 1/2) / m``, where rounding the sum itself can decide."""
    multiplier, shift = _float32_for(random, random.integers(8, 32, channels))
    odd = 2 * random.integers(-260, 260, (n, channels)) + 1
    return multiplier, shift, near(random, odd * (np.int64(1) << (shift - 1)) // multiplier)


def _float32_powers_of_two(random, n, channels):
    """Exact ties ``(k + 1/2) * 2**-e``, under that multiplier and those one ulp beside."""
    multiplier = random.choice((1 << 23, (1 << 23) + 1, (1 << 24) - 1), channels)
    shift = random.integers(25, 48, channels)
    odd = 2 * random.integers(-260, 260, (n, channels)) + 1
    sums = odd << np.where(multiplier == (1 << 24) - 1, shift - 25, shift - 24)
    exact = random.random((n, channels)) < 0.5
    return multiplier, shift, np.where(exact, sums, near(random, sums))


def _float32_binades(random, n, channels):
    """Sums around 2**24 ... 2**31, where float32 no longer holds every integer, under
    multipliers that make the power of two a tie."""
    bits = random.integers(24, 32, channels)
    odd = 2 * random.integers(0, 128, channels) + 1
    places = 23 - np.floor(np.log2(odd)).astype(np.int64)
    steps = random.integers(-200, 200, (n, channels))
    sums = signs(random, (n, channels)) * ((np.int64(1) << bits) + steps)
    return odd << places, bits + places + 1, sums


def _float32_double_rounding(random, n, channels):
    """Products that are no ties until float32 rounds them to one.

    For sums of 24 bits and a tie, the multiplier is the one whose product is next to the tie.
    """
    magnitude = random.integers(1 << 23, 1 << 24, channels)
    odd = 2 * random.integers(0, 128, channels) + 1
    shift = 46 - np.floor(np.log2(odd)).astype(np.int64)
    quotient = (odd << shift) // magnitude + random.integers(0, 2, channels)
    halve = quotient >= 1 << 24
    quotient, shift = np.where(halve, (odd << (shift - 1)) // magnitude, quotient), shift - halve
    multiplier = np.clip(quotient, 1 << 23, (1 << 24) - 1)
    larger = random.integers(0, 8, channels)
    beside = random.choice((0, 0, -1, 1), (n, channels))
    sums = signs(random, (n, channels)) * ((magnitude + beside) << larger)
    return multiplier, shift + 1 + larger, sums


def _inverse(odd):
    """The inverses of odd numbers modulo 2**32, by Newton's iteration from three right bits."""
    inverse = odd.astype(np.uint64)
    for _ in range(4):
        inverse *= np.uint64(2) - odd.astype(np.uint64) * inverse
    return inverse & np.uint64(0xFFFFFFFF)


@functools.cache
def _near_float32_ties():
    """Factors of 24 bits, and the place of the half in their product; results in 0 ... 199.

    Of the bits below the half that float32 keeps, at most one is set, or at most one is not. The
    bits that it drops are a tie, or a tie and one bit, for products of 47 or of 48 bits. The
    number of cases is returned too that stand first: those in which the one dropped bit decides.
    """
    random = np.random.default_rng(0)
    found = [_search_float32_ties(random, 1 << 22) for _ in range(20)]
    factors, others, half, decides = map(np.concatenate, zip(*found, strict=True))
    order = np.argsort(~decides, kind="stable")
    return factors[order], others[order], half[order], np.count_nonzero(decides)


def _search_float32_ties(random, n):
    """Those of ``n`` random pairs of factors that `_near_float32_ties` wants.

    A factor is odd, so the other one can give the product any low 24 bits; the next 14 are luck.
    """
    factors = random.integers(1 << 22, 1 << 23, n) * 2 + 1
    guard = random.integers(22, 24, n)
    single = (np.int64(1) << random.integers(0, guard)) * (random.random(n) < 0.9)
    others = (((np.int64(1) << guard) + single) * _inverse(factors).astype(np.int64)) & 0xFFFFFF
    products = factors * others
    ones = np.bitwise_count((products >> 24) & 0x3FFF)
    upper = np.where(ones <= 1, products, ~products) >> 38
    half = 38 + np.bitwise_count((upper & -upper) - 1).astype(np.int64)
    keep = (others >= 1 << 23) & ((ones <= 1) | (ones >= 13)) & (products >> half < 400)
    even = (products >> (half + 1)) & 1 == 0
    decides = (ones == 0) & even & (single > 0) & (guard == 22 + (products >> 47))
    return factors[keep], others[keep], half[keep], decides[keep]


def _float32_single_bits(random, n, channels):
    """Products one bit away from a tie, be the bit kept or dropped by float32."""
    factors, others, half, decisive = _near_float32_ties()
    ends = np.where(random.random(channels) < 0.5, decisive, len(factors))
    chosen = random.integers(0, ends)
    larger = random.integers(0, 8, channels)
    beside = random.choice((0, 0, 0, 0, 0, 0, -1, 1), (n, channels))
    sums = signs(random, (n, channels)) * ((factors[chosen] + beside) << larger)
    return others[chosen], half[chosen] + 1 + larger, sums


def _fixed_single_bits(random, n, channels):
    """Products one bit away from half of 2**31, of small results."""
    multiplier = 2 * random.integers(0, 127, channels) + 1
    low = (1 << 30) + (np.int64(1) << random.integers(0, 30, (n, channels)))
    sums = (low * _inverse(multiplier).astype(np.int64)) & ((1 << 31) - 1)
    return multiplier, np.zeros(channels, np.int64), signs(random, (n, channels)) * sums


def _fixed_extremes(random, n, channels):
    """Every shift, with sums and multipliers at the edges of their ranges."""
    shift = np.arange(channels) % 62 - 31
    multiplier = random.choice((0, 1, 1 << 30, (1 << 30) + 1, (1 << 31) - 1), channels)
    return multiplier, shift, random.choice(EDGES, (n, channels))


def _fixed_second_ties(random, n, channels):
    """Shifts to the right by which exactly one half is left over, and those beside."""
    multiplier, right = fixed_multiplier(random, channels), random.integers(1, 22, channels)
    odd = 2 * random.integers(-260, 260, (n, channels)) + 1
    sums = np.rint((odd << (right - 1)) * (2.0**31 / multiplier)).astype(np.int64)
    exact = random.random((n, channels)) < 0.5
    return multiplier, -right, np.where(exact, sums, near(random, sums))


def _fixed_first_ties(random, n, channels):
    """Products of which exactly one half of 2**31 is left over, with little or no shift after."""
    multiplier = random.choice((1 << 30, 3 << 29), channels)
    shift = random.choice((0, 0, 0, -1, -2), channels)
    sums = random.integers(-600, 600, (n, channels)) * np.where(multiplier == 1 << 30, 1, 2)
    return multiplier, shift, sums + random.integers(0, 2, (n, channels))


def _fixed_left(random, n, channels):
    """Shifts to the left that wrap, with multipliers small enough to see what is left."""
    left = random.integers(1, 31, channels)
    multiplier = random.choice((0, 1, 37, 200), channels)
    return multiplier, left, random.integers(INT32.min, INT32.max, (n, channels), endpoint=True)


def _fixed_single_left(random, n, channels):
    """Shifts to the left by which sums leave int32, with multipliers that bring them back."""
    left = random.integers(1, 31, channels)
    multiplier = random.choice((0, 1, 2, 5), channels)
    bits = np.broadcast_to(np.clip(35 - left, 1, 31), (n, channels))
    return multiplier, left, signs(random, (n, channels)) * up_to(random, bits)


def _raw(random, n, channels):
    """Each byte of sums of all of int32, the edges among them."""
    sums = random.integers(INT32.min, INT32.max, (n, channels), endpoint=True)
    sums = np.where(random.random((n, channels)) < 0.5, random.choice(EDGES, (n, channels)), sums)
    return np.zeros(channels, np.int64), np.arange(channels) % 4, sums


_FIXED_DOUBLE = {
    "spread": _spread(_fixed_for),
    "wrapping": _wrapping(_fixed_for),
    "extremes": _fixed_extremes,
    "second ties": _fixed_second_ties,
    "first ties": _fixed_first_ties,
    "left": _fixed_left,
    "single bits": _fixed_single_bits,
}

#: For each mode its classes by name.
CLASSES = {
    Mode.FLOAT32: {
        "spread": _spread(_float32_for),
        "wrapping": _wrapping(_float32_for),
        "extremes": _float32_extremes,
        "ties": _float32_ties,
        "powers of two": _float32_powers_of_two,
        "binades": _float32_binades,
        "double rounding": _float32_double_rounding,
        "single bits": _float32_single_bits,
    },
    Mode.FLOAT32_BIAS: FLOAT32_BIAS_CLASSES,
    Mode.FLOAT32_CHAIN: FLOAT32_CHAIN_CLASSES,
    Mode.FIXED_DOUBLE_AWAY: _FIXED_DOUBLE,
    Mode.FIXED_DOUBLE_UP: _FIXED_DOUBLE,
    Mode.FIXED_SINGLE: {
        "spread": _spread(_fixed_for),
        "wrapping": _wrapping(_fixed_for),
        "extremes": _fixed_extremes,
        "ties": _fixed_second_ties,
        "left": _fixed_single_left,
        "single bits": _fixed_single_bits,
    },
    Mode.RAW: {"bytes": _raw, "wrapping": _raw},
}


def draw(mode, name, *, seed, n, channels, accumulator_bits=32):
    """``n * channels`` cases of the class ``name`` of ``mode``.

    Narrower accumulators keep their low bits, which leaves fewer cases where they were aimed.
    """
    random = np.random.default_rng(seed)
    bias = _bias(random, channels)
    if name == "wrapping":
        bias = np.where(bias < 0, INT32.min, INT32.max) + random.integers(0, 999, channels) * (
            np.where(bias < 0, 1, -1)
        )
    real, fixed_bias = None, np.zeros(channels, np.int64)
    if mode in (Mode.FLOAT32_BIAS, Mode.FLOAT32_CHAIN):
        real, sums = CLASSES[mode][name](random, n, channels)
        entries = {what: np.array(values) for what, values in real.entries.items()}
        multiplier, shift, fixed_bias = (
            entries[what] for what in ("multiplier", "shift", "fixed_bias")
        )
    else:
        multiplier, shift, sums = CLASSES[mode][name](random, n, channels)
    sums = np.clip(sums, INT32.min, INT32.max)
    accumulators = wrap(wrap(sums - bias), accumulator_bits)
    return Cases(
        bias=bias,
        multiplier=multiplier,
        shift=shift,
        sums=wrap(accumulators + bias),
        accumulators=accumulators,
        fixed_bias=fixed_bias,
        real=real,
    )
