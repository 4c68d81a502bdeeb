# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Buffers that live at the same time stand apart, or as far behind each other as they may."""

from itertools import combinations

import numpy as np
import pytest

from macaw.compiler.machine.allocation import Life, place_buffers


def random_lives(rng: np.random.Generator) -> dict[str, Life]:
    lives = {}
    for name in "abcdefgh":
        first, length, words = (int(each) for each in rng.integers([0, 1, 1], [8, 4, 20]))
        lives[name] = Life(words=words, first=first, last=first + length)
    return lives


def may_stand(lives, placed, overwritten, one, other) -> bool:
    """Whether two buffers stand where they may."""
    if lives[one].last < lives[other].first or lives[other].last < lives[one].first:
        return True
    if placed[one] + lives[one].words <= placed[other]:
        return True
    if placed[other] + lives[other].words <= placed[one]:
        return True
    for result, image in ((one, other), (other, one)):
        if (result, image) in overwritten:
            return placed[result] <= placed[image] + overwritten[result, image]
    return False


@pytest.mark.parametrize("capacity", [None, 24, 40])
def test_buffers_stand_where_they_may(capacity):
    over = 0
    for seed in range(300):
        rng = np.random.default_rng(seed)
        lives = random_lives(rng)
        overwritten = {
            (result, image): int(rng.integers(-20, 20))
            for result in lives
            for image in lives
            if lives[result].first == lives[image].last and result != image
        }
        placed = place_buffers(lives, capacity, overwritten)
        if capacity is None:
            assert placed.keys() == lives.keys()
        else:
            assert all(placed[name] + lives[name].words <= capacity for name in placed)
        assert all(first >= 0 for first in placed.values())
        for one, other in combinations(placed, 2):
            assert may_stand(lives, placed, overwritten, one, other), f"seed {seed}: {one}, {other}"
            over += not may_stand(lives, placed, {}, one, other)
    # Many stand over another.
    assert over > 100


def test_a_chain_of_one_size_stands_in_one_place():
    lives = {name: Life(words=8, first=at, last=at + 1) for at, name in enumerate("abcd")}
    over = {("b", "a"): 0, ("c", "b"): 0, ("d", "c"): 0}
    assert place_buffers(lives, 15, over) == dict.fromkeys(lives, 0)
    assert len(place_buffers(lives, 15)) == 2
