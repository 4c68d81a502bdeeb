# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""What runs programs: one interface for the machine in numpy, in simulation and on a board."""

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

import numpy as np

from macaw.arch.container import Program
from macaw.arch.instructions import OPCODE_BITS, decode, disassemble, instruction_words
from macaw.arch.machine import Error, MachineConfig

__all__ = ["Device", "DeviceError", "stopped"]


class DeviceError(Exception):
    """A program that did not end as it should: ``error`` and ``index`` are the machine's."""

    def __init__(self, message: str, error: Error, index: int):
        super().__init__(message)
        self.error = error
        self.index = index


@runtime_checkable
class Device(Protocol):
    """A machine of ``config`` with its memory outside."""

    @property
    def config(self) -> MachineConfig:
        """What the machine is made as."""

    @property
    def counters(self) -> dict[str, int]:
        """What the machine counted in the last inference, by the names of
        `macaw.arch.machine.COUNTERS`; zeros before the first."""

    def load(self, program: Program) -> None:
        """Makes ``program`` the one that runs.

        Raises `macaw.arch.container.ProgramError` for one that is not for this machine.
        """

    def run(self, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """One inference: the program's outputs for its ``inputs``, by name, int8 or uint8
        [height, width, channels].

        Raises ``ValueError`` for inputs of another name, type or shape than the program's, or
        without a program, and `DeviceError` where the machine stops with an error.
        """


def stopped(
    config: MachineConfig, name: str, memory: bytes, start: int, error: Error, index: int
) -> DeviceError:
    """What became of the program ``name``, whose first instruction stands at word ``start`` of
    ``memory``: the error's meaning, and the instruction."""
    meaning = {
        Error.OPCODE: "of which there is no kind",
        Error.WAIT: "which waits for an instruction that does not come before it",
        Error.STUCK: f"which moved nothing for {config.patience} clocks while others waited for it",
    }.get(error, "without an error")
    shown = _shown(config, memory[start * config.word_bytes :], index)
    return DeviceError(
        f"{name}: the machine stopped at instruction {index}, {meaning}: {shown}", error, index
    )


def _shown(config: MachineConfig, words: bytes, index: int) -> str:
    """Instruction ``index`` of a program in words, or what stands there instead of one."""
    position = 0
    instructions = decode(config, words)
    for current in range(index + 1):
        try:
            instruction = next(instructions)
        except StopIteration:
            return f"the program ends after instruction {current - 1}"
        except ValueError:
            if current < index:
                return f"memory has no program up to there, but only to instruction {current}"
            code = words[position] & ((1 << OPCODE_BITS) - 1) if position < len(words) else None
            return "the end of memory" if code is None else f"opcode {code}"
        position += instruction_words(config, instruction.opcode) * config.word_bytes
    return disassemble(config, instruction)
