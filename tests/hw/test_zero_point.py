# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The correction for a weight zero point is exact for all zero points and activations."""

import numpy as np
import pytest
from side_by_side import SideBySide

from macaw.arch import Technology
from macaw.arch.core import EXCESS
from macaw.hw.zero_point import ZeroPointCorrection
from macaw.sim.vectors import apply

SEED = 20261204
COUNT = 1_000
LANES = {"two": 2, "eight": 8, "sixteen": 16, "thirty_two": 32}
GOWIN = {"technology": Technology.GOWIN}


def corrections(offset):
    """Blocks by name: of each width, on Gowin, and of a shift where the offset allows it."""
    blocks = {name: ZeroPointCorrection(lanes=lanes) for name, lanes in LANES.items()}
    blocks["gowin"] = ZeroPointCorrection(lanes=8, **GOWIN)
    if offset in (0, EXCESS):
        blocks["shift"] = ZeroPointCorrection(lanes=8, excess_only=True)
    return blocks


@pytest.mark.parametrize("offset", [0, 1, 85, EXCESS, 170, 255])
def test_correction_is_exact(offset):
    blocks = corrections(offset)
    generator = np.random.default_rng([SEED, offset])
    activations = {}
    for name in blocks:
        lanes = LANES.get(name, 8)
        activations[name] = generator.integers(-128, 128, (COUNT, lanes), np.int8)
        activations[name][0], activations[name][1] = -128, 127
    found = apply(
        SideBySide(blocks),
        {f"{name}__activations": values for name, values in activations.items()}
        | {f"{name}__offset": offset for name in blocks},
        latency={f"{name}__correction": block.latency for name, block in blocks.items()},
    )
    for name, values in activations.items():
        expected = -offset * values.sum(axis=1, dtype=np.int64)
        np.testing.assert_array_equal(
            found[f"{name}__correction"], expected, f"{name} lanes, {SEED=}"
        )
