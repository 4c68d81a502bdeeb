# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""A machine that stops is described by the error's meaning and the instruction."""

import pytest

from macaw.arch import preset
from macaw.arch.instructions import (
    Instruction,
    Opcode,
    encode,
    instruction_fields,
    instruction_words,
)
from macaw.arch.machine import Engine, Error, MachineConfig
from macaw.host import DeviceError
from macaw.host.device import stopped

CONFIG = MachineConfig(name="tiny", core=preset("tiny"), patience=2048)
START = 3
NAMES = {
    opcode: [field.name for field in instruction_fields(CONFIG, opcode)]
    for opcode in (Opcode.FETCH, Opcode.STORE)
}
PROGRAM = encode(
    CONFIG,
    [
        Instruction(
            opcode=Opcode.FETCH,
            values=dict.fromkeys(NAMES[Opcode.FETCH], 0) | {"address": 16, "count": 4, "run": 4},
        ),
        Instruction(opcode=Opcode.COPY, values={"count": 4}),
        Instruction(
            opcode=Opcode.STORE,
            values=dict.fromkeys(NAMES[Opcode.STORE], 0) | {"address": 32, "count": 4},
            after={Engine.FETCH: 1, Engine.LOAD: 7},
        ),
        Instruction(opcode=Opcode.END),
    ],
)


def message(error, index, program=PROGRAM):
    memory = bytes(START * CONFIG.word_bytes) + program
    raised = stopped(CONFIG, "net", memory, START, error, index)
    assert isinstance(raised, DeviceError)
    assert (raised.error, raised.index) == (error, index)
    return str(raised)


STUCK = "which moved nothing for 2048 clocks while others waited for it"


@pytest.mark.parametrize(
    ("error", "index", "meaning", "shown"),
    [
        (
            Error.WAIT,
            2,
            "which waits for an instruction that does not come before it",
            "STORE address=outer:0x20 count=4 after load 7, fetch 1",
        ),
        (Error.STUCK, 0, STUCK, "FETCH address=outer:0x10 count=4"),
        (Error.STUCK, 3, STUCK, "END"),
        (Error.STUCK, 5, STUCK, "the program ends after instruction 3"),
        (Error.OPCODE, 1, "of which there is no kind", "COPY count=4"),
    ],
)
def test_meaning_and_instruction(error, index, meaning, shown):
    expected = f"net: the machine stopped at instruction {index}, {meaning}: {shown}"
    assert message(error, index) == expected


def test_what_is_no_instruction():
    """Instructions of several words are passed whole: words are no instructions."""
    end = len(PROGRAM) - instruction_words(CONFIG, Opcode.END) * CONFIG.word_bytes
    assert end > 3 * CONFIG.word_bytes
    broken = PROGRAM[:end] + bytes([9]) + PROGRAM[end + 1 :]
    assert message(Error.OPCODE, 3, broken).endswith(" 3, of which there is no kind: opcode 9")
    assert message(Error.OPCODE, 3, PROGRAM[:end]).endswith(": the end of memory")
    assert message(Error.STUCK, 4, broken).endswith(
        ": memory has no program up to there, but only to instruction 3"
    )


def test_every_error_has_a_meaning():
    shown = {message(error, 0) for error in Error if error != Error.DONE}
    assert len(shown) == len(Error) - 1
    assert not [each for each in shown if "without an error" in each]
