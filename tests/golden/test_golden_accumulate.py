# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Narrow accumulators against additions one by one."""

import numpy as np
import pytest

from macaw.arch import Overflow
from macaw.golden import accumulate, step_sums

SEED = 8


@pytest.mark.parametrize("bits", [8, 13, 20, 32])
@pytest.mark.parametrize("overflow", list(Overflow))
def test_as_added_one_by_one(bits: int, overflow: Overflow) -> None:
    rng = np.random.default_rng(SEED)
    low, high = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    steps = rng.integers(low, high + 1, (3, 4, 25)) // 4
    initial = rng.integers(low, high + 1, (3, 1))
    result = accumulate(steps, bits=bits, overflow=overflow, initial=initial)
    assert result.dtype == np.int64
    clamped = 0
    for index in np.ndindex(3, 4):
        total = int(initial[index[0], 0])
        for step in steps[index]:
            total += int(step)
            clamped += not low <= total <= high
            if overflow == Overflow.WRAP:
                total = (total - low) % 2**bits + low
            else:
                total = min(max(total, low), high)
        assert result[index] == total, f"seed {SEED}, {index}"
    assert clamped > 10


def test_saturation_depends_on_the_order_and_wrapping_does_not() -> None:
    steps = np.array([100, 100, -100])
    for overflow, equal in ((Overflow.WRAP, True), (Overflow.SATURATE, False)):
        forth = accumulate(steps, bits=8, overflow=overflow)
        back = accumulate(steps[[0, 2, 1]], bits=8, overflow=overflow)
        assert (forth == back) == equal


def test_steps_sum_lanes_in_order() -> None:
    products = np.arange(12).reshape(2, 6).astype(np.int8)
    np.testing.assert_array_equal(step_sums(products, 4), [[6, 9], [30, 21]])
    np.testing.assert_array_equal(step_sums(products, 6), [[15], [51]])


def test_refusals() -> None:
    steps = np.array([1])
    with pytest.raises(ValueError, match=r"^accumulator bits must be in 8 \.\.\. 32, not 33"):
        accumulate(steps, bits=33, overflow=Overflow.WRAP)
    with pytest.raises(ValueError, match=r"^overflow must be one of wrap, saturate, not 'x'"):
        accumulate(steps, bits=8, overflow="x")
    with pytest.raises(TypeError, match=r"^steps must be integers, not float64"):
        accumulate(steps * 0.5, bits=8, overflow=Overflow.WRAP)
    with pytest.raises(ValueError, match=r"^initial must be in -128 \.\.\. 127, not 128"):
        accumulate(steps, bits=8, overflow=Overflow.WRAP, initial=128)
    with pytest.raises(ValueError, match=r"^lanes must be in 1 \.\.\. "):
        step_sums(steps, 0)
