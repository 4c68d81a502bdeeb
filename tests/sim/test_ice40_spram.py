# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The model of iCE40's large memory does what its guide says, against a model in Python."""

import numpy as np
import pytest
from amaranth.hdl import ClockSignal, Instance, Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from macaw.sim.errors import BenchFailure
from macaw.sim.vectors import apply

SEED = 20261128
COUNT = 2000
INPUTS = {
    "ADDRESS": 14, "DATAIN": 16, "MASKWREN": 4, "WREN": 1, "CHIPSELECT": 1, "STANDBY": 1,
    "SLEEP": 1,
}  # fmt: skip


class Memory(wiring.Component):
    """One SB_SPRAM256KA; ``off`` is the contrary of its POWEROFF, which is active low."""

    def __init__(self):
        members = {name.lower(): In(width) for name, width in INPUTS.items()}
        super().__init__(members | {"off": In(1), "dataout": Out(16)})

    def elaborate(self, platform):
        m = Module()
        m.submodules.cell = Instance(
            "SB_SPRAM256KA",
            **{f"i_{name}": getattr(self, name.lower()) for name in INPUTS},
            i_CLOCK=ClockSignal(),
            i_POWEROFF=~self.off,
            o_DATAOUT=self.dataout,
        )
        return m


def inputs(**changes):
    values = dict.fromkeys(map(str.lower, INPUTS), 0)
    return values | {"address": np.arange(4), "off": 0} | changes


def test_words_and_their_quarters():
    generator = np.random.default_rng(SEED)
    # Few words, at both ends.
    address = generator.integers(0, 4, COUNT) + generator.choice([0, 16380], COUNT)
    values, mask = generator.integers(0, 1 << 16, COUNT), generator.integers(0, 16, COUNT)
    write, select = generator.integers(0, 2, (2, COUNT))
    found = apply(
        Memory(),
        inputs(address=address, datain=values, maskwren=mask, wren=write, chipselect=select),
        latency=0,
    )["dataout"]
    words, answer = {}, 0
    for clock in range(COUNT):
        assert found[clock] == answer, f"clock {clock}, seed {SEED}"
        place, value = int(address[clock]), int(values[clock])
        # Undefined before the first write, and after each; the model gives complements.
        word = words.get(place, ~place & 0xFFFF)
        if select[clock]:
            answer = ~value & 0xFFFF if write[clock] else word
        if select[clock] and write[clock]:
            bits = sum(0xF << 4 * part for part in range(4) if mask[clock] >> part & 1)
            words[place] = word & ~bits | value & bits
    assert len(words) == 8


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("standby", "STANDBY has no model"),
        ("sleep", "SLEEP has no model"),
        ("off", "power off has no model"),
    ],
)
def test_signals_that_it_does_not_have_are_refused(name, message):
    apply(Memory(), inputs(), latency=0)
    with pytest.raises(BenchFailure, match=f"SB_SPRAM256KA: {message}"):
        apply(Memory(), inputs(**{name: 1}), latency=0)
