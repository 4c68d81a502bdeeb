# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The weight memory reads what was written, from the stated clock on."""

import re

import numpy as np
import pytest

from macaw.arch.config import ArrayConfig, Technology
from macaw.hw.weight_memory import WeightMemory
from macaw.sim.vectors import apply

SEED = 20261127
COUNT = 20_000


def expected_weights(depth, columns, address, valid, write_address, write_data, write_latency):
    """(weights, defined): what each address reads, and whether the contract says it at all."""
    words = np.zeros((depth, columns, write_data.shape[1]), np.int8)
    weights = np.empty((COUNT, *words.shape[1:]), np.int8)
    defined = np.ones(COUNT, bool)
    for clock in range(COUNT):
        weights[clock] = words[address[clock]]
        word, column = divmod(write_address[clock], columns)
        if valid[clock]:
            words[word, column] = write_data[clock]
            defined[clock : clock + write_latency] &= address[clock : clock + write_latency] != word
    return weights, defined


@pytest.mark.parametrize(
    ("lanes", "columns", "depth", "technology", "options"),
    [
        (8, 4, 64, Technology.GENERIC, {}),
        (8, 2, 64, Technology.ICE40, {"registered": False}),
        (16, 4, 64, Technology.ECP5, {}),
        (16, 4, 64, Technology.ECP5, {"compact": True}),
        (8, 4, 512, Technology.ECP5, {}),
        pytest.param(8, 4, 512, Technology.ECP5, {"compact": True}, marks=pytest.mark.full),
        pytest.param(8, 4, 1024, Technology.ECP5, {}, marks=pytest.mark.full),
        pytest.param(16, 16, 1024, Technology.ECP5, {}, marks=pytest.mark.full),
        pytest.param(32, 2, 16, Technology.GENERIC, {}, marks=pytest.mark.full),
    ],
)
def test_words_read_what_was_written(lanes, columns, depth, technology, options):
    component = WeightMemory(
        ArrayConfig(lanes=lanes, columns=columns), depth=depth, technology=technology, **options
    )
    assert component.latency == 1 or options.get("registered", True)
    generator = np.random.default_rng(SEED)
    valid = generator.random(COUNT) < 0.7
    write_address = generator.integers(0, depth * columns, COUNT)
    write_data = generator.integers(-128, 128, (COUNT, lanes), dtype=np.int8)
    address = generator.integers(0, depth, COUNT)
    soon = generator.random(COUNT - 1) < 0.5
    address[1:][soon] = write_address[:-1][soon] // columns

    outputs = apply(
        component,
        {
            "address": address,
            "write__valid": valid,
            "write__payload": {
                "address": write_address,
                "data": write_data.view(np.uint8),
            },
        },
        latency={"weights": component.latency, "write__ready": 0},
    )
    assert outputs["write__ready"].all()
    expected, defined = expected_weights(
        depth, columns, address, valid, write_address, write_data, component.write_latency
    )
    assert defined.mean() > 0.9
    weights = outputs["weights"].reshape(expected.shape)
    wrong = np.argwhere((weights != expected) & defined[:, None, None])
    assert not wrong.size, (
        f"{len(wrong)} weights differ with seed {SEED}, the first in clock {wrong[0][0]}, column "
        f"{wrong[0][1]}, lane {wrong[0][2]}: {weights[*wrong[0]]}, not {expected[*wrong[0]]}"
    )


@pytest.mark.parametrize(
    ("depth", "technology", "message"),
    [
        (48, Technology.GENERIC, "weight memory depth must be a power of two, not 48"),
        (8, Technology.GENERIC, "weight memory depth must be in 16 ... 65536, not 8"),
        (2048, Technology.ECP5, "weight memory depth must be at most 1024 for ecp5, not 2048"),
        (64, "paper", "technology must be one of generic, ecp5, ice40, gowin, not 'paper'"),
    ],
)
def test_refused_values(depth, technology, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        WeightMemory(ArrayConfig(), depth, technology)


def test_ecp5_has_registers_behind_its_memories():
    with pytest.raises(ValueError, match=r"^registered must be True for ecp5, not False$"):
        WeightMemory(ArrayConfig(), 64, Technology.ECP5, registered=False)


def test_refused_types():
    with pytest.raises(TypeError, match=r"^array must be an ArrayConfig, not None$"):
        WeightMemory(None, 64, Technology.GENERIC)
