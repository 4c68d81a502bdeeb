# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The weight address goes through a group's words for each pixel, and through the groups of a
row, or the first one's words for all of them, for each row; so does the narrow core's address, a
clock sooner, which knows no words for all groups."""

import random

import numpy as np
import pytest
from side_by_side import SideBySide

from macaw.arch import preset
from macaw.arch.core import layer_fields
from macaw.hw.narrow.loop_address import LoopAddress
from macaw.hw.weight_address import WeightAddress
from macaw.sim.vectors import apply

SEED = 20261209
TINY = preset("tiny")
LAYERS = 40


def evaluations(generator):
    """(evaluation or ``None``, start, first weight word, whether the groups share their words,
    addresses by block) of each clock."""
    none = {"weight": 0, "loop": 0}
    most = TINY.memory.weight_words
    for _ in range(LAYERS):
        groups = [generator.randint(1, 9) for _ in range(generator.randint(1, 4))]
        start = generator.randint(0, most - sum(groups))
        pixels = generator.randint(1, 4)
        shared = generator.randint(0, 1)
        yield None, 0, start, shared, none
        yield None, 1, start, shared, none
        for _ in range(generator.randint(1, 3)):
            first = start
            for index, words in enumerate(groups):
                for pixel in range(pixels):
                    for word in range(words):
                        while generator.random() < 0.2:
                            yield None, 0, start, shared, none
                        last, end = word == words - 1, pixel == pixels - 1
                        flags = {
                            "finish": last,
                            "group_end": end,
                            "row_end": end and index == len(groups) - 1,
                        }
                        addresses = {
                            "weight": (start if shared else first) + word,
                            "loop": first + word,
                        }
                        yield flags, 0, start, shared, addresses
                first += words


def test_addresses_of_random_layers():
    generator = random.Random(SEED)
    clocks = list(evaluations(generator))
    noise = [
        {name: generator.randint(0, 1) for name in ("finish", "group_end", "row_end")}
        for _ in clocks
    ]
    flags = [clock[0] or other for clock, other in zip(clocks, noise, strict=True)]
    valid = np.array([clock[0] is not None for clock in clocks])
    layer = {field.name: np.zeros(len(clocks), np.int64) for field in layer_fields(TINY)}
    layer["weight_start"] = np.array([clock[2] for clock in clocks])
    layer["weights_shared"] = np.array([clock[3] for clock in clocks])
    blocks = {"weight": WeightAddress(TINY), "loop": LoopAddress(len(WeightAddress(TINY).address))}
    start = np.array([clock[1] for clock in clocks])
    place = {name: np.array([int(flag[name]) for flag in flags]) for name in noise[0]}
    found = apply(
        SideBySide(blocks),
        {
            "weight__layer": layer,
            "weight__start": start,
            "weight__evaluation": {
                "valid": valid,
                "first": np.array([generator.randint(0, 1) for _ in clocks]),
                "last": np.array([generator.randint(0, 1) for _ in clocks]),
                "place": place,
            },
            "loop__begin": layer["weight_start"],
            "loop__start": start,
            "loop__step": valid,
            "loop__place": place,
        },
        latency={"weight__address": WeightAddress.latency, "loop__address": 0},
    )
    for name in blocks:
        expected = np.array([clock[4][name] for clock in clocks])
        addresses = found[f"{name}__address"]
        wrong = np.flatnonzero(valid & (addresses != expected))
        assert not wrong.size, (
            f"{name}: {len(wrong)} differ with seed {SEED}, the first in clock {wrong[0]}: "
            f"{addresses[wrong[0]]}, not {expected[wrong[0]]}"
        )


def test_refusals():
    with pytest.raises(ValueError, match=r"^bits must be in 1 \.\.\. 32, not 33$"):
        LoopAddress(33)
