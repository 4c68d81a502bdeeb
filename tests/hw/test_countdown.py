# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The countdown knows the last place of every number of places, whatever came before."""

import numpy as np
import pytest

from macaw.hw.countdown import Countdown
from macaw.sim.vectors import apply

SEED = 20261125
MOST = 9


def expected_last(following, start, advance):
    """The contract, clock by clock: ``last`` as it stands in each clock."""
    last, number, found = False, 0, []
    for size, begins, moves in zip(following, start, advance, strict=True):
        found.append(last)
        if begins:
            number = 0
        elif moves:
            number = 0 if last else number + 1
        if begins or moves:
            last = number == size
    return np.array(found)


@pytest.mark.parametrize("bits", [4, 12])
def test_last_is_right_for_every_number(bits):
    generator = np.random.default_rng(SEED)
    following, start, advance = [], [], []
    for _ in range(300):
        clocks = int(generator.integers(4, 40))
        following += [int(generator.integers(0, MOST))] * clocks
        start += [0, 1] + [0] * (clocks - 2)
        advance += [0, 0, *(generator.random(clocks - 2) < generator.random()).astype(int)]
    inputs = {
        "following": np.array(following, np.uint16 if bits > 8 else np.uint8),
        "start": np.array(start, np.uint8),
        "advance": np.array(advance, np.uint8),
    }
    last = apply(Countdown(bits), inputs, latency=0)["last"]
    expected = expected_last(following, start, advance)
    assert expected.sum() > 300
    wrong = np.flatnonzero(last != expected)
    assert not wrong.size, f"{wrong.size} clocks differ with seed {SEED}, the first is {wrong[0]}"


@pytest.mark.parametrize("bits", [0, 33])
def test_bits_out_of_range_are_refused(bits):
    with pytest.raises(ValueError, match=f"^bits must be in 1 ... 32, not {bits}$"):
        Countdown(bits)
