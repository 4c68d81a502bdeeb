# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The tests of the simulator's memory fail where it is another memory, or does not check."""

import shutil

import pytest
from sim_both import Both
from sim_copier import BURST, CONFIG
from sim_copies import SLOW, copy, memory_of, words_clocks

import macaw.sim.machine
from macaw.sim.errors import MachineFault, MachineTimeout, SimulationError, StreamError
from macaw.sim.machine import run_machine
from macaw.sim.memory_model import MemoryModel

pytestmark = pytest.mark.full


def outcome(**options):
    """What kind of error a copy ends with; ``None`` where it ends well."""
    try:
        copy(quiet_cycles=900, **options)
    except (AssertionError, SimulationError) as error:
        return type(error)
    return None


def turns_differ():
    """Whether reads and writes of a slow memory end at other times."""
    run = run_machine(CONFIG, memory_of(), 0, machine=Both(CONFIG), model=SPACED)
    return abs(run.transfers["words"].last_cycle - run.transfers["write"].last_cycle) > 100


SPACED = MemoryModel(words_per_1024=256)

#: What a mutant changes, what is observed of it, and what is observed without it.
MUTANTS = {
    "latency": (
        ("memory.sv", "due[free] = cycle + latency - 1;", "due[free] = cycle + latency;"),
        lambda: words_clocks(latency=13)[1],
        13,
    ),
    "bursts": (
        ("memory.sv", "bursts < most_bursts &&", "bursts < BURSTS &&"),
        lambda: words_clocks(latency=13, bursts=1)[0] >= 400 + 12 * (400 // BURST - 1),
        True,
    ),
    "saved words": (
        ("memory.sv", "(tokens < TOKENS ? tokens : TOKENS - 1)", "tokens"),
        lambda: (
            words_clocks(latency=60, bursts=1, words_per_1024=512)[0]
            > (400 // BURST - 1) * (60 + 3 * BURST)
        ),
        True,
    ),
    "writes for nothing": (
        ("memory.sv", "        end\n        tokens -= TOKENS;", "        end"),
        lambda: words_clocks(words_per_1024=512)[0] > 1500,
        True,
    ),
    "turns of reads": (
        ("memory.sv", "(wanted && !write_turn ? 2 * TOKENS : TOKENS)", "TOKENS"),
        lambda: turns_differ(),
        False,
    ),
    "turns of writes": (
        ("memory.sv", "if (gives != write_transfer) write_turn = gives;", "write_turn = 0;"),
        lambda: turns_differ(),
        False,
    ),
    "gaps": (
        ("memory.sv", "{16'd0, random_words[31:16]} >= gap", "1"),
        lambda: words_clocks(gap=0.5)[0],
        words_clocks,
    ),
    "death": (
        ("memory.sv", "dead = given >= dead_after;", "dead = 0;"),
        lambda: outcome(model=MemoryModel(dead_after=20)),
        MachineTimeout,
    ),
    "bytes": (
        ("memory.sv", "if (&write_enable)", "if (1)"),
        lambda: outcome(enable=0x5A),
        None,
    ),
    "payload": (
        ("memory.sv", "words_payload <= ~words_payload;", ""),
        lambda: outcome(fault="blind", model=SPACED),
        AssertionError,
    ),
    "read rule": (
        ("memory.sv", "read_broken++;", "read_broken = 0;"),
        lambda: outcome(fault="retract", model=SLOW),
        StreamError,
    ),
    "write rule": (
        ("memory.sv", "        write_broken++;", "        write_broken = 0;"),
        lambda: outcome(fault="change", model=SLOW) == StreamError,
        True,
    ),
    "sleep": (
        ("machine.sv", "phase == STARTED && !start && !busy", "0"),
        lambda: outcome(fault="sleep"),
        MachineFault,
    ),
    "rest": (
        ("machine.sv", "|| phase == DRAINING) && pending", "|| phase == DRAINING) && 0"),
        lambda: outcome(fault="restless"),
        MachineFault,
    ),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_mutant(name, tmp_path, monkeypatch):
    (file, old, new), observe, expected = MUTANTS[name]
    if expected is words_clocks:
        expected = observe()
    assert observe() == expected
    native = tmp_path / "native"
    shutil.copytree(macaw.sim.machine.NATIVE, native)
    text = (native / file).read_text()
    assert text.count(old) == 1
    (native / file).write_text(text.replace(old, new))
    monkeypatch.setattr(macaw.sim.machine, "NATIVE", native)
    assert observe() != expected
