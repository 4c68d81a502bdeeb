# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""What stands where in the memories of a machine, and from which pass to which."""

from collections.abc import Iterator
from typing import Any

from macaw.arch.instructions import engine_of
from macaw.arch.loading import load_format
from macaw.arch.machine import Engine, LoadTarget, MachineConfig
from macaw.cli.report.figures import Area
from macaw.cli.report.timing import body_of
from macaw.compiler.machine.network import Segment

__all__ = ["areas", "capacities"]


def capacities(config: MachineConfig) -> dict[str, int]:
    """Bytes of the memories on the chip, by the names that areas call them."""
    found = {"tensor": config.tensor_words * config.word_bytes}
    for target in LoadTarget:
        found[target.name.lower()] = _bytes(config, target, load_format(config, target).capacity)
    return found


def areas(segment: Segment, config: MachineConfig, number: int, first: int) -> Iterator[Area]:
    """The areas of a segment's program ``number``, whose passes are numbered from ``first`` on."""
    assert segment.program is not None
    size, last = config.word_bytes, first + len(segment.passes) - 1
    whole: dict[str, Any] = {"program": number, "first": first, "last": last}
    firsts = [load.word for of_pass in segment.loads for load in of_pass if load.words]
    firsts += [segment.homes[name].word for name in _constants(segment, config)]
    program = min(firsts, default=len(segment.program.image) // size)
    yield Area(memory="outer", kind="program", name="program", start=0, end=program * size, **whole)
    inputs = {place.name for place in segment.program.inputs}
    outputs = {place.name for place in segment.program.outputs}
    for name, life in segment.lives.items():
        home = segment.homes[name]
        yield Area(
            memory=home.space.name.lower(),
            kind="input" if name in inputs else "output" if name in outputs else "tensor",
            name=name,
            program=number,
            start=home.word * size,
            end=(home.word + life.words) * size,
            first=first + life.first,
            last=min(first + life.last, last),
        )
    for name, words in _constants(segment, config).items():
        start = segment.homes[name].word * size
        yield Area(
            memory="outer",
            kind="constant",
            name=name,
            start=start,
            end=start + words * size,
            **whole,
        )
    yield from _loads(segment, config, whole)


def _loads(segment: Segment, config: MachineConfig, whole: dict[str, Any]) -> Iterator[Area]:
    """What is loaded: where it comes from, and where it goes."""
    program, first, size = whole["program"], whole["first"], config.word_bytes
    arrivals = _arrivals(segment, config)
    for number, of_pass in enumerate(segment.loads):
        for load in (each for each in of_pass if each.words):
            target = load.target.name.lower()
            name = f"{target} of {segment.passes[number].name}"
            outer: dict[str, Any] = {
                "memory": "outer",
                "name": name,
                "start": load.word * size,
                "end": (load.word + load.words) * size,
            }
            inner: dict[str, Any] = {
                "memory": target,
                "name": name,
                "start": _bytes(config, load.target, load.first),
                "end": _bytes(config, load.target, load.first + load.units),
            }
            if load.resident:
                yield Area(kind="resident", **outer, **whole)
                yield Area(kind="resident", **inner, **whole)
                continue
            come = first + arrivals[load.word]
            for kind, begin, last in (
                ("constant", first, come - 1),
                ("loaded", come, come),
                ("constant", come + 1, whole["last"]),
            ):
                if begin <= last:
                    yield Area(kind=kind, program=program, first=begin, last=last, **outer)
            last = first + _last_use(segment, number, load.target)
            yield Area(kind="loaded", program=program, first=come, last=last, **inner)


def _last_use(segment: Segment, number: int, target: LoadTarget) -> int:
    """The last pass that uses what is loaded for this one: those behind it that load nothing of the
    target may use it again."""
    last = number
    for later, of_pass in enumerate(segment.loads[number + 1 :], start=number + 1):
        of_target = [load.words for load in of_pass if load.target == target]
        if any(of_target):
            break
        last = later if of_target else last
    return last


def _arrivals(segment: Segment, config: MachineConfig) -> dict[int, int]:
    """The pass during which each word's LOAD of the body may begin: the one behind those that the
    LOAD, or one in front of it, waits for; or the first one that may be under way when the
    sequencer comes to the LOAD, since only so many instructions wait at the compute engine."""
    found: dict[int, int] = {}
    given = earliest = 0
    for instruction in body_of(segment, config):
        engine = engine_of(instruction.opcode)
        if engine == Engine.COMPUTE:
            given += 1
        elif engine == Engine.LOAD:
            # Of lookup tables the readers are stores.
            awaited = max(instruction.after.get(each, 0) for each in (Engine.COMPUTE, Engine.STORE))
            earliest = max(earliest, awaited, given - config.queue - 1)
            found[instruction.values["address"]] = earliest
    return found


def _constants(segment: Segment, config: MachineConfig) -> dict[str, int]:
    """Words of the constants among the operands."""
    return {
        rows.buffer.name: rows.buffer.image.words(config)
        for each in segment.passes
        for rows in each.reads
        if rows.buffer.data is not None
    }


def _bytes(config: MachineConfig, target: LoadTarget, units: int) -> int:
    """Bytes that units of a target take in the memory outside."""
    form = load_format(config, target)
    return units * form.words * config.word_bytes // form.units
