# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Runs of the copying machine, their words checked."""

import numpy as np
from sim_copier import CONFIG, COPY, END, Copier, instruction

from macaw.arch.machine import Error
from macaw.sim.machine import run_machine
from macaw.sim.memory_model import MemoryModel

SLOW = MemoryModel(latency=7, words_per_1024=300, gap=0.3, bursts=2)
SEED = 20261128
WORDS = 1024


def memory_of(*programs):
    """Random words, with programs (first word, instructions) in them."""
    generator = np.random.default_rng(SEED)
    memory = generator.integers(0, 256, (WORDS, CONFIG.word_bytes), dtype=np.uint8)
    for place, instructions in programs:
        for index, each in enumerate(instructions):
            memory[place + index] = each
    return memory


def copies(count=100, source=100, to=500, **fields):
    """A program of one copy."""
    return [instruction(COPY, source=source, to=to, count=count, **fields), instruction(END)]


def copied(memory, count=100, source=100, to=500, key=0, enable=0xFF):
    """What memory holds after a copy."""
    expected = memory.copy()
    columns = np.array([enable >> i & 1 for i in range(CONFIG.word_bytes)], bool)
    words = memory[source : source + count] ^ np.uint8(key)
    expected[to : to + count, columns] = words[:, columns]
    return expected


def copy(fault=None, count=100, enable=0xFF, **options):
    """A run of one copy, its words checked."""
    memory = memory_of((0, copies(count, enable=enable)))
    run = run_machine(CONFIG, memory, 0, machine=Copier(fault=fault), seed=SEED, **options)
    assert np.array_equal(run.memory, copied(memory, count, enable=enable)), f"seed {SEED}"
    assert run.error == Error.DONE
    return run


def words_clocks(**model):
    """The clocks from the first word of a long copy to the last, and from its burst to a word."""
    run = copy(count=400, model=MemoryModel(**model))
    read, words = run.transfers["read"], run.transfers["words"]
    write = run.transfers["write"]
    return write.last_cycle - write.first_cycle + 1, words.first_cycle - read.first_cycle
