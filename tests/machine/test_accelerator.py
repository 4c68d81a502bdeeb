# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The engines around the core: words are moved as programs say, and wrong programs end."""

import numpy as np
import pytest
from accelerator_programs import (
    MEMORY_WORDS,
    MODELS,
    MOVED,
    TINY,
    WORD,
    Expected,
    check_moves,
    check_these,
    end,
    memory_of,
    moving,
    program_of,
    random_moves,
)

from macaw.arch.instructions import Instruction, Opcode, encode
from macaw.arch.machine import Engine, Error
from macaw.sim.machine import run_machine
from macaw.sim.memory_model import MemoryModel


def test_the_moves_are_of_all_kinds():
    """Stores of both kinds, with every number of operands, and both operands from both memories and
    in runs with gaps."""
    kinds, operands, tails = set(), set(), set()
    for fetch, _, store in random_moves(np.random.default_rng(3), 40):
        number = store.values["operands"]
        kinds.add((store.opcode, number))
        for prefix in ("", "second_")[:number]:
            address, skip = (fetch.values[f"{prefix}{name}"] for name in ("address", "skip"))
            operands.add((prefix, address >> TINY.address_bits, skip > 0))
        places = (fetch.values[name] >> TINY.address_bits for name in ("address", "tail_address"))
        tails.add((fetch.values["head"] > 0, *places))
    assert len(kinds) == 6
    assert len(operands) == 8
    assert len({each for each in tails if each[0]}) == 4


@pytest.mark.parametrize("model", MODELS, ids=str)
def test_moves(model):
    check_moves(3, 25, MODELS[model])


@pytest.mark.parametrize("place", [0, 68, 132])
def test_words_that_follow_a_store_wait_for_it_anywhere(place):
    """60 words go through the tables into the tensor memory, and out of it more quickly."""
    looked_up = {"operands": 1, "minimum": -128, "maximum": 127}
    inside = (
        Opcode.STORE,
        {"address": (1 << TINY.address_bits) + place, "count": 60, **looked_up},
    )
    outside = (Opcode.STORE, {"address": MOVED + 512, "count": 60})
    moves = [
        moving(MOVED, 60, inside, 0, tensor=False),
        moving(place, 60, outside, 1, tensor=True, follows=True),
    ]
    check_these(moves, 5, MODELS["ideal"])


@pytest.mark.full
@pytest.mark.parametrize("seed", range(12))
def test_moves_at_length(seed):
    check_moves(100 + seed, 40, list(MODELS.values())[seed % len(MODELS)])


def test_what_does_not_wait_reads_what_was_there():
    """The check can fail: a FETCH that does not wait for the STORE before it comes too early."""
    # Byte by byte, so that the words come late.
    values = {"rows": 1, "pixels": 64, "pixel_bytes": 1, "pixel_pitch": 1, "row_pitch": 0}
    slow = (Opcode.SCATTER, {"address": (MOVED + 512) * WORD, **values})
    first = moving(MOVED, 8, slow, 0, tensor=False)
    again = (Opcode.STORE, {"address": MOVED + 700, "count": 8})
    second = moving(MOVED + 512, 8, again, 1, tensor=False)
    early = Instruction(opcode=Opcode.FETCH, values=second[0].values)
    results = []
    for fetch in (second[0], early):
        memory, [start] = memory_of([*first, fetch, *second[1:], end(2)])
        run = run_machine(TINY, memory, start)
        results.append(np.array_equal(run.memory[MOVED + 700 :][:8], memory[MOVED:][:8]))
    assert results == [True, False]


def ends_with(program: list[Instruction], model: MemoryModel = MODELS["ideal"]):
    memory, [start] = memory_of(program)
    run = run_machine(TINY, memory, start, model=model)
    return run.error, run.error_index


COPY = moving(MOVED, 8, (Opcode.STORE, {"address": MOVED + 64, "count": 8}), 0, tensor=False)


def test_a_wait_for_what_comes_later_is_refused():
    late = Instruction(opcode=Opcode.COPY, values={"count": 8}, after={Engine.STORE: 1})
    assert ends_with([*COPY, end(1)])[0] == Error.DONE
    assert ends_with([COPY[0], late, COPY[2], end(1)]) == (Error.WAIT, 1)


def test_an_unknown_opcode_is_refused():
    memory, [start] = memory_of([*COPY, end(1)])
    memory[start + len(encode(TINY, COPY)) // WORD] = 0
    run = run_machine(TINY, memory, start)
    assert (run.error, run.error_index) == (Error.OPCODE, 3)


def test_a_stream_that_ends_too_early_is_stuck():
    """The instruction that is first in the program of those that are not complete."""
    hungry = Instruction(opcode=Opcode.COPY, values={"count": 9})
    assert ends_with([COPY[0], hungry, COPY[2], end(1)]) == (Error.STUCK, 1)


def test_a_memory_that_never_answers_is_stuck():
    model = MemoryModel(dead_after=10)
    assert ends_with([*COPY, end(1)], model) == (Error.STUCK, 0)


def test_programs_follow_each_other_without_a_reset():
    """What is read ahead behind an end is dropped."""
    moves = random_moves(np.random.default_rng(8), 6)
    memory, starts = memory_of(program_of(moves), [*COPY, end(1)])
    expected = Expected(memory)
    for move in (*moves, COPY):
        expected.move(move)
    run = run_machine(TINY, memory, starts, model=MODELS["wide"])
    assert [program.error for program in run.programs] == [Error.DONE] * 2
    assert np.array_equal(run.memory.reshape(-1), expected.outer)
    assert run.memory.shape == (MEMORY_WORDS, WORD)
