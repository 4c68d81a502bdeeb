# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Layouts of instructions and of what engines are asked to do, from `macaw.arch.instructions`."""

from amaranth.lib import data

from macaw.arch.instructions import (
    OPCODE_BITS,
    WAIT_BITS,
    Opcode,
    engine_of,
    instruction_fields,
)
from macaw.arch.machine import Engine, MachineConfig
from macaw.hw.layouts import layout_of

__all__ = [
    "INDEX_BITS",
    "command_layout",
    "header_layout",
    "queued_layout",
    "storing_layout",
    "word_layout",
]

#: Bits of an instruction's index in its program.
INDEX_BITS = 16


def word_layout(config: MachineConfig) -> data.ArrayLayout:
    """A word of memory."""
    return data.ArrayLayout(8, config.word_bytes)


def storing_layout(config: MachineConfig) -> data.StructLayout:
    """A STORE in the tensor memory: whether there is one, the word that it writes next, and the
    first one behind all of its words."""
    bits = max(1, config.tensor_words.bit_length())
    return data.StructLayout({"busy": 1, "next": bits, "end": bits})


def header_layout() -> data.StructLayout:
    """What every instruction begins with."""
    return data.StructLayout(
        {"opcode": OPCODE_BITS, "after": data.ArrayLayout(WAIT_BITS, len(Engine))}
    )


def command_layout(config: MachineConfig, engine: Engine) -> data.StructLayout:
    """What an engine is asked to do: the opcode, and the fields of all opcodes that it executes,
    which share their place."""
    opcodes = [opcode for opcode in Opcode if engine_of(opcode) == engine]
    return data.StructLayout(
        {
            "opcode": OPCODE_BITS,
            "fields": data.UnionLayout(
                {
                    opcode.name.lower(): layout_of(instruction_fields(config, opcode))
                    for opcode in opcodes
                }
            ),
        }
    )


def queued_layout(config: MachineConfig, engine: Engine) -> data.StructLayout:
    """A command that waits for its turn: with its instruction's index and waits."""
    return data.StructLayout(
        {
            "index": INDEX_BITS,
            "after": data.ArrayLayout(WAIT_BITS, len(Engine)),
            "command": command_layout(config, engine),
        }
    )
