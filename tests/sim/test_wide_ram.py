# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The model of the ECP5's block RAM of 512 x 36 does what the data sheet says."""

import numpy as np
import pytest
from sim_cells import Rams

from macaw.sim.errors import BenchFailure, BuildFailure
from macaw.sim.vectors import apply

SEED = 20261125
COUNT = 3000
WIDE = {"DATA_WIDTH_A": 36, "DATA_WIDTH_B": 36}
REGISTERED = {"REGMODE_A": "OUTREG", "REGMODE_B": "OUTREG"}
NINE = 0x1FF


def inputs(**changes):
    values = {f"{name}_{port}": 0 for name in Rams.NAMES for port in "ab"}
    values |= {f"{name}_{port}": 1 for name in ("enable", "output_enable") for port in "ab"}
    return values | {"address_a": np.full(4, 0x20)} | changes


def test_words_of_36_bits():
    generator = np.random.default_rng(SEED)
    words = generator.integers(0, 6, (2, COUNT)) << 5 | generator.integers(0, 2, (2, COUNT)) << 13
    enables = generator.integers(0, 16, COUNT)
    data = generator.integers(0, 1 << 18, (2, COUNT))
    write, enable, output_enable, select = (
        generator.random((2, COUNT)) < probability for probability in (0.5, 0.9, 0.9, 0.1)
    )
    initial = [int(word) for word in generator.integers(0, 1 << 18, 1024)]
    found = apply(
        Rams([WIDE, WIDE | REGISTERED], initial),
        inputs(
            address_a=words[0] | enables,
            # The low bits of a reading port's address are nothing to it.
            address_b=words[1] | generator.integers(0, 32, COUNT),
            data_a=data[0],
            data_b=data[1],
            write_a=write[0],
            enable_a=enable[0],
            enable_b=enable[1],
            output_enable_b=output_enable[1],
            select_a=select[0] * 2,
        ),
        latency=0,
    )
    cells = [half for word in initial for half in (word & NINE, word >> 9)]
    latch = register = 0
    for index in range(COUNT):
        for place, expected in enumerate((latch, register)):
            halves = tuple(int(found[name][index, place]) for name in ("q_a", "q_b"))
            assert halves == (expected & 0x3FFFF, expected >> 18), f"vector {index}, seed {SEED}"
        written, read = (int(word) >> 5 << 2 for word in words[:, index])
        chosen = [
            place
            for place in range(4)
            if write[0][index] and enable[0][index] and not select[0][index]
            and enables[index] >> place & 1
        ]  # fmt: skip
        if output_enable[1][index]:
            register = latch
        if enable[1][index]:
            latch = sum(cells[read + place] << 9 * place for place in range(4))
            if chosen and written == read:
                latch ^= (1 << 36) - 1
        both = int(data[0][index]) | int(data[1][index]) << 18
        for place in chosen:
            cells[written + place] = both >> 9 * place & NINE


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"DATA_WIDTH_A": 36}, "the widths must be 9 or 18, or both 36"),
        (WIDE | {"REGMODE_B": "OUTREG"}, "the register modes must be equal at a width of 36"),
    ],
)
def test_modes_that_it_does_not_have_are_refused(parameters, message):
    with pytest.raises(BuildFailure, match=f"DP16KD: {message}"):
        apply(Rams([parameters]), inputs(), latency=0)


def test_writing_at_the_reading_port_is_refused():
    with pytest.raises(BenchFailure, match="DP16KD: port B only reads at a width of 36"):
        apply(Rams([WIDE]), inputs(write_b=1), latency=0)
