# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The memory with one port reads what was written, byte by byte, in every technology."""

import numpy as np
import pytest
from side_by_side import SideBySide

from macaw.arch import Technology
from macaw.hw.single_port_ram import SinglePortRam
from macaw.sim.vectors import apply

SEED = 20261128
COUNT = 5_000
WIDTH, DEPTH = 8, 24
#: What a memory may do wrong.
FAULTS = ("whole words", "bytes in pairs", "writes without enable", "reads without enable")


def expected_words(inputs, fault=""):
    """(words, defined): after a write the output is undefined until the next read."""
    words = np.zeros((DEPTH, WIDTH), np.uint8)
    found, defined = np.empty((COUNT, WIDTH), np.uint8), np.empty(COUNT, bool)
    shown, known = words[0], False
    for clock in range(COUNT):
        enable, address = inputs["enable"][clock], inputs["address"][clock]
        enables = inputs["write_enable"][clock] >> np.arange(WIDTH) & 1
        written = enables.any()
        if fault == "whole words":
            enables |= written
        if fault == "bytes in pairs":
            enables |= enables.reshape(-1, 2)[:, ::-1].ravel()
        if enable or (fault == "reads without enable" and not written):
            shown, known = words[address].copy(), not written
        found[clock], defined[clock] = shown, known
        if enable or fault == "writes without enable":
            words[address] = np.where(enables, inputs["write_data"][clock], words[address])
    return found, defined


@pytest.fixture(scope="module")
def run():
    """(inputs, words of each technology); at first, every word is written."""
    generator = np.random.default_rng(SEED)
    address, enables = generator.integers(0, DEPTH, COUNT), generator.integers(0, 256, COUNT)
    enables[generator.random(COUNT) < 0.5] = 0
    enable = (generator.random(COUNT) < 0.8).astype(int)
    address[:DEPTH], enables[:DEPTH], enable[:DEPTH] = np.arange(DEPTH), 255, 1
    # Often what was written in the clock before.
    soon = np.flatnonzero(generator.random(COUNT - DEPTH) < 0.5) + DEPTH
    address[soon] = address[soon - 1]
    inputs = {
        "enable": enable,
        "address": address,
        "write_enable": enables,
        "write_data": generator.integers(0, 256, (COUNT, WIDTH), np.uint8),
    }
    blocks = {
        str(technology): SinglePortRam(width=WIDTH, depth=DEPTH, technology=technology)
        for technology in Technology
    }
    found = apply(
        SideBySide(blocks),
        {f"{name}__{port}": values for name in blocks for port, values in inputs.items()},
        latency={f"{name}__read_data": block.latency for name, block in blocks.items()},
    )
    return inputs, {name: found[f"{name}__read_data"] for name in blocks}


def test_words_read_what_was_written(run):
    inputs, found = run
    expected, defined = expected_words(inputs)
    assert defined.mean() > 0.4
    for name, words in found.items():
        wrong = np.argwhere((words != expected) & defined[:, None])
        assert not wrong.size, (
            f"{name}: {len(wrong)} bytes differ with seed {SEED}, the first in clock "
            f"{wrong[0][0]}, byte {wrong[0][1]}"
        )


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_would_be_noticed(run, fault):
    inputs, found = run
    _, defined = expected_words(inputs)
    faulty, _ = expected_words(inputs, fault)
    for words in found.values():
        assert ((faulty != words) & defined[:, None]).sum() > 100
