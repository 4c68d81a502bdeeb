# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Sums and real biases that are hard to requantise in mode ``float32_bias``, by classes.

Each gives the parameters of its channels and sums, int64 [n, channels], to which their biases
are added in float32.
"""

import numpy as np
from case_values import EDGES, INT32, near, signs, up_to

from macaw.arch import Float32Bias


def _parameters(bias, multiplier, scale=1.0):
    bias, multiplier = np.float32(bias), np.float32(multiplier)
    return Float32Bias(
        bias=tuple(bias.tolist()),
        bias_scale=tuple(np.broadcast_to(np.float32(scale), bias.shape).tolist()),
        multiplier=tuple(multiplier.tolist()),
        zero_point=0,
        minimum=0,
        maximum=255,
    )


def _powers(random, low, high, channels):
    """Positive numbers, their exponents evenly spread over ``low ... high``."""
    return 2.0 ** random.uniform(low, high, channels)


def _spread(random, n, channels):
    """Sums and biases of every size that their multiplier brings near int8's range; biases as
    products with a scale too."""
    bits = random.integers(7, 32, channels)
    multiplier = np.minimum(2.0 ** (random.uniform(6, 9, channels) - bits), 1)
    bias = signs(random, channels) * 2.0**bits * random.uniform(0, 0.9, channels)
    scale = np.where(random.random(channels) < 0.5, 1, _powers(random, -9, 9, channels))
    bits = np.broadcast_to(bits, (n, channels))
    sums = signs(random, bits.shape) * up_to(random, bits)
    return _parameters(bias / scale, multiplier, scale), sums


def _wrapping(random, n, channels):
    """Sums of all of int32; the integer biases of this class make most of them wrap."""
    multiplier = _powers(random, -25, -22, channels)
    sums = random.integers(INT32.min, INT32.max, (n, channels), endpoint=True)
    return _parameters(random.normal(0, 1e6, channels), multiplier), sums


def _extremes(random, n, channels):
    """Every shift, with the sums at the edges of every range, and so the biases."""
    multiplier = 2.0 ** -(np.arange(channels) % 41.0) * random.uniform(0.5, 1, channels)
    ends = (0, 2.0**31 - 128, -(2.0**31) + 128, 2.0**30, -(2.0**30), 2.0**-149, -(2.0**-30), 0.5)
    return _parameters(random.choice(ends, channels), multiplier), random.choice(
        EDGES, (n, channels)
    )


def _ties(random, n, channels):
    """Sums next to ``(k + 1/2) / m - bias``, where the bias' fraction can decide."""
    multiplier = _powers(random, -12, 0, channels)
    bias = random.normal(0, 1000, channels)
    odd = 2 * random.integers(-260, 260, (n, channels)) + 1
    sums = near(random, np.floor(odd / 2 / np.float32(multiplier) - bias).astype(np.int64))
    return _parameters(bias, multiplier), sums


def _halves(random, n, channels):
    """Exact ties: biases of whole and half units under powers of two."""
    places = random.integers(1, 20, channels)
    bias = random.integers(-(1 << 10), 1 << 10, channels) / 2
    odd = 2 * random.integers(-260, 260, (n, channels)) + 1
    sums = odd * (np.int64(1) << (places - 1)) - np.floor(bias).astype(np.int64)
    return _parameters(bias, 2.0**-places), sums


def _cancelling(random, n, channels):
    """Biases that cancel sums of 25 bits and more, of which float32 has dropped the last bits."""
    bits = random.integers(25, 31, channels)
    large = signs(random, channels) * ((np.int64(1) << bits) + up_to(random, bits))
    bias = np.float32(-large)
    multiplier = _powers(random, -4, 0, channels)
    span = random.integers(-600, 600, (n, channels))
    sums = -bias.astype(np.int64) + (span / multiplier).astype(np.int64) // 4
    return _parameters(bias, multiplier), sums


def _beside_ties(random, n, channels, *, low, high, tail):
    """Totals next to a tie of the result, off it by half of their last place in float32, and by
    a relative ``tail`` of this.

    The tie is ``(k + 1/2) * 2**places`` with an even k, so that the last place decides.
    """
    top = random.integers(low, high, channels)
    count = random.integers(3, 8, channels)  # the bits of 2 * k + 1
    odd = (np.int64(1) << (count - 1)) + 4 * up_to(random, np.maximum(count - 3, 0)) + 1
    places = top - count + 2
    beside = random.integers(0, 2, (n, channels))
    sums = signs(random, (n, channels)) * ((odd + beside) << (places - 1))
    bias = signs(random, channels) * 2.0 ** (top - 24) * (1 + tail)
    return bias, 2.0 ** -places.astype(float), sums


def _rounded_totals(random, n, channels):
    """Totals that are a tie once float32 rounds them; unrounded, the product is none.

    Under a multiplier of three, what is three eighths of the total's last place is more than a
    half of the product's.
    """
    odd = random.choice((19, 35, 39, *range(67, 84, 4)), channels)  # three of it: 4 * i + 1
    bits = np.floor(np.log2(odd)).astype(np.int64) + 1
    top = random.integers(12, 23, channels)
    places = top - bits + 1
    beside = random.integers(-1, 2, (n, channels))
    sums = signs(random, (n, channels)) * ((odd << places) + beside)
    bias = signs(random, channels) * 0.375 * 2.0 ** (top - 23)
    return _parameters(bias, 3 * 2.0 ** -(places + 1.0)), sums


def _last_bits(random, n, channels):
    """Totals whose rounding is decided by bits below those that the fixed-point bias has."""
    bias, multiplier, sums = _beside_ties(random, n, channels, low=10, high=17, tail=2.0**-23)
    return _parameters(bias, multiplier), sums


def _fused(random, n, channels):
    """The same with biases that are products, of which float32 would lose what decides."""
    bias, multiplier, sums = _beside_ties(random, n, channels, low=10, high=19, tail=2.0**-23)
    return _parameters(bias, multiplier, 1 - 2.0**-24), sums


#: The classes by name.
FLOAT32_BIAS_CLASSES = {
    "spread": _spread,
    "wrapping": _wrapping,
    "extremes": _extremes,
    "ties": _ties,
    "halves": _halves,
    "cancelling": _cancelling,
    "rounded totals": _rounded_totals,
    "last bits": _last_bits,
    "fused": _fused,
}
