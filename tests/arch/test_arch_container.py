# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Programs as files: what is saved is loaded, and what is damaged is refused."""

import random
from dataclasses import replace

import pytest

from macaw.arch.container import Program, ProgramError, TensorPlace
from macaw.arch.machines import MACHINES

TINY = MACHINES["tiny"]
PROGRAM = Program(
    name="net",
    config_digest=TINY.digest,
    image=bytes(range(200)),
    body=3,
    memory_words=99,
    inputs=(TensorPlace(name="x", address=40, height=2, width=3, channels=4, signed=True),),
    outputs=(TensorPlace(name="y", address=50, height=1, width=1, channels=10, signed=False),),
    prologue=0,
)


def test_round_trip(tmp_path):
    path = tmp_path / "net.program"
    PROGRAM.save(path)
    assert Program.load(path) == PROGRAM
    turned = replace(PROGRAM, inputs=(replace(PROGRAM.inputs[0], transposed=True),))
    assert Program.from_bytes(turned.to_bytes()) == turned != PROGRAM
    nothing_first = replace(PROGRAM, prologue=None, inputs=(), image=b"")
    assert Program.from_bytes(nothing_first.to_bytes()) == nothing_first
    assert PROGRAM.to_bytes() == PROGRAM.to_bytes()


def test_rows_of_a_tensor_in_memory():
    [place] = PROGRAM.inputs
    assert (place.rows, place.row_bytes) == (2, 12)
    turned = replace(place, transposed=True)
    assert (turned.rows, turned.row_bytes) == (3, 8)


def test_every_bit_that_is_damaged_is_noticed():
    content = PROGRAM.to_bytes()
    for position in range(len(content)):
        damaged = bytearray(content)
        damaged[position] ^= 1 << (position % 8)
        with pytest.raises(ProgramError):
            Program.from_bytes(bytes(damaged))


def test_every_truncation_is_noticed():
    content = PROGRAM.to_bytes()
    for size in range(len(content)):
        with pytest.raises(ProgramError):
            Program.from_bytes(content[:size])


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda content: b"\x7fELF" + content, "does not begin like one"),
        (lambda content: content[:16], "program must be complete, not 16 bytes long"),
        (lambda content: content + b"x", "must have the checksum"),
        (
            lambda content: content[:14] + b"\x01" + content[15:],
            "program must be of version 6, not 1: compile it again",
        ),
    ],
)
def test_refusals_say_what_is_wrong(spoil, sentence):
    with pytest.raises(ProgramError, match=sentence):
        Program.from_bytes(spoil(PROGRAM.to_bytes()))


def test_random_bytes_are_no_program():
    generator = random.Random(3)
    for _ in range(200):
        with pytest.raises(ProgramError):
            Program.from_bytes(b"macaw program\n" + generator.randbytes(generator.randrange(80)))


def test_a_program_is_for_one_machine():
    PROGRAM.check(TINY)
    other = replace(TINY, tensor_words=512)
    with pytest.raises(ProgramError, match=r"net: program must be for a machine .* \(tiny\), not"):
        PROGRAM.check(other)
    assert other.digest != TINY.digest
    assert replace(TINY, name="other").digest == TINY.digest
