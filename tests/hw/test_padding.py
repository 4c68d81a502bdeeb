# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Padding replaces exactly the bytes outside the image, at every offset."""

import numpy as np
import pytest
from side_by_side import SideBySide

from macaw.hw.padding import Padding
from macaw.sim.vectors import apply

SEED = 20261203
COUNT = 4_000
#: Name: (lanes, offset bits, read latency).
VARIANTS = {"soonest": (8, 8, 4), "usual": (8, 9, 8), "wide": (32, 10, 5)}
#: The last is the longest row where offsets have eight bits.
ROW_BYTES = (1, 7, 40, 127, 128)


def expected_runs(inputs, row_bytes, zero_point):
    byte = inputs["offset"][:, None] + np.arange(inputs["runs"].shape[2])
    within = (byte >= 0) & (byte < row_bytes)
    inside = inputs["inside"][:, None] >> np.arange(4) & 1
    return np.where(inside[:, :, None] & within[:, None, :], inputs["runs"], zero_point)


@pytest.mark.parametrize("row_bytes", ROW_BYTES)
def test_bytes_outside_the_image_are_the_zero_point(row_bytes):
    generator = np.random.default_rng([SEED, row_bytes])
    zero_point = int(generator.integers(0, 256))
    blocks, inputs, early = {}, {}, {}
    for name, (lanes, offset_bits, read_latency) in VARIANTS.items():
        blocks[name] = Padding(lanes=lanes, offset_bits=offset_bits, read_latency=read_latency)
        half = 1 << (offset_bits - 1)
        near = row_bytes * generator.integers(0, 2, COUNT)
        near += generator.integers(-2 * lanes, 2 * lanes, COUNT)
        anywhere = generator.integers(-half, half, COUNT)
        offset = np.where(generator.random(COUNT) < 0.5, near, anywhere).clip(-half, half - 1)
        inputs[name] = {
            "offset": offset,
            "inside": generator.integers(0, 16, COUNT),
            "runs": generator.integers(0, 256, (COUNT, 4, lanes), np.uint8),
        }
        inputs[name]["inside"][generator.random(COUNT) < 0.5] = 15
        early |= {f"{name}__{port}": read_latency for port in ("offset", "inside")}
    found = apply(
        SideBySide(blocks),
        {f"{name}__{port}": values for name in blocks for port, values in inputs[name].items()}
        | {f"{name}__row_bytes": row_bytes for name in blocks}
        | {f"{name}__zero_point": zero_point for name in blocks},
        latency={f"{name}__padded": block.latency for name, block in blocks.items()},
        early=early,
    )
    for name in blocks:
        expected = expected_runs(inputs[name], row_bytes, zero_point)
        wrong = np.argwhere(found[f"{name}__padded"].reshape(expected.shape) != expected)
        assert not wrong.size, (
            f"{name}, rows of {row_bytes} bytes: {len(wrong)} bytes differ with seed {SEED}, the "
            f"first at offset {inputs[name]['offset'][wrong[0][0]]}, row {wrong[0][1]}, "
            f"lane {wrong[0][2]}"
        )
