# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The result buffer puts runs of bytes at any offset together, and streams complete rows."""

import dataclasses
import random

import pytest
from layer_words import layer_word

from macaw.arch import ArrayConfig, MemoryConfig, Technology, preset
from macaw.hw.result_buffer import ResultBuffer
from macaw.sim.bench import run_bench

SEED = 20261207


def configuration(lanes, words, technology=Technology.GENERIC):
    return dataclasses.replace(
        preset("tiny"),
        technology=technology,
        array=ArrayConfig(lanes=lanes, columns=4),
        memory=MemoryConfig(result_words=words),
    )


def random_layer(generator, config):
    lanes, words = config.array.lanes, config.memory.result_words
    row_words = generator.choice([1, 2, 3, generator.randint(1, words)])
    row_bytes = generator.randint((row_words - 1) * lanes + 1, row_words * lanes)
    unsigned = generator.random() < 0.5
    return {
        "word": layer_word(
            config,
            result_words=row_words - 1,
            output_unsigned=int(unsigned),
        ),
        "rows": generator.randint(1, min(3 * words // row_words, 200 // row_words + 1)),
        "row_bytes": row_bytes,
        "words": row_words,
        "unsigned": unsigned,
    }


def check(config, *, layers, **changes):
    generator = random.Random(SEED)
    values = {
        "lanes": config.array.lanes,
        "words": config.memory.result_words,
        "layers": [random_layer(generator, config) for _ in range(layers)],
        "stall": 0.0,
        "gap": 0.0,
        "fills": False,
    } | changes
    run_bench(ResultBuffer(config), "macaw.sim.benches.result_buffer", values, seed=SEED)


@pytest.mark.parametrize(
    "changes",
    [{}, {"gap": 0.5, "stall": 0.2}, {"stall": 0.8, "fills": True}],
)
def test_rows_leave_as_they_were_written(changes):
    check(configuration(8, 16), layers=12, **changes)


@pytest.mark.full
@pytest.mark.parametrize("lanes", [16, 32])
def test_rows_of_wider_words_on_device_cells(lanes):
    check(configuration(lanes, 64, Technology.ECP5), layers=40, gap=0.1, stall=0.5)
