# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""In which order instructions are executed, and what of that order the hardware guarantees.

Guaranteed is this, and no more:

- An instruction begins after those that it waits for, and after the one before it on its engine,
  are complete.
- A FETCH that follows begins after the last STORE that it waits for has begun. Words of the tensor
  memory that this one writes are read behind it.
- Compute instruction k takes the words of the k-th FETCH, and the k-th STORE or SCATTER takes its
  results; words pass from one to the next. So a compute instruction is complete after its FETCH,
  and a store writes after all three have begun.
- Whether they are complete when the store is, is left open: the core may still take rows of the
  image that no result needs.
- A row of a result is written after the rows of the image that it needs have been read, and a word
  that is copied after it has: in the tensor memory, a STORE may write over these.

As streams hold some words only, the three are taken to be complete together, once all have begun:
a program in which one of them waits for another, or for what comes behind it, is stuck.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from macaw.arch.instructions import Instruction, engine_of
from macaw.arch.machine import Engine
from macaw.golden.machine.errors import Refuse

__all__ = ["Clock", "Site", "schedule", "sites_of"]

#: How many instructions of each engine are known to be complete.
Clock = dict[Engine, int]

_STREAM = (Engine.FETCH, Engine.COMPUTE, Engine.STORE)


@dataclass(kw_only=True, eq=False)
class Site:
    """An instruction with its ``index`` in the program and its ``place`` on its engine.

    ``begin`` is what is complete when it begins, ``access`` when it reads and writes memories,
    ``complete`` what is complete once it is complete, itself included.
    """

    index: int
    place: int
    engine: Engine
    instruction: Instruction
    begin: Clock = field(default_factory=dict)
    access: Clock = field(default_factory=dict)
    complete: Clock = field(default_factory=dict)

    @property
    def follows(self) -> bool:
        """It is a FETCH that takes its words behind a STORE."""
        return bool(
            self.instruction.values.get("follows") and self.instruction.after.get(Engine.STORE)
        )


def _join(*clocks: Clock) -> Clock:
    return {engine: max(clock.get(engine, 0) for clock in clocks) for engine in Engine}


def sites_of(instructions: Sequence[Instruction], refuse: Refuse) -> dict[Engine, list[Site]]:
    """The instructions of each engine, END left out.

    Raises `MachineError` through ``refuse``, which takes an index and a sentence, for waits for
    more instructions than come before, and for instructions without partners on their streams.
    """
    sites: dict[Engine, list[Site]] = {engine: [] for engine in Engine}
    for index, instruction in enumerate(instructions):
        for engine, count in instruction.after.items():
            before = len(sites[engine])
            if count > before:
                raise refuse(
                    index,
                    f"it must wait for at most the {before} {engine} instructions before it, "
                    f"not for {count}",
                )
        engine_or_none = engine_of(instruction.opcode)
        if engine_or_none is not None:
            line = sites[engine_or_none]
            line.append(
                Site(
                    index=index,
                    place=len(line),
                    engine=engine_or_none,
                    instruction=instruction,
                )
            )
    _check_partners(sites, refuse)
    return sites


def _check_partners(sites: dict[Engine, list[Site]], refuse: Refuse) -> None:
    least = min(len(sites[engine]) for engine in _STREAM)
    lonely = [sites[engine][least] for engine in _STREAM if len(sites[engine]) > least]
    if lonely:
        site = min(lonely, key=lambda each: each.index)
        missing = [str(engine) for engine in _STREAM if len(sites[engine]) == least]
        raise refuse(
            site.index,
            f"as {site.engine} instruction {site.place + 1} it must have a partner of "
            f"{' and '.join(missing)}",
        )


def schedule(
    sites: dict[Engine, list[Site]],
    instructions: Sequence[Instruction],
    queue: int,
    refuse: Refuse,
) -> Iterator[tuple[Site, ...]]:
    """The instructions in an order in which they can be executed: a LOAD alone, or FETCH, compute
    instruction and store together; their clocks are filled in.

    An instruction comes to its engine once all before it have come to theirs, and waits there with
    fewer than ``queue`` others that are not complete. Raises `MachineError` through ``refuse``
    for a program that is stuck, and for an END that does not wait for all.
    """
    every = {site.index: site for line in sites.values() for site in line}
    done: Clock = dict.fromkeys(Engine, 0)
    arrived: Clock = dict.fromkeys(Engine, 0)
    began: Clock = dict.fromkeys(Engine, 0)
    arriving = 0
    while any(done[engine] < len(line) for engine, line in sites.items()):
        moved = False
        while arriving in every:
            engine = every[arriving].engine
            if arrived[engine] - done[engine] >= queue:
                break
            arrived[engine] += 1
            arriving += 1
            moved = True
        for engine, line in sites.items():
            if began[engine] == done[engine] < arrived[engine]:
                site = line[began[engine]]
                after = site.instruction.after
                if all(done[other] >= count for other, count in after.items()):
                    site.begin = _begin(sites, site, after)
                    began[engine] += 1
                    moved = True
        ready = _ready(sites, began, done)
        for group in ready:
            _complete(group)
            for site in group:
                done[site.engine] += 1
            yield group
        if not moved and not ready:
            waiting = [line[done[each]] for each, line in sites.items() if done[each] < len(line)]
            first = min(site.index for site in waiting)
            raise refuse(first, "it must not wait for what cannot be complete before it")
    _check_end(sites, instructions, refuse)


def _begin(sites: dict[Engine, list[Site]], site: Site, after: Clock) -> Clock:
    last = {engine: sites[engine][count - 1] for engine, count in after.items() if count}
    followed = last.pop(Engine.STORE) if site.follows else None
    clocks = [each.complete for each in last.values()]
    if followed is not None:
        clocks.append(followed.begin)
    if site.place:
        clocks.append(sites[site.engine][site.place - 1].complete)
    return _join(dict.fromkeys(Engine, 0), *clocks)


def _ready(sites: dict[Engine, list[Site]], began: Clock, done: Clock) -> list[tuple[Site, ...]]:
    found: list[tuple[Site, ...]] = []
    if began[Engine.LOAD] > done[Engine.LOAD]:
        found.append((sites[Engine.LOAD][done[Engine.LOAD]],))
    if all(began[engine] > done[engine] for engine in _STREAM):
        found.append(tuple(sites[engine][done[engine]] for engine in _STREAM))
    return found


def _complete(group: tuple[Site, ...]) -> None:
    """Fills in the clocks of instructions whose words pass from each to the next."""
    for site in group:
        site.access = site.complete = site.begin
        if site.follows:
            # What the STORE has not written yet is waited for word by word.
            followed = {Engine.STORE: site.instruction.after[Engine.STORE]}
            site.access = _join(site.begin, followed)
        if site.engine == Engine.STORE:
            site.access = site.complete = _join(*(each.begin for each in group))
        elif site.engine == Engine.COMPUTE:
            site.complete = _join(site.begin, group[0].complete)
        site.complete = site.complete | {site.engine: site.place + 1}


def _check_end(
    sites: dict[Engine, list[Site]], instructions: Sequence[Instruction], refuse: Refuse
) -> None:
    index = len(instructions) - 1
    after = instructions[index].after
    clocks = [sites[engine][count - 1].complete for engine, count in after.items() if count]
    known = _join(dict.fromkeys(Engine, 0), *clocks)
    for engine, line in sites.items():
        if known[engine] < len(line):
            raise refuse(index, f"it must wait for all {len(line)} {engine} instructions")
