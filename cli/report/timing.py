# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Where the clocks of a program go, pass by pass: as the RTL was seen to spend them, or by the
compiler's model."""

from collections.abc import Sequence

from macaw.arch.instructions import Instruction, Opcode, decode, engine_of
from macaw.arch.machine import Engine, LoadTarget, MachineConfig, Space
from macaw.arch.program import CoreProgram
from macaw.cli.report.figures import Cause, Span, Traffic
from macaw.compiler.machine.cost import pass_cost, read_runs, target_bytes
from macaw.compiler.machine.network import Segment
from macaw.compiler.machine.passes import Pass
from macaw.sim.machine_trace import TracedInstruction

__all__ = ["body_of", "measured", "modelled", "passes_of", "traffic"]

#: The compute engine's.
_COMPUTING = (Opcode.CONV, Opcode.COPY)


def traffic(segment: Segment, number: int, config: MachineConfig) -> Traffic:
    """The bytes of the pass of this number in a segment."""
    each = segment.passes[number]
    read = dict.fromkeys(Space, 0)
    written = dict.fromkeys(Space, 0)
    for rows, runs in zip(each.reads, read_runs(each, config), strict=True):
        read[segment.homes[rows.buffer.name].space] += runs.count * config.word_bytes
    written[segment.homes[each.target.buffer.name].space] += target_bytes(each.target, config)
    loads = {
        resident: sum(load.words for load in segment.loads[number] if load.resident == resident)
        for resident in (False, True)
    }
    return Traffic(
        read=read[Space.OUTER],
        written=written[Space.OUTER],
        tensor_read=read[Space.TENSOR],
        tensor_written=written[Space.TENSOR],
        loaded=loads[False] * config.word_bytes,
        resident=loads[True] * config.word_bytes,
    )


def body_of(segment: Segment, config: MachineConfig) -> list[Instruction]:
    """The instructions of an inference."""
    assert segment.program is not None
    words = segment.program.image[segment.program.body * config.word_bytes :]
    return list(decode(config, words))


def passes_of(segment: Segment, instructions: Sequence[Instruction]) -> list[int]:
    """The number of the pass that each instruction belongs to; END belongs to the last."""
    owners = {
        load.word: number for number, of in enumerate(segment.loads) for load in of if load.words
    }
    counts = dict.fromkeys(Engine, 0)
    found = []
    for instruction in instructions:
        engine = engine_of(instruction.opcode)
        if engine is None:
            found.append(len(segment.passes) - 1)
        elif engine == Engine.LOAD:
            found.append(owners[instruction.values["address"]])
        else:
            found.append(counts[engine])
            counts[engine] += 1
    return found


def measured(
    segment: Segment,
    config: MachineConfig,
    trace: Sequence[TracedInstruction],
    *,
    macs: Sequence[int],
    first_pass: int,
    first_clock: int,
) -> tuple[list[dict[Cause, int]], list[Span]]:
    """The clocks of each pass and the spans of all instructions, from the trace of a program's
    body. ``macs`` are the passes'; numbers and clocks count from ``first_pass`` and
    ``first_clock`` on."""
    instructions = body_of(segment, config)
    owners = passes_of(segment, instructions)
    loads = [
        entry for entry, each in zip(trace, instructions, strict=True) if each.opcode == Opcode.LOAD
    ]
    clocks: list[dict[Cause, int]] = []
    spans: list[Span] = []
    before = 0
    for entry, instruction, number in zip(trace, instructions, owners, strict=True):
        assert entry.begin is not None
        assert entry.end is not None
        if instruction.opcode == Opcode.END:
            assert entry.clocks is not None
            clocks[-1][Cause.BETWEEN] += entry.clocks.total
            break
        if instruction.opcode in _COMPUTING:
            assert entry.clocks is not None
            awaited = instruction.after.get(Engine.LOAD, 0)
            loaded = (loads[awaited - 1].end or 0) if awaited else 0
            loading = min(max(loaded - before, 0), entry.clocks.outside)
            clocks.append(
                _causes(config, macs[number], entry.clocks.work, instruction.opcode)
                | {
                    Cause.ARRIVING: entry.clocks.arriving,
                    Cause.STARVED: entry.clocks.starved,
                    Cause.BLOCKED: entry.clocks.blocked,
                    Cause.DRAINING: entry.clocks.inside,
                    Cause.LOADING: loading,
                    Cause.BETWEEN: entry.clocks.outside - loading,
                }
            )
            before = entry.end
        engine = engine_of(instruction.opcode)
        spans.append(
            Span(
                engine=str(engine),
                opcode=instruction.opcode.name,
                what=_what(instruction),
                number=first_pass + number,
                begin=first_clock + entry.begin,
                end=first_clock + entry.end,
            )
        )
    return clocks, spans


def modelled(
    segment: Segment,
    config: MachineConfig,
    memory_bytes: float,
    *,
    macs: Sequence[int],
    first_pass: int,
    first_clock: int,
) -> tuple[list[dict[Cause, int]], list[Span]]:
    """The same by the compiler's model: one pass after the other, each as long as its clocks, or as
    its bytes cross the port of a memory of ``memory_bytes`` a clock."""
    clocks: list[dict[Cause, int]] = []
    spans: list[Span] = []
    begin = first_clock
    for number, each in enumerate(segment.passes):
        cost = pass_cost(each, config)
        bytes_outside = traffic(segment, number, config).outside
        starved = max(round(bytes_outside / memory_bytes) - cost.cycles, 0)
        opcode = _opcode(each)
        clocks.append(
            _causes(config, macs[number], cost.work, opcode)
            | {Cause.STARVED: starved, Cause.DRAINING: cost.cycles - cost.work}
        )
        end = begin + cost.cycles + starved
        spans.append(
            Span(
                engine=str(Engine.COMPUTE), opcode=opcode.name, what="", begin=begin, end=end,
                number=first_pass + number,
            )
        )  # fmt: skip
        begin = end
    return clocks, spans


def _opcode(each: Pass) -> Opcode:
    if isinstance(each.work, CoreProgram):
        return Opcode.CONV
    return Opcode.COPY


def _causes(config: MachineConfig, macs: int, work: int, opcode: Opcode) -> dict[Cause, int]:
    """Clocks at work, by what they are worth, and none for other causes."""
    clocks = dict.fromkeys(Cause, 0)
    if opcode != Opcode.CONV:
        return clocks | {Cause.MOVING: work}
    useful = min(round(macs / config.core.array.multipliers), work)
    return clocks | {Cause.USEFUL: useful, Cause.UNFILLED: work - useful}


def _what(instruction: Instruction) -> str:
    """What an instruction moves, in words."""
    values = instruction.values
    if instruction.opcode == Opcode.LOAD:
        return f"{LoadTarget(values['target']).name.lower()}, {values['count']:,} words"
    return f"{values['count']:,} words" if "count" in values else ""
