# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The byte aligner takes the run at every offset, each byte from its place."""

import numpy as np
from side_by_side import SideBySide

from macaw.hw.byte_aligner import ByteAligner
from macaw.sim.vectors import apply

SEED = 20261202
COUNT = 4_000
LANES = {"eight": 8, "sixteen": 16, "thirty_two": 32}


def test_every_offset_of_random_words():
    aligners = {name: ByteAligner(lanes=lanes) for name, lanes in LANES.items()}
    generator = np.random.default_rng(SEED)
    inputs = {}
    for name, lanes in LANES.items():
        inputs[f"{name}__words"] = generator.integers(0, 256, (COUNT, 2 * lanes), np.uint8)
        inputs[f"{name}__offset"] = generator.integers(0, lanes, COUNT)
    runs = apply(
        SideBySide(aligners),
        inputs,
        latency={f"{name}__run": aligner.latency for name, aligner in aligners.items()},
    )
    for name, lanes in LANES.items():
        offset = inputs[f"{name}__offset"]
        assert set(offset) == set(range(lanes))
        places = offset[:, None] + np.arange(lanes)
        expected = np.take_along_axis(inputs[f"{name}__words"], places, axis=1)
        wrong = np.argwhere(runs[f"{name}__run"] != expected)
        assert not wrong.size, (
            f"{lanes} lanes: {len(wrong)} bytes differ with seed {SEED}, the first at offset "
            f"{offset[wrong[0][0]]}, lane {wrong[0][1]}"
        )
