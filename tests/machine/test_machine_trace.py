# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The trace of a machine: each instruction in its time, each clock with its cause."""

from dataclasses import replace

import numpy as np
import pytest
from accelerator_programs import MOVED, TINY, end, memory_of, moving, program_of, random_moves

from macaw.arch.instructions import Instruction, Opcode, engine_of
from macaw.arch.machine import Engine, LoadTarget
from macaw.hw.machine import Accelerator
from macaw.sim.machine import run_machine
from macaw.sim.machine_trace import TracedInstruction, traced
from macaw.sim.memory_model import MEMORY_MODELS, MemoryModel

SLOW = MemoryModel(latency=30, words_per_1024=100)


def programs(seed, count=2):
    """Programs of some transfers each, and memory with them."""
    moves = [random_moves(np.random.default_rng(seed + index), 6) for index in range(count)]
    found = [program_of(of) for of in moves]
    memory, starts = memory_of(*found, seed=seed)
    return found, memory, starts


def run(seed, model):
    found, memory, starts = programs(seed)
    return found, run_machine(TINY, memory, starts, model=model, seed=seed, trace=True).programs


def violations(program, ran):
    """What is wrong with the trace of a program: a sentence for each breach."""
    wrong = []
    begins = {engine: [] for engine in Engine}
    ends = {engine: [] for engine in Engine}
    clocks = 0
    for index, (instruction, entry) in enumerate(zip(program, ran.trace, strict=True)):
        engine = engine_of(instruction.opcode)
        clocks += entry.clocks.total if entry.clocks else 0
        if (entry.clocks is not None) != (engine in (Engine.COMPUTE, None)):
            wrong.append(f"{index} has {entry.clocks}")
        if engine is None:
            continue
        if not 0 <= entry.begin < entry.end <= ran.cycles:
            wrong.append(f"{index} is at {entry.begin} to {entry.end}")
        for other, count in instruction.after.items():
            follows = other == Engine.STORE and instruction.values.get("follows")
            times = begins if follows else ends
            if count and times[other][count - 1] > entry.begin:
                wrong.append(f"{index} does not wait for {other} {count}")
        if ends[engine] and ends[engine][-1] > entry.end:
            wrong.append(f"{index} is complete before the one in front of it")
        begins[engine].append(entry.begin)
        ends[engine].append(entry.end)
    if clocks != ran.cycles:
        wrong.append(f"{clocks} clocks of {ran.cycles} have a cause")
    return wrong


@pytest.mark.parametrize("model", [MEMORY_MODELS["wide"], SLOW])
def test_instructions_are_in_their_time_and_clocks_have_a_cause(model):
    found, ran = run(5, model)
    for program, each in zip(found, ran, strict=True):
        assert violations(program, each) == []


def test_a_wrong_trace_is_noticed():
    [program, _], [ran, _] = run(5, SLOW)
    index = next(i for i, each in enumerate(program) if any(each.after.values()))
    early = replace(ran.trace[index], begin=0)
    last = max(i for i, each in enumerate(program) if each.opcode == Opcode.FETCH)
    rivals = {
        "does not wait": [*ran.trace[:index], early, *ran.trace[index + 1 :]],
        "have a cause": [
            replace(each, clocks=replace(each.clocks, work=each.clocks.work + 1))
            if each.clocks
            else each
            for each in ran.trace
        ],
        "is complete before": [
            replace(each, begin=1, end=2) if number == last else each
            for number, each in enumerate(ran.trace)
        ],
    }
    for sentence, trace in rivals.items():
        assert sentence in " ".join(violations(program, replace(ran, trace=tuple(trace)))), sentence


def test_a_slow_memory_shows():
    """All that is longer are clocks in which words do not come, or are not taken, and those in
    which there is no instruction yet."""
    sums = []
    for model in (MEMORY_MODELS["wide"], SLOW):
        _, ran = run(5, model)
        clocks = [each.clocks for program in ran for each in program.trace if each.clocks]
        waits = sum(each.starved + each.blocked + each.outside for each in clocks)
        sums.append((waits, sum(each.cycles for each in ran)))
    (waits, cycles), (slow_waits, slow_cycles) = sums
    assert slow_cycles > 4 * cycles
    assert slow_waits - waits > 0.99 * (slow_cycles - cycles)


def test_copies_work_a_clock_a_word():
    found, ran = run(5, MEMORY_MODELS["ideal"])
    for program, each in zip(found, ran, strict=True):
        for instruction, entry in zip(program, each.trace, strict=True):
            if instruction.opcode == Opcode.COPY:
                words = instruction.values["count"]
                assert words <= entry.clocks.work <= words + 16


def test_other_machines_are_not_traced():
    _, memory, starts = programs(5, count=1)
    with pytest.raises(ValueError, match=r"^trace must be False for a machine other than Accel"):
        run_machine(TINY, memory, starts, machine=Accelerator(TINY), trace=True)


def test_a_program_that_ends_early_has_entries_without_times():
    [program], *_ = programs(5, count=1)
    records = np.full((len(program), 10), -1, np.int64)
    records[0] = [1, 0, 7, 30, -1, -1, -1, -1, -1, -1]
    [found] = traced([program], records)
    nothing = TracedInstruction(begin=None, end=None, clocks=None)
    assert found[1] == TracedInstruction(begin=7, end=30, clocks=None)
    assert [*found[:1], *found[2:]] == [nothing] * (len(program) - 1)


def test_an_image_does_not_wait_for_what_is_loaded():
    """Beside a LOAD a FETCH takes as long as alone, but for the words that the LOAD has asked for
    before the first one of the image is waited for."""

    def clocks(*loads: Instruction) -> int:
        store = (Opcode.STORE, {"address": MOVED + 512, "count": 400})
        program = [*moving(MOVED, 400, store, 0, tensor=False), *loads, end(1)]
        memory, [start] = memory_of(program)
        [ran] = run_machine(TINY, memory, start, model=MEMORY_MODELS["wide"], trace=True).programs
        return ran.trace[0].end - ran.trace[0].begin

    weights = {"target": LoadTarget.WEIGHTS, "start": 0, "address": MOVED, "count": 400}
    load = Instruction(opcode=Opcode.LOAD, values=weights)
    assert clocks(load) - clocks() <= 64
