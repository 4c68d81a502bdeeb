# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The block RAM reads what was written, byte by byte, in every technology."""

import numpy as np
import pytest
from side_by_side import SideBySide

from macaw.arch import Technology
from macaw.hw.ram import BlockRam
from macaw.sim.vectors import apply

SEED = 20261210
COUNT = 5_000
# More bytes than a cell has, and not a whole number of cells.
WIDTH, DEPTH = 7, 24


def expected_words(inputs):
    """(words, defined): a word that is read while it is written is not."""
    words = np.zeros((DEPTH, WIDTH), np.uint8)
    found, defined = np.empty((COUNT, WIDTH), np.uint8), np.ones(COUNT, bool)
    for clock in range(COUNT):
        read, write = inputs["read_address"][clock], inputs["write_address"][clock]
        enables = inputs["write_enable"][clock] >> np.arange(WIDTH) & 1
        found[clock] = words[read]
        defined[clock] = read != write or not enables.any()
        words[write] = np.where(enables, inputs["write_data"][clock], words[write])
    return found, defined


def test_words_read_what_was_written():
    generator = np.random.default_rng(SEED)
    inputs = {
        "write_address": generator.integers(0, DEPTH, COUNT),
        "write_data": generator.integers(0, 256, (COUNT, WIDTH), np.uint8),
        "write_enable": generator.integers(0, 1 << WIDTH, COUNT),
        "read_address": generator.integers(0, DEPTH, COUNT),
    }
    # Often what was written in the clock before.
    soon = generator.random(COUNT - 1) < 0.5
    inputs["read_address"][1:][soon] = inputs["write_address"][:-1][soon]
    blocks = {
        str(technology): BlockRam(width=WIDTH, depth=DEPTH, technology=technology)
        for technology in Technology
    }
    blocks["wide"] = BlockRam(width=WIDTH, depth=DEPTH, technology=Technology.ECP5, cell_bytes=4)
    blocks["plain"] = BlockRam(width=WIDTH, depth=DEPTH, registered=False)
    assert (blocks["plain"].latency, blocks["wide"].latency) == (1, 2)
    found = apply(
        SideBySide(blocks),
        {f"{name}__{port}": values for name in blocks for port, values in inputs.items()},
        latency={f"{name}__read_data": block.latency for name, block in blocks.items()},
    )
    expected, defined = expected_words(inputs)
    assert defined.mean() > 0.9
    for name in blocks:
        wrong = np.argwhere((found[f"{name}__read_data"] != expected) & defined[:, None])
        assert not wrong.size, (
            f"{name}: {len(wrong)} bytes differ with seed {SEED}, the first in clock "
            f"{wrong[0][0]}, byte {wrong[0][1]}"
        )


def test_depths_of_the_cells_are_kept():
    for cell_bytes, deepest in ((2, 1024), (4, 512)):
        BlockRam(width=4, depth=deepest, technology=Technology.ECP5, cell_bytes=cell_bytes)
        sentence = rf"^depth must be in 2 \.\.\. {deepest}, not {deepest + 1}$"
        with pytest.raises(ValueError, match=sentence):
            BlockRam(width=4, depth=deepest + 1, technology=Technology.ECP5, cell_bytes=cell_bytes)
    with pytest.raises(ValueError, match=r"^cell_bytes must be one of 2, 4, not 3$"):
        BlockRam(width=4, depth=16, cell_bytes=3)
    with pytest.raises(TypeError, match=r"^registered must be a bool, not 1$"):
        BlockRam(width=4, depth=16, registered=1)
    with pytest.raises(ValueError, match=r"^registered must be True for ecp5, not False$"):
        BlockRam(width=4, depth=16, technology=Technology.ECP5, registered=False)
