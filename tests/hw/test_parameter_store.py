# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The parameter store gives each lane the entry of the channel that it works on."""

import dataclasses
import random

import pytest
from layer_words import layer_word, random_groups

from macaw.arch import ArrayConfig, MemoryConfig, RequantizerConfig, preset
from macaw.hw.parameter_store import ParameterStore
from macaw.sim.bench import run_bench

SEED = 20261206
LAYERS = 12


def random_layer(generator, config, window):
    """A layer's groups and descriptor; its entries begin anywhere."""
    groups, fields = random_groups(generator, config, window, outer=3)
    total = sum(channels for _, channels in groups)
    start = generator.randint(0, config.memory.parameter_entries - total)
    most = config.parameter_sets(window=window)
    stay = len(groups) <= most and generator.random() < 0.7
    sets = len(groups) if stay else most
    return {
        "word": layer_word(
            config,
            parameter_start=start,
            parameter_sets=sets - 1,
            parameters_stay=int(stay),
            **fields,
        ),
        "window": window,
        "rows": generator.randint(1, 4),
        "pixels": generator.choice([1, 2, 5, 40]),
        "groups": [(start + first, channels) for first, channels in groups],
    }


@pytest.mark.parametrize(
    ("lanes", "columns", "requantizer_lanes", "multiplier", "compact"),
    [
        (8, 4, 1, "single", False),
        (8, 4, 4, "single", False),
        (8, 4, 4, "single", True),
        (8, 2, 2, "serial", False),
        (8, 4, 2, "serial", False),
        pytest.param(8, 4, 2, "single", False, marks=pytest.mark.full),
        pytest.param(16, 4, 2, "single", True, marks=pytest.mark.full),
        pytest.param(16, 16, 16, "single", False, marks=pytest.mark.full),
    ],
)
def test_each_value_meets_its_channels_entry(
    lanes, columns, requantizer_lanes, multiplier, compact
):
    config = dataclasses.replace(
        preset("tiny"),
        array=ArrayConfig(lanes=lanes, columns=columns),
        requantizer=RequantizerConfig(lanes=requantizer_lanes, multiplier=multiplier),
        memory=MemoryConfig(parameter_entries=64 if lanes == 8 else 256),
        compact=compact,
    )
    generator = random.Random(SEED)
    component = ParameterStore(config)
    for wait, gap in ((0.0, 0.0), (0.5, 0.3)):
        values = {
            "latency": component.latency,
            "lead": component.lead,
            "lanes": requantizer_lanes,
            "portions": config.portions,
            "interval": config.requantizer.interval,
            "pair_channels": config.array.pair_channels,
            "phases": config.array.phases,
            "entries": config.memory.parameter_entries,
            "compact": compact,
            "layers": [random_layer(generator, config, bool(i % 2)) for i in range(LAYERS)],
            "wait": wait,
            "gap": gap,
        }
        run_bench(component, "macaw.sim.benches.parameter_store", values, seed=SEED)
