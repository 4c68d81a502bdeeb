# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The instructions: one table from which they are encoded, decoded, shown and documented.

An instruction is some words of memory, as many as its opcode says; its fields stand one behind the
other from the lowest bit of the first word. Each begins with its opcode and with how many
instructions of each engine must be complete before it begins. They count from the start of the
program and come from earlier instructions, so there is no circle of waits.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum

from macaw.arch.checks import instance
from macaw.arch.core import Field, check_fields, layer_fields
from macaw.arch.machine import Engine, LoadTarget, MachineConfig, Rounding

__all__ = [
    "COUNT_BITS",
    "LOOKUP_BITS",
    "LOOKUP_FRACTION",
    "OPCODE_BITS",
    "WAIT_BITS",
    "Instruction",
    "Opcode",
    "decode",
    "disassemble",
    "documentation",
    "elementwise_fields",
    "encode",
    "engine_of",
    "instruction_bits",
    "instruction_fields",
    "instruction_words",
]

#: Bits of an opcode.
OPCODE_BITS = 4

#: Bits of a count of complete instructions.
WAIT_BITS = 14

#: Bits of an entry of an elementwise table, which is signed.
LOOKUP_BITS = 32

#: Bits of these behind the point.
LOOKUP_FRACTION = 20

#: Bits of a count of words or rows.
COUNT_BITS = 20


class Opcode(IntEnum):
    """The kinds of instructions. A word of zeros is none."""

    END = 1
    LOAD = 2
    FETCH = 3
    CONV = 4
    COPY = 5
    STORE = 6
    SCATTER = 7


_ENGINES = {
    Opcode.LOAD: Engine.LOAD,
    Opcode.FETCH: Engine.FETCH,
    Opcode.CONV: Engine.COMPUTE,
    Opcode.COPY: Engine.COMPUTE,
    Opcode.STORE: Engine.STORE,
    Opcode.SCATTER: Engine.STORE,
}

#: Addresses that are shown, each where a count of its own is not zero.
_COUNTED = {"address": None, "tail_address": "head", "second_address": "second_count"}

#: What each kind does, in a sentence.
MEANINGS = {
    Opcode.END: "the program is over once the instructions are complete that it waits for",
    Opcode.LOAD: "fills a memory of the core from memory outside",
    Opcode.FETCH: "sends runs of words of memory to the compute engine, others to the store engine",
    Opcode.CONV: "a layer of the core: image words in, result words out",
    Opcode.COPY: "passes words on",
    Opcode.STORE: "writes result words one behind the other, or what tables make of them",
    Opcode.SCATTER: "writes runs of result bytes, pixel by pixel, wherever they belong, as STORE",
}


@dataclass(frozen=True, kw_only=True)
class Instruction:
    """One instruction: its ``opcode``, its ``values`` by the names of `instruction_fields`, and how
    many instructions of some engines it waits ``after``."""

    opcode: Opcode
    values: dict[str, int] = field(default_factory=dict)
    after: dict[Engine, int] = field(default_factory=dict)


def engine_of(opcode: Opcode) -> Engine | None:
    """What executes it; ``None`` for END, which the sequencer takes itself."""
    return _ENGINES.get(opcode)


def _header() -> tuple[Field, ...]:
    return (
        Field(name="opcode", bits=OPCODE_BITS, meaning="the kind of instruction"),
        *(
            Field(
                name=f"after_{engine}",
                bits=WAIT_BITS,
                meaning=f"{engine} instructions that are complete before it begins",
            )
            for engine in Engine
        ),
    )


def elementwise_fields() -> tuple[Field, ...]:
    """What a store says of the elementwise pass in front of it."""

    def byte(name: str, meaning: str) -> Field:
        return Field(name=name, bits=8, signed=True, meaning=meaning)

    roundings = ", ".join(f"{each.value} {each.name.lower()}" for each in Rounding)
    return (
        Field(
            name="operands",
            bits=2,
            meaning="0: words are written as they are; 1: bytes are looked up; "
            "2: those of the second operand too, and added",
        ),
        Field(name="rounding", bits=2, meaning=f"where ties go: {roundings}"),
        byte("zero_point", "added to the rounded sum, as int8"),
        byte("minimum", "lowest result, as int8"),
        byte("maximum", "highest result, as int8"),
        Field(name="output_unsigned", bits=1, meaning="the result is uint8"),
    )


def instruction_fields(config: MachineConfig, opcode: Opcode) -> tuple[Field, ...]:
    """The fields behind opcode and waits."""
    address = config.address_bits + 1
    byte_address = address + (config.word_bytes - 1).bit_length()

    def place(name: str, meaning: str) -> Field:
        return Field(name=name, bits=address, meaning=f"{meaning}; its top bit is the space")

    def count(name: str, meaning: str) -> Field:
        return Field(name=name, bits=COUNT_BITS, meaning=meaning)

    def runs(prefix: str, meaning: str) -> tuple[Field, ...]:
        return (
            count(f"{prefix}count", meaning),
            count(f"{prefix}run", "words that stand one behind the other"),
            Field(
                name=f"{prefix}skip",
                bits=config.address_bits,
                meaning="words between two runs, which are not read",
            ),
        )

    match opcode:
        case Opcode.LOAD:
            targets = ", ".join(f"{target.value} {target.name.lower()}" for target in LoadTarget)
            return (
                Field(name="target", bits=2, meaning=f"what is filled: {targets}"),
                Field(name="start", bits=16, meaning="its first unit"),
                place("address", "first word"),
                count("count", "words"),
            )
        case Opcode.FETCH:
            return (
                place("address", "first word"),
                *runs("", "words"),
                count("head", "runs from there on, before those from tail_address on; 0 for all"),
                place("tail_address", "first word of the runs behind the head"),
                place("second_address", "first word of the second operand"),
                *runs("second_", "words of the second operand, 0 for none"),
                Field(
                    name="follows",
                    bits=1,
                    meaning="the last STORE that it waits for has begun: it takes words behind it",
                ),
            )
        case Opcode.CONV:
            return layer_fields(config.core)
        case Opcode.COPY:
            return (count("count", "words"),)
        case Opcode.STORE:
            return (place("address", "first word"), count("count", "words"), *elementwise_fields())
        case Opcode.SCATTER:
            return (
                Field(
                    name="address",
                    bits=byte_address,
                    meaning="first byte; its top bit is the space",
                ),
                count("count", "words"),
                count("rows", "rows of the result"),
                count("pixels", "pixels of a row, each row in words of its own"),
                count("pixel_bytes", "bytes of a pixel"),
                Field(
                    name="pixel_pitch",
                    bits=byte_address - 1,
                    meaning="bytes from one pixel to the next",
                ),
                Field(
                    name="row_pitch",
                    bits=byte_address - 1,
                    meaning="bytes from one row to the next",
                ),
                *elementwise_fields(),
            )
        case _:
            return ()


def instruction_bits(config: MachineConfig, opcode: Opcode) -> int:
    """Bits of an instruction, opcode and waits included."""
    return sum(each.bits for each in (*_header(), *instruction_fields(config, opcode)))


def instruction_words(config: MachineConfig, opcode: Opcode) -> int:
    """Words of an instruction."""
    return -(-instruction_bits(config, opcode) // (8 * config.word_bytes))


def encode(config: MachineConfig, instructions: Sequence[Instruction]) -> bytes:
    """The words of a program.

    Raises ``ValueError``, with the instruction's index, for values that do not fit their fields.
    """
    words = bytearray()
    for index, instruction in enumerate(instructions):
        instance("instruction", instruction, Instruction)
        header = {"opcode": instruction.opcode} | {
            f"after_{engine}": instruction.after.get(engine, 0) for engine in Engine
        }
        fields = instruction_fields(config, instruction.opcode)
        values = header | instruction.values
        names = {each.name for each in fields}
        if set(instruction.values) != names:
            raise ValueError(
                f"instruction {index} ({instruction.opcode.name}) must have the values "
                f"{sorted(names)}, not {sorted(instruction.values)}"
            )
        check_fields(
            f"instruction {index} ({instruction.opcode.name})", (*_header(), *fields), values
        )
        bits, position = 0, 0
        for each in (*_header(), *fields):
            bits |= (values[each.name] & ((1 << each.bits) - 1)) << position
            position += each.bits
        size = instruction_words(config, instruction.opcode) * config.word_bytes
        words += bits.to_bytes(size, "little")
    return bytes(words)


def decode(config: MachineConfig, words: bytes) -> Iterator[Instruction]:
    """The instructions of a program, up to its END.

    Raises ``ValueError``, with the instruction's index, for an opcode that there is none of, and
    where the words end before an END.
    """
    position, index = 0, 0
    while True:
        code = words[position] & ((1 << OPCODE_BITS) - 1) if position < len(words) else None
        if code not in tuple(Opcode):
            shown = "the end of the program" if code is None else f"opcode {code}"
            raise ValueError(
                f"instruction {index} must be one of "
                f"{', '.join(each.name for each in Opcode)}, not {shown}"
            )
        opcode = Opcode(code)
        size = instruction_words(config, opcode) * config.word_bytes
        if position + size > len(words):
            raise ValueError(
                f"instruction {index} ({opcode.name}) must be complete, not "
                f"{len(words) - position} bytes of {size}"
            )
        bits = int.from_bytes(words[position : position + size], "little")
        values = {}
        for each in (*_header(), *instruction_fields(config, opcode)):
            value = bits & ((1 << each.bits) - 1)
            bits >>= each.bits
            if each.signed and value > each.maximum:
                value -= 1 << each.bits
            values[each.name] = value
        del values["opcode"]
        after = {engine: values.pop(f"after_{engine}") for engine in Engine}
        after = {engine: count for engine, count in after.items() if count}
        yield Instruction(opcode=opcode, values=values, after=after)
        if opcode == Opcode.END:
            return
        position, index = position + size, index + 1


def disassemble(config: MachineConfig, instruction: Instruction) -> str:
    """One line: the opcode, the values that are not zero, and the waits.

    Addresses are shown with their space; a run only where others are behind it and stand elsewhere.
    """
    parts = [instruction.opcode.name]
    for name, value in instruction.values.items():
        if name in _COUNTED:
            bits = config.address_bits
            if instruction.opcode == Opcode.SCATTER:
                bits += (config.word_bytes - 1).bit_length()
            space = "tensor" if value >> bits else "outer"
            number = _COUNTED[name]
            if number is None or instruction.values[number]:
                parts.append(f"{name}={space}:{value & ((1 << bits) - 1):#x}")
        elif value and instruction.opcode == Opcode.LOAD and name == "target":
            parts.append(f"target={LoadTarget(value).name.lower()}")
        elif value and (not name.endswith("run") or _in_runs(instruction.values, name[:-3])):
            parts.append(f"{name}={value}")
    waits = [f"{engine} {count}" for engine, count in instruction.after.items() if count]
    if waits:
        parts.append(f"after {', '.join(waits)}")
    return " ".join(parts)


def _in_runs(values: Mapping[str, int], prefix: str) -> bool:
    """Whether the words of a FETCH do not stand one behind the other."""
    return bool(values[f"{prefix}skip"] or (not prefix and values["head"]))


def documentation(config: MachineConfig) -> str:
    """The instructions as a table in Markdown, with bits as ``config`` has them."""
    lines = [
        "| instruction | engine | words | field | bits | meaning |",
        "| --- | --- | ---: | --- | ---: | --- |",
    ]
    for name in ("opcode", *(f"after_{engine}" for engine in Engine)):
        [each] = [each for each in _header() if each.name == name]
        lines.append(f"| every one | | | {each.name} | {each.bits} | {each.meaning} |")
    for opcode in Opcode:
        engine = engine_of(opcode)
        first = (
            f"| {opcode.name}: {MEANINGS[opcode]} | {engine or 'sequencer'} "
            f"| {instruction_words(config, opcode)} "
        )
        fields = instruction_fields(config, opcode)
        if opcode == Opcode.CONV:
            bits = sum(each.bits for each in fields)
            lines.append(f"{first}| the layer's descriptor | {bits} | see the compute core |")
            continue
        if not fields:
            lines.append(f"{first}| | | |")
        for index, each in enumerate(fields):
            start = first if index == 0 else "| | | "
            sign = ", signed" if each.signed else ""
            lines.append(f"{start}| {each.name} | {each.bits}{sign} | {each.meaning} |")
    return "\n".join(lines) + "\n"
