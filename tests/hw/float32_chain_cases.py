# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Sums and parameters that are hard to requantise in mode ``float32_chain``, by classes.

Scales of input and result belong to a layer, so a class draws them once. In some classes the
result is uint8, whose zero point is 128 more than the int8 one.
"""

import numpy as np
from case_values import EDGES, INT32, signs, up_to

from macaw.arch import Float32Chain


def _parameters(random, input_scale, weight_scale, bias, output_multiplier, *, signed=None):
    return Float32Chain(
        input_scale=float(np.float32(input_scale)),
        weight_scale=tuple(np.float32(weight_scale).tolist()),
        bias=tuple(np.float32(bias).tolist()),
        output_multiplier=float(np.float32(output_multiplier)),
        zero_point=0,
        minimum=0,
        maximum=127,
        signed=bool(random.random() < 0.5) if signed is None else signed,
    )


def _scales(random, bits):
    """Scales of input and weights, and a last multiplier that brings sums of ``bits`` bits near
    the range of int8: for a layer and for its channels."""
    input_scale, output_multiplier = 2.0 ** random.uniform(-9, 9, 2)
    spread = random.uniform(6, 9, len(bits))
    return (
        input_scale,
        2.0 ** (spread - bits) / (input_scale * output_multiplier),
        output_multiplier,
    )


def _spread(random, n, channels):
    """Sums and biases of every size that their scales bring near int8's range."""
    bits = random.integers(7, 32, channels)
    input_scale, weight_scale, multiplier = _scales(random, bits)
    bias = random.uniform(-100, 100, channels) / multiplier
    bits = np.broadcast_to(bits, (n, channels))
    sums = signs(random, bits.shape) * up_to(random, bits)
    return _parameters(random, input_scale, weight_scale, bias, multiplier), sums


def _wrapping(random, n, channels):
    """Sums of all of int32; the integer biases of this class make most of them wrap."""
    input_scale, weight_scale, multiplier = _scales(random, np.full(channels, 31))
    sums = random.integers(INT32.min, INT32.max, (n, channels), endpoint=True)
    bias = random.normal(0, 1, channels) / multiplier
    return _parameters(random, input_scale, weight_scale, bias, multiplier), sums


def _extremes(random, n, channels):
    """Every shift, with the sums at the edges of every range, and so the biases."""
    # The scales of the weights go from one end of their range to the other.
    input_scale, multiplier = 2.0**-20, 2.0 ** random.integers(-26, -24)
    weight_scale = 2.0 ** np.clip(63.5 - np.arange(channels) % 128, -63, 63)
    ends = np.array((0, 2.0**27 - 8, 8 - 2.0**27, 100, -100, 0.5, 2.0**-40, -(2.0**-60)))
    bias = random.choice(ends, channels) / multiplier
    sums = random.choice(EDGES, (n, channels))
    return _parameters(random, input_scale, weight_scale, bias, multiplier), sums


def _ties(random, n, channels):
    """Exact ties under powers of two, and those beside."""
    places = random.integers(1, 20, channels)
    input_scale, multiplier = 2.0 ** random.integers(-9, 9, 2)
    bias = random.integers(-60, 60, channels) / 2 / multiplier
    odd = 2 * random.integers(-130, 130, (n, channels)) + random.integers(0, 2, channels)
    sums = odd * (np.int64(1) << (places - 1)) + random.integers(0, 2, (n, channels))
    weight_scale = 2.0 ** -places.astype(float) / (input_scale * multiplier)
    return _parameters(random, input_scale, weight_scale, bias, multiplier), sums


def _zero_point(random, n, channels):
    """Results that are no ties until float32 rounds their sum with the zero point to one."""
    input_scale, multiplier = 2.0 ** random.integers(-9, 9, 2)
    places = random.integers(1, 16, channels)
    odd = 2 * random.integers(-60, 60, (n, channels)) + 1
    sums = odd * (np.int64(1) << (places - 1))
    tiny = 2.0 ** -random.integers(17, 22, channels).astype(float)
    bias = signs(random, channels) * tiny / multiplier
    weight_scale = 2.0 ** -places.astype(float) / (input_scale * multiplier)
    return _parameters(random, input_scale, weight_scale, bias, multiplier, signed=False), sums


def _cancelling(random, n, channels):
    """Biases that cancel a product but for its last places, which are the result's units."""
    bits = random.integers(20, 31, channels)
    input_scale, multiplier = 2.0 ** random.uniform(-9, 9, 2)
    size = 2.0 ** random.uniform(23, 26, channels)
    weight_scale = size / 2.0**bits / (input_scale * multiplier)
    centre = signs(random, channels) * ((np.int64(1) << bits) + up_to(random, bits))
    bias = -(centre * input_scale * np.float32(weight_scale))
    step = np.maximum(2.0**bits * 60 / size, 1)
    sums = centre + np.rint(random.uniform(-1, 1, (n, channels)) * step).astype(np.int64)
    return _parameters(random, input_scale, weight_scale, bias, multiplier), sums


def _last_product(random, n, channels):
    """Products with the last multiplier that float32 rounds to ties, of which the zero point
    leaves little, so that unrounded they would be seen not to be ties."""
    bits = int(random.integers(0xFF0000, 1 << 24)) | 1
    odd = 2 * random.integers(112, 128, (n, channels)) + 1
    # The product with the bits has 48 bits, and is less than a sum away from odd * 2**40.
    sums = -((odd << 40) // bits + random.integers(0, 2, odd.shape))
    scale = 2.0 ** random.integers(-9, 9)
    weight_scale = np.full(channels, 2.0**-17 / scale)
    bias = np.zeros(channels)
    return _parameters(random, scale, weight_scale, bias, bits / 2.0**24, signed=False), sums


def _rounded_totals(random, n, channels):
    """Sums with the bias that are a tie once float32 rounds them; unrounded, the product is none
    (as in mode ``float32_bias``, under a multiplier of three)."""
    odd = random.choice((19, 35, 39, *range(67, 84, 4)), channels)  # three of it: 4 * i + 1
    bits = np.floor(np.log2(odd)).astype(np.int64) + 1
    top = 22
    places = top - bits + 1
    sums = signs(random, (n, channels)) * ((odd << places) + random.integers(-1, 2, (n, channels)))
    input_scale, multiplier = 2.0 ** random.integers(-9, 9), 3 * 2.0 ** random.integers(-9, 9)
    weight_scale = 3 * 2.0 ** -(places + 1.0) / (input_scale * multiplier)
    unit = 2.0 ** (top - 23) * input_scale * weight_scale
    bias = signs(random, channels) * 0.375 * unit
    return _parameters(random, input_scale, weight_scale, bias, multiplier, signed=True), sums


def _single_bits(random, n, channels):
    """Products of which float32 drops a half and at most one more bit; the bias leaves their last
    place only."""
    # By which three times 2**22 is among the factors, with a product of 48 bits that has a half,
    # a quarter and no last place.
    bits = int(random.integers(0x2AAAAB >> 1, 0x200000)) * 8 + 1
    inverse = pow(bits, -1, 1 << 24)
    factors = []
    while len(factors) < channels:
        guard = int(random.integers(22, 24))
        single = random.choice((0, 1 << int(random.integers(0, guard)), 1 << (guard - 1)))
        factor = ((1 << guard) + int(single)) * inverse % (1 << 24)
        if factor >> 23 and (factor * bits).bit_length() == 25 + guard:
            factors.append(factor)
    sign = signs(random, channels)
    sums = sign * (np.array(factors) + random.choice((0, 0, 0, -1, 1), (n, channels)))
    products = np.float32(np.array(factors) * (bits / 2.0**24))
    bias = -sign * products + random.integers(-9, 9, channels)
    return _parameters(random, bits / 2.0**24, np.ones(channels), bias, 2.0), sums


def _small_products(random, n, channels):
    """Biases that are a tie of the result, and products of half their last place, a little more
    or a little less."""
    odd = 4 * random.integers(1, 60, channels) + 1
    half = 2.0 ** (np.floor(np.log2(odd / 2)) - 24)
    input_scale, multiplier = 2.0 ** random.integers(-9, 9, 2)
    weight_scale = half / 2.0**23 / (input_scale * multiplier)
    sign = signs(random, channels)
    sums = sign * ((1 << 23) + random.integers(-2, 3, (n, channels)))
    bias = sign * odd / 2 / multiplier
    return _parameters(random, input_scale, weight_scale, bias, multiplier, signed=True), sums


#: The classes by name.
FLOAT32_CHAIN_CLASSES = {
    "spread": _spread,
    "wrapping": _wrapping,
    "extremes": _extremes,
    "ties": _ties,
    "zero point": _zero_point,
    "cancelling": _cancelling,
    "last product": _last_product,
    "rounded totals": _rounded_totals,
    "single bits": _single_bits,
    "small products": _small_products,
}
