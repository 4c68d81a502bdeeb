# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The line buffer gives back every byte of its rows, for every geometry and in both forms."""

import random
import re

import pytest

from macaw.arch.config import Technology
from macaw.hw.line_buffer import LineBuffer
from macaw.sim.bench import run_bench

SEED = 20261130
BENCH = "macaw.sim.benches.line_buffer"


def geometries(count, words, *, rows, height=30):
    """Random geometries of rings of at most ``words`` words and ``rows`` rows; the pitch takes
    all its remainders in turn."""
    generator = random.Random(SEED)
    found = []
    while len(found) < count:
        row_words = generator.choice([1, 2, 3, generator.randint(1, words // 5)])
        pitch = row_words + (len(found) - row_words) % 4
        ring_rows = min(generator.randint(*rows), words // pitch)
        # Only such rings are read in more than one bank at their end.
        while ring_rows > 4 and ring_rows * pitch % 4:
            ring_rows -= 1
        found.append(
            {
                "height": generator.randint(1, height),
                "row_words": row_words,
                "pitch": pitch,
                "ring_rows": ring_rows,
                "unsigned": generator.random() < 0.5,
            }
        )
    return found


def values(component, lanes, images, **changes):
    return {
        "lanes": lanes,
        "latency": component.latency,
        "images": images,
        "idle": 0.2,
        "release": 0.1,
        "ahead": 0.0,
        "covers": ["one", "two", "four", "full"],
        "stream_waits": True,
    } | changes


@pytest.mark.parametrize(
    ("rows", "changes"),
    [
        ((4, 12), {}),
        ((4, 12), {"idle": 0.0, "release": 0.3}),
        ((1, 4), {"idle": 0.6, "release": 0.3, "ahead": 0.2, "covers": ["one", "full", "ahead"]}),
        ((1, 64), {"idle": 0.0, "release": 0.4, "ahead": 0.4, "covers": ["one", "ahead"]}),
    ],
)
@pytest.mark.parametrize("compact", [False, True])
def test_rows_are_kept_until_released(rows, changes, compact):
    component = LineBuffer(lanes=8, words=64, compact=compact)
    images = geometries(16, 64, rows=rows)
    run_bench(component, BENCH, values(component, 8, images, **changes), seed=SEED)


@pytest.mark.full
@pytest.mark.parametrize(("lanes", "words"), [(16, 128), (32, 256)])
def test_wider_words_on_device_cells(lanes, words):
    component = LineBuffer(lanes=lanes, words=words, technology=Technology.ECP5)
    images = geometries(24, words, rows=(4, 16), height=60)
    run_bench(component, BENCH, values(component, lanes, images), seed=SEED)


@pytest.mark.parametrize(("row_words", "wait"), [((2, 3, 9), 0), ((1,), 2)])
def test_a_stream_with_room_waits_only_after_rows_of_one_word(row_words, wait):
    component = LineBuffer(lanes=8, words=64)
    images = [
        {"height": 40, "row_words": words, "pitch": 9, "ring_rows": 7, "unsigned": False}
        for words in row_words
    ]
    changes = {"idle": 0.0, "release": 0.95, "ahead": 1.0, "covers": ["ahead"]}
    # Up to nine clocks until the start, and three before the first row is taken.
    between = LineBuffer.write_latency + component.latency + 16 + 40 * wait
    run_bench(
        component,
        BENCH,
        values(component, 8, images, **changes, stream_waits=False, clocks_between=between),
        seed=SEED,
    )


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"lanes": 4}, ValueError, "lanes must be in 8 ... 32, not 4"),
        ({"lanes": 12}, ValueError, "lanes must be a power of two, not 12"),
        ({"lanes": 8.0}, TypeError, "lanes must be an integer, not 8.0"),
        ({"words": 32}, ValueError, "words must be in 64 ... 65536, not 32"),
        ({"words": 96}, ValueError, "words must be a power of two, not 96"),
        ({"words": "64"}, TypeError, "words must be an integer, not '64'"),
        (
            {"technology": "paper"},
            ValueError,
            "technology must be one of generic, ecp5, ice40, gowin, not 'paper'",
        ),
        (
            {"words": 8192, "technology": Technology.ECP5},
            ValueError,
            "words must be in 64 ... 4096, not 8192",
        ),
    ],
)
def test_refusals(arguments, error, message):
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        LineBuffer(**{"lanes": 8, "words": 64} | arguments)
