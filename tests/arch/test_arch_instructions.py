# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Instructions: what is encoded is decoded, and what is none is refused."""

import random

import pytest

from macaw.arch.instructions import (
    WAIT_BITS,
    Instruction,
    Opcode,
    decode,
    disassemble,
    documentation,
    encode,
    engine_of,
    instruction_bits,
    instruction_fields,
    instruction_words,
)
from macaw.arch.machine import Engine
from macaw.arch.machines import MACHINES

CONFIGS = list(MACHINES.values())
EVERY = pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config.name)


def random_instruction(generator, config, opcode):
    """Any values that the fields of an opcode hold, corners often."""

    def value(field):
        corners = (field.minimum, field.maximum, 0)
        return generator.choice((*corners, generator.randint(field.minimum, field.maximum)))

    return Instruction(
        opcode=opcode,
        values={field.name: value(field) for field in instruction_fields(config, opcode)},
        after={
            engine: generator.randint(1, (1 << WAIT_BITS) - 1)
            for engine in Engine
            if generator.random() < 0.4
        },
    )


def random_program(seed, config, count=40):
    generator = random.Random(seed)
    kinds = [opcode for opcode in Opcode if opcode != Opcode.END]
    program = [random_instruction(generator, config, generator.choice(kinds)) for _ in range(count)]
    return [*program, Instruction(opcode=Opcode.END, after={Engine.STORE: 3})]


@EVERY
@pytest.mark.parametrize("seed", range(10))
def test_round_trip(config, seed):
    program = random_program(seed, config)
    words = encode(config, program)
    assert len(words) % config.word_bytes == 0
    assert list(decode(config, words)) == program
    # What stands behind the end is no part of the program.
    assert list(decode(config, words + b"\xff" * 64)) == program


@EVERY
def test_every_opcode_has_an_engine_fields_and_words(config):
    for opcode in Opcode:
        assert (engine_of(opcode) is None) == (opcode == Opcode.END)
        bits, words = instruction_bits(config, opcode), instruction_words(config, opcode)
        assert 8 * config.word_bytes * (words - 1) < bits <= 8 * config.word_bytes * words
        names = [field.name for field in instruction_fields(config, opcode)]
        assert len(names) == len(set(names))


@EVERY
def test_every_bit_of_a_field_counts(config):
    """Each value that differs in one bit is encoded in another way."""
    for opcode in Opcode:
        fields = instruction_fields(config, opcode)
        zeros = {field.name: 0 for field in fields}
        plain = encode(config, [Instruction(opcode=opcode, values=zeros)])
        seen = {plain}
        for field in fields:
            for bit in range(field.bits):
                value = 1 << bit
                if value > field.maximum:
                    value = field.minimum
                changed = Instruction(opcode=opcode, values=zeros | {field.name: value})
                seen.add(encode(config, [changed]))
        assert len(seen) == 1 + sum(field.bits for field in fields)


TINY = MACHINES["tiny"]
COPY = Instruction(opcode=Opcode.COPY, values={"count": 5})
END = Instruction(opcode=Opcode.END)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (b"", "instruction 0 must be one of END, LOAD, .*, not the end of the program"),
        (bytes(16), "instruction 0 must be one of .*, not opcode 0"),
        (encode(TINY, [COPY]) + b"\x0f" + bytes(15), "instruction 1 must be one of .* opcode 15"),
        (encode(TINY, [COPY]), "instruction 1 must be one of .* not the end of the program"),
        (encode(TINY, [COPY])[:8], r"instruction 0 \(COPY\) must be complete, not 8 bytes of 16"),
    ],
)
def test_what_is_no_program_is_refused(words, sentence):
    with pytest.raises(ValueError, match=sentence):
        list(decode(TINY, words))


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({}, r"instruction 1 \(COPY\) must have the values \['count'\], not \[\]"),
        ({"count": 1, "rows": 2}, "must have the values"),
        ({"count": 1 << 20}, r"instruction 1 \(COPY\): count must be in 0 ... 1048575"),
        ({"count": -1}, "count must be in"),
    ],
)
def test_values_that_do_not_fit_are_refused(values, sentence):
    with pytest.raises(ValueError, match=sentence):
        encode(TINY, [COPY, Instruction(opcode=Opcode.COPY, values=values)])


def test_disassembly_shows_spaces_targets_and_waits():
    tensor = 1 << TINY.address_bits
    load = {"target": 1, "start": 7, "address": 16, "count": 3}
    fetch = {
        "address": tensor + 4, "count": 2, "second_address": 9, "second_count": 5, "follows": 0,
    }  # fmt: skip
    fetch |= {"run": 2, "skip": 0, "second_run": 2, "second_skip": 0}
    fetch |= {"head": 0, "tail_address": 7}
    alone = fetch | {"second_count": 0}
    lines = [
        disassemble(TINY, each)
        for each in (
            Instruction(opcode=Opcode.LOAD, values=load, after={Engine.COMPUTE: 2}),
            Instruction(opcode=Opcode.FETCH, values=fetch),
            Instruction(opcode=Opcode.FETCH, values=alone),
            Instruction(opcode=Opcode.FETCH, values=alone | {"run": 1, "skip": 3}),
            Instruction(opcode=Opcode.FETCH, values=alone | {"run": 1, "head": 1}),
        )
    ]
    assert lines == [
        "LOAD target=parameters start=7 address=outer:0x10 count=3 after compute 2",
        "FETCH address=tensor:0x4 count=2 second_address=outer:0x9 second_count=5",
        "FETCH address=tensor:0x4 count=2",
        "FETCH address=tensor:0x4 count=2 run=1 skip=3",
        "FETCH address=tensor:0x4 count=2 run=1 head=1 tail_address=outer:0x7",
    ]


@EVERY
def test_the_table_names_every_opcode_and_field(config):
    table = documentation(config)
    for opcode in Opcode:
        assert f"| {opcode.name}: " in table
        if opcode != Opcode.CONV:
            for field in instruction_fields(config, opcode):
                assert f"| {field.name} | {field.bits}" in table
