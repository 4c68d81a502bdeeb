# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""When each instruction of a machine began and ended, and what its compute engine did meanwhile."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields

import numpy as np

from macaw.arch.instructions import Instruction, decode, engine_of
from macaw.arch.machine import Engine, MachineConfig

__all__ = ["TRACE_WORDS", "Clocks", "TracedInstruction", "programs_of", "traced"]

#: The 64-bit numbers of a record in the trace file.
TRACE_WORDS = 10

#: What stands in the place of an engine where a program ends.
_ENDED = len(Engine)


@dataclass(frozen=True, kw_only=True)
class Clocks:
    """What clocks of the compute engine were spent on: each is one of these.

    ``work`` is an evaluation of the array, or a clock of a copy that nothing holds up; ``blocked``
    one in which a result waits to be stored, ``starved`` one in which a word is wanted and does not
    come, ``arriving`` one in which it comes, ``inside`` any other of an instruction, ``outside``
    one of none.
    """

    work: int
    blocked: int
    starved: int
    arriving: int
    inside: int
    outside: int

    @property
    def total(self) -> int:
        """All of them."""
        return sum(astuple(self))


_NAMES = tuple(each.name for each in fields(Clocks))


@dataclass(frozen=True, kw_only=True)
class TracedInstruction:
    """An instruction that began in clock ``begin`` of its program and was complete in clock
    ``end``; both are ``None`` where the program ended before.

    ``clocks`` are those from the compute instruction before, or the start of the program, to the
    end of this one; for END those behind the last one; and ``None`` for other engines.
    """

    begin: int | None
    end: int | None
    clocks: Clocks | None


_NOT_COMPLETE = TracedInstruction(begin=None, end=None, clocks=None)


def programs_of(
    config: MachineConfig, memory: np.ndarray, starts: Sequence[int]
) -> list[list[Instruction]]:
    """The instructions, END included, of the programs that start at these words of ``memory``,
    uint8 [words, word bytes].

    Raises ``ValueError`` for what is no program.
    """
    return [list(decode(config, memory[start:].tobytes())) for start in starts]


def traced(
    programs: Sequence[Sequence[Instruction]], records: np.ndarray
) -> list[tuple[TracedInstruction, ...]]:
    """What is known of the instructions of each program, from the simulator's records, int64
    [instructions of all, `TRACE_WORDS`]."""
    found = []
    rows = iter(records.tolist())
    for program in programs:
        known: dict[tuple[int, int], TracedInstruction] = {}
        for engine, number, begin, end, *counts in rows:
            clocks = Clocks(**dict(zip(_NAMES, counts, strict=True))) if counts[0] >= 0 else None
            if engine >= 0:
                known[engine, number] = TracedInstruction(begin=begin, end=end, clocks=clocks)
            if engine == _ENDED:
                break
        counted = [0] * (_ENDED + 1)
        entries = []
        for instruction in program:
            engine = _number(instruction)
            entries.append(known.get((engine, counted[engine]), _NOT_COMPLETE))
            counted[engine] += 1
        found.append(tuple(entries))
    return found


def _number(instruction: Instruction) -> int:
    engine = engine_of(instruction.opcode)
    return _ENDED if engine is None else [*Engine].index(engine)
