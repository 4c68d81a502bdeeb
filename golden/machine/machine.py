# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The machine: executes the instructions of a program, and refuses what could go wrong."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from macaw.arch.checks import instance
from macaw.arch.container import Program, TensorPlace
from macaw.arch.instructions import Instruction, decode, disassemble, instruction_words
from macaw.arch.machine import MachineConfig, Space
from macaw.golden.machine.errors import MachineError
from macaw.golden.machine.execution import Execution
from macaw.golden.machine.memories import CoreMemories, WordMemory
from macaw.golden.machine.schedule import schedule, sites_of
from macaw.golden.machine.words import Words

__all__ = ["Executed", "Machine", "run"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Executed:
    """An ``instruction``, by its ``index`` in the program, and the ``words`` that it has brought
    from memory, made or stored; of SCATTER, those that came to it."""

    index: int
    instruction: Instruction
    words: Words


class Machine:
    """A machine of ``config``, whose memories keep from program to program what was written.

    ``observer``, if there is one, is called with each instruction once it is executed, in an order
    in which the hardware could complete them.

    Raises ``TypeError`` if ``config`` is no `MachineConfig`.
    """

    def __init__(
        self, config: MachineConfig, *, observer: Callable[[Executed], None] | None = None
    ) -> None:
        self._config = instance("config", config, MachineConfig)
        self._observer = observer
        self._core = CoreMemories(config)
        self._memories = {
            Space.OUTER: WordMemory(0, config.word_bytes),
            Space.TENSOR: WordMemory(config.tensor_words, config.word_bytes),
        }

    def load(self, program: Program) -> None:
        """Fills the memory outside with a program's image, and forgets what was in it.

        Raises `macaw.arch.container.ProgramError` for a program of another machine, and
        `MachineError` for one that needs more memory than can be addressed or than it says.
        """
        program.check(self._config)
        size, limit = self._config.word_bytes, 1 << self._config.address_bits
        image_words = self._config.words(len(program.image))
        if not image_words <= program.memory_words <= limit:
            raise MachineError(
                f"{program.name}: memory_words must be in {image_words} ... {limit}, "
                f"not {program.memory_words}"
            )
        memory = WordMemory(program.memory_words, size)
        image = np.frombuffer(program.image, np.uint8).reshape(1, -1)
        if image_words:
            memory.write(0, Words.of_rows(image, size))
        self._memories[Space.OUTER] = memory

    def write(self, place: TensorPlace, tensor: NDArray[Any]) -> None:
        """Writes a tensor, [height, width, channels] in int8 or uint8 as ``place`` says; a first
        axis of 1 may stand before.

        Raises ``ValueError`` for another shape or type, and `MachineError` for a place outside
        the memory.
        """
        shape, dtype = _form(place)
        if tensor.dtype != dtype or tensor.shape not in (shape, (1, *shape)):
            raise ValueError(
                f"{place.name} must be {np.dtype(dtype)} of shape {shape}, "
                f"not {tensor.dtype} of shape {tensor.shape}"
            )
        self._check_place(place)
        image = _in_memory(place, tensor.reshape(shape))
        rows = np.ascontiguousarray(image).view(np.uint8).reshape(place.rows, -1)
        words = Words.of_rows(rows, self._config.word_bytes)
        self._memories[Space.OUTER].write(place.address, words)

    def read(self, place: TensorPlace) -> NDArray[Any]:
        """A tensor, [height, width, channels].

        Raises `MachineError` for a place outside the memory, and for bytes that nothing has
        written.
        """
        count = self._check_place(place)
        places = place.address + np.arange(count)
        words = self._memories[Space.OUTER].read(places, f"{place.name}: outer")
        _, dtype = _form(place)
        known = words.known.reshape(place.rows, -1)[:, : place.row_bytes]
        if not known.all():
            row = int(np.flatnonzero(~known.all(axis=1))[0])
            raise MachineError(f"{place.name}: all bytes of row {row} must have been written")
        data = np.ascontiguousarray(words.data.reshape(place.rows, -1)[:, : place.row_bytes])
        image = data.view(dtype).reshape(place.rows, -1, place.channels)
        return np.ascontiguousarray(_in_memory(place, image))

    def memory(self, space: Space) -> Words:
        """What a memory holds: views, to be looked at only."""
        return self._memories[space].content

    def _check_place(self, place: TensorPlace) -> int:
        count: int = place.rows * self._config.words(place.row_bytes)
        end, words = place.address + count, len(self._memories[Space.OUTER].written)
        if end > words:
            raise MachineError(
                f"{place.name} must lie below word {words:#x} of the memory outside, "
                f"not up to {end - 1:#x}"
            )
        return count

    def execute(self, entry: int) -> None:
        """Executes the program whose first instruction is at word ``entry`` of the memory
        outside, up to its END.

        Raises `MachineError` for a program that a machine could not execute, or not always alike;
        it names the instruction by its index.
        """
        config = self._config
        memory = self._memories[Space.OUTER]
        try:
            instructions = list(decode(config, _written_from(memory, entry)))
        except ValueError as error:
            raise MachineError(str(error)) from None

        def refuse(index: int, sentence: str) -> MachineError:
            shown = disassemble(config, instructions[index])
            return MachineError(f"instruction {index} ({shown}): {sentence}")

        sites = sites_of(instructions, refuse)
        words = sum(instruction_words(config, each.opcode) for each in instructions)
        execution = Execution(
            config,
            core=self._core,
            memories=self._memories,
            program=slice(entry, entry + words),
            sites=sites,
        )
        for group in schedule(sites, instructions, config.queue, refuse):
            moved = None
            for site in group:
                try:
                    moved = execution.step(site, moved)
                except MachineError as error:
                    raise refuse(site.index, str(error)) from None
                if self._observer is not None:
                    self._observer(
                        Executed(index=site.index, instruction=site.instruction, words=moved)
                    )


def _written_from(memory: WordMemory, entry: int) -> bytes:
    """The words from ``entry`` up to the first that nothing has written."""
    missing = np.flatnonzero(~memory.written[entry:])
    stop = entry + int(missing[0]) if len(missing) else None
    return memory.content.data[entry:stop].tobytes()


def _form(place: TensorPlace) -> tuple[tuple[int, int, int], type[Any]]:
    shape = place.height, place.width, place.channels
    return shape, np.int8 if place.signed else np.uint8


def _in_memory(place: TensorPlace, image: NDArray[Any]) -> NDArray[Any]:
    """An image as its place has it, or back again."""
    return image.swapaxes(0, 1) if place.transposed else image


def run(
    config: MachineConfig,
    program: Program,
    inputs: Sequence[NDArray[Any]],
    *,
    observer: Callable[[Executed], None] | None = None,
) -> dict[str, NDArray[Any]]:
    """One inference on a new machine: the program's outputs by name, [height, width, channels].

    ``inputs`` are in the order of the program's. The prologue, if there is one, is executed
    first. Raises what `Machine` raises, and ``ValueError`` for as many inputs as the program has
    not.
    """
    if len(inputs) != len(program.inputs):
        raise ValueError(f"{program.name}: inputs must be {len(program.inputs)}, not {len(inputs)}")
    machine = Machine(config, observer=observer)
    machine.load(program)
    if program.prologue is not None:
        machine.execute(program.prologue)
    for place, tensor in zip(program.inputs, inputs, strict=True):
        machine.write(place, tensor)
    machine.execute(program.body)
    return {place.name: machine.read(place) for place in program.outputs}
