# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Passes to instructions and constants."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from macaw.arch.core import Field, parameter_fields, step_fields
from macaw.arch.instructions import (
    WAIT_BITS,
    Instruction,
    Opcode,
    elementwise_fields,
    encode,
    instruction_fields,
)
from macaw.arch.loading import pack_units
from macaw.arch.machine import Engine, LoadTarget, MachineConfig, Space
from macaw.arch.program import CoreProgram
from macaw.compiler.elementwise import LookupTables
from macaw.compiler.machine.cost import read_runs
from macaw.compiler.machine.hazards import Access, Hazards
from macaw.compiler.machine.loads import Load, in_order
from macaw.compiler.machine.passes import Pass, Placed, Runs
from macaw.compiler.machine.stores import Content, Store
from macaw.compiler.ring import BANKS

__all__ = ["Home", "contents", "emit"]

#: What the core's memories are called among `Access`es.
_UNITS = {target: target.name.lower() for target in LoadTarget}


@dataclass(frozen=True, kw_only=True)
class Home:
    """Where a buffer stands: its first word in a space."""

    space: Space
    word: int


@dataclass(kw_only=True)
class _Code:
    """Instructions in the making, with the waits that they need."""

    config: MachineConfig
    instructions: list[Instruction] = field(default_factory=list)
    hazards: Hazards = field(default_factory=Hazards)
    #: STOREs, by their numbers, behind whose words those of a FETCH may be taken.
    followed: set[int] = field(default_factory=set)
    #: The last compute instruction's fields, where it is a CONV.
    layer: Mapping[str, int] | None = None

    def add(
        self,
        engine: Engine,
        opcode: Opcode,
        values: dict[str, int],
        accesses: Sequence[Access],
        behind: Access | None = None,
    ) -> None:
        after = self.hazards.after(engine, accesses, behind=behind)
        match opcode:
            case Opcode.FETCH:
                values = values | {"follows": int(after.get(Engine.STORE) in self.followed)}
            case Opcode.CONV:
                values = values | _place_ring(values, self.layer, self.config)
            case Opcode.STORE if values["address"] >> self.config.address_bits == Space.TENSOR:
                self.followed.add(self.hazards.counts[Engine.STORE])
        if engine == Engine.COMPUTE:
            self.layer = values if opcode == Opcode.CONV else None
        self.instructions.append(Instruction(opcode=opcode, values=values, after=after))

    def end(self) -> bytes:
        counts = {engine: count for engine, count in self.hazards.counts.items() if count}
        most = (1 << WAIT_BITS) - 1
        for engine, count in counts.items():
            if count > most:
                raise ValueError(
                    f"a program must have at most {most} {engine} instructions, not {count}: "
                    f"build a machine with larger memories than {self.config.name}"
                )
        self.instructions.append(Instruction(opcode=Opcode.END, after=counts))
        return encode(self.config, self.instructions)


def contents(passes: Sequence[Pass], config: MachineConfig) -> tuple[bytes, list[list[Load]]]:
    """What the passes need in the core's memories: the words of all of it, each content once, and
    for each pass what is its own. What is there yet from a pass before is not loaded again."""
    needed = [_units(each, config) for each in passes]
    stores = {
        target: Store(
            config=config,
            target=target,
            contents={of_pass[target] for of_pass in needed if target in of_pass},
        )
        for target in LoadTarget
    }
    data = bytearray()
    firsts: dict[bytes, int] = {}

    def placed(target: LoadTarget, content: Content) -> Iterator[Load]:
        units, words = content
        if words not in firsts:
            firsts[words] = len(data) // config.word_bytes
            data.extend(words)
        word, count = firsts[words], len(words) // config.word_bytes
        runs, new = stores[target].place(content)
        for run in runs:
            of_run = count * len(run) // units if new else 0
            yield Load(
                target=target, units=len(run), words=of_run, word=word, first=run.start,
                resident=stores[target].resident,
            )  # fmt: skip
            word += of_run

    loads = [
        [load for target, each in of_pass.items() for load in placed(target, each)]
        for of_pass in needed
    ]
    return bytes(data), loads


def emit(
    passes: Sequence[Pass],
    loads: Sequence[Sequence[Load]],
    homes: Mapping[str, Home],
    config: MachineConfig,
    constants: int,
) -> tuple[bytes, bytes]:
    """The words of the prologue and of the body. What the passes load stands from word
    ``constants`` on.

    The prologue loads what stays; it is empty where nothing does.
    """
    prologue, body = _Code(config=config), _Code(config=config)
    for each in in_order(loads):
        if isinstance(each, int):
            _run(body, passes[each], loads[each], homes)
        else:
            _load(prologue if each.resident else body, each, constants)
    return (prologue.end() if prologue.instructions else b""), body.end()


def _place_ring(
    values: Mapping[str, int], before: Mapping[str, int] | None, config: MachineConfig
) -> dict[str, int]:
    """Where a layer's ring stands: at the other end of the line buffer than that of the layer
    before, if both have room, so that its image may come ahead; otherwise at the beginning."""
    words, available = values["ring_words"], config.core.memory.activation_words
    # Rings begin in the first bank.
    end = (available - words) // BANKS * BANKS
    if before is None:
        return {"ring_base": 0, "ahead": 0}
    if before["ring_base"]:
        ahead = words <= before["ring_base"]
        return {"ring_base": 0, "ahead": int(ahead)}
    ahead = before["ring_words"] <= end
    return {"ring_base": end if ahead else 0, "ahead": int(ahead)}


def _load(code: _Code, load: Load, constants: int) -> None:
    values = {
        "target": load.target,
        "start": load.first,
        "address": constants + load.word,
        "count": load.words,
    }
    code.add(Engine.LOAD, Opcode.LOAD, values, (_units_of(load, write=True),))


def _units_of(load: Load, *, write: bool = False) -> Access:
    end = load.first + load.units
    return Access(memory=_UNITS[load.target], start=load.first, end=end, write=write)


def _run(code: _Code, each: Pass, loads: Sequence[Load], homes: Mapping[str, Home]) -> None:
    config = code.config
    values = dict.fromkeys((field.name for field in instruction_fields(config, Opcode.FETCH)), 0)
    reads, spans = [], []
    for rows, runs in zip(each.reads, read_runs(each, config), strict=True):
        home = homes[rows.buffer.name]
        start, end = home.word + runs.first, home.word + runs.end
        pitch = runs.run + runs.skip
        access = Access(memory=home.space.name, start=start, end=end, run=runs.run, pitch=pitch)
        reads.append(access)
        spans.append((_address(config, home, start), runs))
    kept = spans.pop() if each.kept is not None else None
    for prefix, (address, runs) in zip(("", "second_"), spans, strict=False):
        values |= {
            f"{prefix}address": address, f"{prefix}count": runs.count,
            f"{prefix}run": runs.run, f"{prefix}skip": runs.skip,
        }  # fmt: skip
    if kept is not None:
        values |= _in_two(kept, spans[0])
    code.add(Engine.FETCH, Opcode.FETCH, values, reads)

    used = [_units_of(load) for load in loads if load.target != LoadTarget.LOOKUP]
    tables = [_units_of(load) for load in loads if load.target == LoadTarget.LOOKUP]
    firsts = {load.target: load.first for load in reversed(loads)}
    match each.work:
        case CoreProgram() as work:
            entry = firsts[LoadTarget.TABLE]
            beats = firsts[LoadTarget.WEIGHTS]
            descriptor = work.descriptor | {
                "table_start": entry,
                "body_start": entry + work.descriptor["prologue"],
                "weight_start": beats // config.core.array.columns,
                "parameter_start": firsts[LoadTarget.PARAMETERS],
            }
            code.add(Engine.COMPUTE, Opcode.CONV, descriptor, used)
        case _:
            code.add(Engine.COMPUTE, Opcode.COPY, {"count": values["count"]}, ())
    _store(code, each, homes, tables, reads[0])


def _in_two(head: tuple[int, Runs], tail: tuple[int, Runs]) -> dict[str, int]:
    """What a FETCH says of an image in two pieces, each with its address."""
    (address, runs), (tail_address, others) = head, tail
    # Of two that are one run each, that of the head.
    longest = max(runs, others, key=lambda each: each.number)
    return {
        "address": address, "count": runs.count + others.count, "run": longest.run,
        "skip": longest.skip, "head": runs.count // longest.run, "tail_address": tail_address,
    }  # fmt: skip


def _store(
    code: _Code, each: Pass, homes: Mapping[str, Home], tables: Sequence[Access], image: Access
) -> None:
    """``image`` is where the pass's image is read: the words of a STORE follow it."""
    config, target = code.config, each.target
    home, size = homes[target.buffer.name], config.word_bytes
    first = home.word * size + target.first_byte
    words = target.rows * config.words(target.pixels * target.pixel_bytes)
    run = pitch = 1
    if target.gaps:
        run, pitch = _words_of_runs(target, first, size)
        span = (target.rows - 1) * target.row_pitch + (target.pixels - 1) * target.pixel_pitch
        end = first + span + target.pixel_bytes
        values = {
            "address": _address(config, home, first, scale=size),
            "count": words,
            "rows": target.rows,
            "pixels": target.pixels,
            "pixel_bytes": target.pixel_bytes,
            "pixel_pitch": target.pixel_pitch,
            "row_pitch": target.row_pitch,
        }
        if target.pixel_pitch == target.pixel_bytes:
            # Neighbours are one run.
            row_bytes = target.pixels * target.pixel_bytes
            values |= {"pixels": 1, "pixel_bytes": row_bytes, "pixel_pitch": 0}
        opcode = Opcode.SCATTER
    else:
        end = first + words * size
        values = {"address": _address(config, home, first // size), "count": words}
        opcode = Opcode.STORE
    access = Access(
        memory=home.space.name, start=first // size, end=config.words(end), write=True,
        run=run, pitch=pitch,
    )  # fmt: skip
    values |= _elementwise(each.tables)
    behind = None if target.gaps else image
    code.add(Engine.STORE, opcode, values, (access, *tables), behind)


def _elementwise(tables: LookupTables | None) -> dict[str, int]:
    """What a store says of the elementwise pass."""
    if tables is None:
        return dict.fromkeys((field.name for field in elementwise_fields()), 0)
    return tables.values


def _words_of_runs(target: Placed, first: int, size: int) -> tuple[int, int]:
    """Words of the runs in which a result with gaps is written from byte ``first`` on, and words
    from one to the next; 1 and 1, as of all words between, where they are not whole words, each as
    far from the one before."""
    row_bytes = target.pixels * target.pixel_pitch
    if target.pixel_pitch == target.pixel_bytes or target.pixels == 1:
        run, pitch = target.pixels * target.pixel_bytes, target.row_pitch
    elif target.rows == 1 or target.row_pitch == row_bytes:
        run, pitch = target.pixel_bytes, target.pixel_pitch
    else:
        return 1, 1
    if run % size or pitch % size or first % size:
        return 1, 1
    return run // size, pitch // size


def _address(config: MachineConfig, home: Home, place: int, *, scale: int = 1) -> int:
    """A word's address, or a byte's with ``scale`` bytes a word, with the space above it."""
    return place + (home.space << config.address_bits) * scale


def _units(each: Pass, config: MachineConfig) -> dict[LoadTarget, Content]:
    """What a pass needs in the core's memories: of each target how many units, and their words."""
    work = each.work
    found: dict[LoadTarget, Content] = {}
    if each.tables is not None:
        entries = each.tables.entries
        found[LoadTarget.LOOKUP] = len(entries), pack_units(config, LoadTarget.LOOKUP, entries)
    if not isinstance(work, CoreProgram):
        return found
    weights = np.ascontiguousarray(work.weights, np.int8)
    count = len(next(iter(work.parameters.values())))
    units = {
        LoadTarget.PARAMETERS: [
            _bits(
                parameter_fields(config.core),
                {name: int(values[channel]) for name, values in work.parameters.items()},
            )
            for channel in range(count)
        ],
        LoadTarget.TABLE: [_bits(step_fields(config.core), entry) for entry in work.table],
    }
    # A unit of weights is a word.
    found[LoadTarget.WEIGHTS] = weights.size // config.word_bytes, weights.tobytes()
    return found | {
        target: (len(values), pack_units(config, target, values))
        for target, values in units.items()
    }


def _bits(fields: Sequence[Field], values: Mapping[str, int]) -> int:
    """The fields one behind the other, from the lowest bit on."""
    bits, position = 0, 0
    for each in fields:
        bits |= (values[each.name] & ((1 << each.bits) - 1)) << position
        position += each.bits
    return bits
