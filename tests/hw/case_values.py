# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""What the classes of requantiser cases are drawn from."""

import numpy as np

INT32 = np.iinfo(np.int32)

#: Sums at the edges of every range.
EDGES = np.array(
    [0, 1, -1, 2, -2, 3, -3, INT32.max, INT32.max - 63, INT32.max - 64, INT32.min, INT32.min + 1]
    + [sign * ((1 << bits) + step) for bits in (23, 24, 25, 30) for step in (-1, 0, 1)
       for sign in (1, -1)]
)  # fmt: skip


def wrap(values, bits=32):
    """``values`` modulo ``2**bits``, as signed numbers."""
    half = 1 << (bits - 1)
    return ((values + half) & ((1 << bits) - 1)) - half


def signs(random, shape):
    return random.choice((-1, 1), shape)


def up_to(random, bits):
    """Magnitudes of up to ``bits`` bits."""
    return random.integers(0, np.int64(1) << bits)


def near(random, values):
    return values + random.integers(-1, 3, values.shape)


def fixed_multiplier(random, channels):
    uniform = random.integers(1 << 30, 1 << 31, channels)
    special = random.choice((1 << 30, (1 << 30) + 1, (1 << 31) - 1), channels)
    return np.where(random.random(channels) < 0.25, special, uniform)
