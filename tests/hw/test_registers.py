# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The machine's registers: what a host reads and writes, clock by clock."""

import numpy as np
import pytest

from macaw.arch.machine import COUNTERS
from macaw.arch.machines import machine_preset
from macaw.arch.registers import ADDRESS_BITS, REGISTER_BITS, Access, registers
from macaw.hw.machine.registers import Registers
from macaw.sim.vectors import apply

SEED = 20261129
CLOCKS = 20_000
TINY = machine_preset("tiny")


def drawn(generator):
    """Each input in each clock."""
    return {
        "address": generator.integers(0, 1 << ADDRESS_BITS, CLOCKS).astype(np.uint8),
        "write_data": generator.integers(0, 1 << REGISTER_BITS, CLOCKS).astype(np.uint32),
        "write": generator.integers(0, 2, CLOCKS).astype(np.uint8),
        "busy": generator.integers(0, 2, CLOCKS).astype(np.uint8),
        "error": generator.integers(0, 4, CLOCKS).astype(np.uint8),
        "error_index": generator.integers(0, 1 << 16, CLOCKS).astype(np.uint16),
        "counters": {
            name: generator.integers(0, 1 << 32, CLOCKS).astype(np.uint32) for name in COUNTERS
        },
    }


def expected_outputs(config, inputs):
    """The contract, clock by clock: what the ports show in each clock's next one."""
    named = {register.address: register for register in registers(config)}
    live = {name: inputs[name] for name in ("busy", "error", "error_index")} | inputs["counters"]
    program, found = 0, {"read_data": [], "start": [], "program": []}
    for clock in range(CLOCKS):
        register = named.get(int(inputs["address"][clock]))
        value, started = 0, 0
        if register is not None and register.access != Access.WRITE:
            if register.constant is not None:
                value = register.constant
            else:
                value = program if register.name == "program" else live[register.name][clock]
        if register is not None and inputs["write"][clock] and register.access != Access.READ:
            written = int(inputs["write_data"][clock]) & (1 << register.bits) - 1
            if register.name == "program":
                program = written
            else:
                started = written
        for name, each in (("read_data", value), ("start", started), ("program", program)):
            found[name].append(int(each))
    return found


@pytest.mark.parametrize("name", ["tiny", "ecp5_85f"])
def test_what_is_read_and_what_starts(name):
    config = machine_preset(name)
    inputs = drawn(np.random.default_rng(SEED))
    expected = expected_outputs(config, inputs)
    assert sum(expected["start"]) > 100
    found = apply(Registers(config), inputs, latency=Registers.latency)
    for port, values in expected.items():
        wrong = np.flatnonzero(found[port].ravel().astype(np.int64) != np.array(values))
        assert not wrong.size, (
            f"{port}: {wrong.size} clocks differ with seed {SEED}, the first is {wrong[0]}"
        )


def test_the_configuration_must_be_a_machine():
    with pytest.raises(TypeError, match=r"^config must be a MachineConfig, not "):
        Registers(TINY.core)
