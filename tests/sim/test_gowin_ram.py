# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The model of Gowin's block RAM does what its guide says, against a model in Python."""

import itertools

import numpy as np
import pytest
from sim_gowin_ram import GowinRams

from macaw.sim.errors import BenchFailure, BuildFailure
from macaw.sim.vectors import apply

SEED = 20261128
COUNT = 2000
WIDTHS = [*itertools.product((9, 18, 36), repeat=2)]


def inputs(**changes):
    names = ("read_address", "data", "write", "read", "select_a", "select_b", "reset_a", "reset_b")
    return {"write_address": np.zeros(4, int)} | dict.fromkeys(names, 0) | changes


@pytest.mark.parametrize("mode", [0, 1])
def test_words_of_all_widths(mode):
    generator = np.random.default_rng(SEED)
    # Few words, so that they are written, read, and written while being read.
    addresses = generator.integers(0, 8, (2, COUNT)) << 3 | generator.integers(0, 8, (2, COUNT))
    addresses |= generator.integers(0, 2, (2, COUNT)) << 13
    data = generator.integers(0, 1 << 36, COUNT)
    write, read = generator.random((2, COUNT)) < ((0.5,), (0.9,))
    initial = [int(word) for word in generator.integers(0, 1 << 9, 2048)]
    found = apply(
        GowinRams(WIDTHS, initial, mode),
        inputs(
            write_address=addresses[0], read_address=addresses[1], data=data, write=write, read=read
        ),
        latency=mode,
    )["q"]
    for place, (written, width) in enumerate(WIDTHS):
        cells, answer = list(initial), 0
        for index in range(COUNT):
            assert found[index, place] == answer, f"{WIDTHS[place]}, vector {index}, seed {SEED}"
            to, source = (int(address) >> 3 for address in addresses[:, index])
            to -= to % (written // 9)
            source -= source % (width // 9)
            changed = {
                to + part: int(data[index]) >> 9 * part & 0x1FF
                for part in range(written // 9)
                if write[index] and (written == 9 or addresses[0, index] >> part & 1)
            }
            if read[index]:
                # Undefined where it is being written; the model gives the complement.
                answer = sum(
                    (cells[source + part] ^ 0x1FF * (source + part in changed)) << 9 * part
                    for part in range(width // 9)
                )
            for cell, word in changed.items():
                cells[cell] = word


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"widths": [(4, 36)]}, "the widths must be 9, 18 or 36"),
        ({"widths": [(36, 32)]}, "the widths must be 9, 18 or 36"),
    ],
)
def test_modes_that_it_does_not_have_are_refused(arguments, message):
    with pytest.raises(BuildFailure, match=f"SDPX9B: {message}"):
        apply(GowinRams(**arguments), inputs(), latency=0)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("reset_a", 1, "RESETA has no model"),
        ("reset_b", 1, "RESETB has no model"),
        ("select_a", 2, "a block that is not selected has no model"),
        ("select_b", 4, "a block that is not selected has no model"),
    ],
)
def test_signals_that_it_does_not_have_are_refused(name, value, message):
    apply(GowinRams([(36, 36)]), inputs(read=1), latency=0)
    with pytest.raises(BenchFailure, match=f"SDPX9B: {message}"):
        apply(GowinRams([(36, 36)]), inputs(**{name: value}), latency=0)
