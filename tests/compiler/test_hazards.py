# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""What waits for what: by ranges of units, and by the runs between which others lie."""

import random

import pytest

from macaw.arch.machine import Engine
from macaw.compiler.machine.hazards import Access, Hazards

SEED = 20261129


def units(access):
    """The units of an access, one by one."""
    return {
        unit
        for unit in range(access.start, access.end)
        if (unit - access.start) % access.pitch < access.run
    }


def runs(start, run, pitch, number, *, write=False):
    end = start + (number - 1) * pitch + run
    return Access(memory="TENSOR", start=start, end=end, write=write, run=run, pitch=pitch)


def waits_of(accesses):
    """What each of (engine, access) waits for."""
    hazards = Hazards()
    return [hazards.after(engine, [access]) for engine, access in accesses]


def test_channels_beside_each_other_do_not_wait():
    first, second = runs(0, 2, 8, 10, write=True), runs(2, 3, 8, 10, write=True)
    of_first, of_second = runs(0, 2, 8, 10), runs(3, 2, 8, 10)
    assert waits_of([(Engine.STORE, first), (Engine.STORE, second), (Engine.FETCH, of_first)])[
        2
    ] == {Engine.STORE: 1}
    assert waits_of([(Engine.STORE, first), (Engine.STORE, second), (Engine.FETCH, of_second)])[
        2
    ] == {Engine.STORE: 2}


@pytest.mark.parametrize("pitch", [1, 4, 7])
def test_everything_that_is_shared_is_waited_for(pitch):
    """Directly, or through what has waited for it."""
    generator = random.Random(f"{SEED} {pitch}")
    for _ in range(300):
        accesses = []
        for _ in range(12):
            run = generator.randint(1, pitch)
            access = runs(
                generator.randint(0, 20), run, generator.choice((pitch, run)),
                generator.randint(1, 4), write=generator.random() < 0.5,
            )  # fmt: skip
            accesses.append((generator.choice((Engine.FETCH, Engine.STORE)), access))
        waits = waits_of(accesses)
        counts = dict.fromkeys(Engine, 0)
        before = []
        for index, (engine, access) in enumerate(accesses):
            # Instructions of an engine are complete in their order.
            done = {(engine, number) for number in range(1, counts[engine] + 1)}
            done |= {(other, n) for other, last in waits[index].items() for n in range(1, last + 1)}
            for other, number, _, earlier in reversed(before):
                if (other, number) in done:
                    done |= earlier
            for other, number, past, _ in before:
                if (past.write or access.write) and units(past) & units(access):
                    assert (other, number) in done, (accesses, index)
            counts[engine] += 1
            before.append((engine, counts[engine], access, done))
