# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Programs for the machine in Python, written by hand."""

from collections.abc import Sequence

from conv2d_layers import Case

from macaw.arch import preset
from macaw.arch.container import Program, TensorPlace
from macaw.arch.core import layer_fields, parameter_fields, step_fields
from macaw.arch.instructions import Instruction, Opcode, elementwise_fields, encode, engine_of
from macaw.arch.loading import pack_units
from macaw.arch.machine import Engine, LoadTarget, MachineConfig, Space

TINY = MachineConfig(name="tiny", core=preset("tiny"), tensor_words=64)

#: What a store says of an elementwise pass that there is none of.
AS_THEY_ARE = {field.name: 0 for field in elementwise_fields()}


def place(config: MachineConfig, space: Space, word: int) -> int:
    """An address of a word."""
    return (space << config.address_bits) | word


class Writer:
    """Writes a program: constants first, instructions behind them.

    ``serial`` lets each instruction wait for all that can be complete before it: those of earlier
    streams, and all LOADs.
    """

    def __init__(self, config: MachineConfig = TINY, *, serial: bool = False) -> None:
        self.config = config
        self.image = bytearray()
        self.instructions: list[Instruction] = []
        self.serial = serial

    def constant(self, content: bytes) -> int:
        """The address of constants, which begin with a word of their own."""
        size = self.config.word_bytes
        word = len(self.image) // size
        self.image += content + bytes(-len(content) % size)
        return word

    def count(self, engine: Engine) -> int:
        return sum(engine_of(each.opcode) == engine for each in self.instructions)

    def add(self, opcode: Opcode, *, after: dict[Engine, int] | None = None, **values: int) -> int:
        """One more instruction; gives its index. A store writes words as they are, and a SCATTER
        takes those of its rows, where ``values`` do not say so."""
        if opcode == Opcode.SCATTER:
            row_words = self.config.words(values["pixels"] * values["pixel_bytes"])
            values = {"count": values["rows"] * row_words} | values
        if engine_of(opcode) == Engine.STORE:
            values = AS_THEY_ARE | values
        if after is None and self.serial:
            streams = self.count(Engine.STORE)
            after = dict.fromkeys((Engine.FETCH, Engine.COMPUTE, Engine.STORE), streams)
            after[Engine.LOAD] = self.count(Engine.LOAD)
        self.instructions.append(Instruction(opcode=opcode, values=values, after=after or {}))
        return len(self.instructions) - 1

    def load(self, target: LoadTarget, address: int, words: int, *, start: int = 0, after=None):
        return self.add(
            Opcode.LOAD, target=target, start=start, address=address, count=words, after=after
        )

    def fetch(
        self, address: int, count: int, *, second: int | None = None, follows=False, after=None,
        run: int | None = None, skip: int = 0, second_count: int | None = None,
        second_skip: int = 0, head: int = 0, tail: int = 0,
    ):  # fmt: skip
        """Of a second operand, by default, as many words as of the first; behind ``head`` runs of
        the first those from ``tail`` on."""
        run = count if run is None else run
        if second is None:
            second_count = 0
        elif second_count is None:
            second_count = count
        return self.add(
            Opcode.FETCH, address=address, count=count, run=run, skip=skip, follows=int(follows),
            second_address=second or 0, second_count=second_count, second_run=run,
            second_skip=second_skip, head=head, tail_address=tail, after=after,
        )  # fmt: skip

    def copy(self, count: int, *, after=None):
        return self.add(Opcode.COPY, count=count, after=after)

    def store(self, address: int, count: int, *, after=None, **tables: int):
        return self.add(Opcode.STORE, address=address, count=count, after=after, **tables)

    def end(self, *, after=None):
        everything = {engine: self.count(engine) for engine in Engine}
        return self.add(Opcode.END, after=everything if after is None else after)

    def program(
        self,
        *,
        inputs: Sequence[TensorPlace] = (),
        outputs: Sequence[TensorPlace] = (),
        memory_words: int = 4096,
        first: Sequence[Instruction] = (),
    ) -> Program:
        """The program; ``first`` are the instructions of its prologue."""
        size = self.config.word_bytes
        image = bytearray(self.image)
        prologue = None
        if first:
            prologue = len(image) // size
            image += encode(self.config, first)
        body = len(image) // size
        image += encode(self.config, self.instructions)
        return Program(
            name="by hand",
            config_digest=self.config.digest,
            image=bytes(image),
            body=body,
            prologue=prologue,
            memory_words=memory_words,
            inputs=tuple(inputs),
            outputs=tuple(outputs),
        )


def unit_of(fields, values) -> int:
    """Values of fields as the bits of a unit."""
    bits = position = 0
    for field in fields:
        bits |= (int(values[field.name]) & ((1 << field.bits) - 1)) << position
        position += field.bits
    return bits


def layer_constants(writer: Writer, case: Case) -> dict[LoadTarget, tuple[int, int]]:
    """Puts what a layer's memories hold among the constants: address and words by target."""
    program, config = case.program, writer.config
    core = config.core
    names = list(program.parameters)
    entries = zip(*(program.parameters[name].tolist() for name in names), strict=True)
    parameters = [
        unit_of(parameter_fields(core), dict(zip(names, entry, strict=True))) for entry in entries
    ]
    steps = [unit_of(step_fields(core), step) for step in program.table]
    contents = {
        LoadTarget.WEIGHTS: program.weights.tobytes(),
        LoadTarget.PARAMETERS: pack_units(config, LoadTarget.PARAMETERS, parameters),
        LoadTarget.TABLE: pack_units(config, LoadTarget.TABLE, steps),
    }
    return {
        target: (writer.constant(content), config.words(len(content)))
        for target, content in contents.items()
    }


def descriptor(case: Case) -> dict[str, int]:
    """The values of a layer's CONV."""
    values = case.program.descriptor
    return {field.name: values[field.name] for field in layer_fields(case.program.config)}


def tensor(name, address, height, width, channels, *, signed=False) -> TensorPlace:
    return TensorPlace(
        name=name, address=address, height=height, width=width, channels=channels, signed=signed
    )


def layer_program(case: Case, config: MachineConfig, *, leave_out=None) -> Program:
    """A layer from word 40,000 to word 50,000 of the memory outside."""
    writer = Writer(config)
    for target, (address, words) in layer_constants(writer, case).items():
        if target != leave_out:
            writer.load(target, address, words)
    shape, program = case.program.shape, case.program
    image, result = 40_000, 50_000
    writer.fetch(image, shape.height * program.image_row_words)
    writer.add(Opcode.CONV, **descriptor(case), after={Engine.LOAD: writer.count(Engine.LOAD)})
    writer.store(result, shape.output_height * program.result_row_words)
    writer.end()
    source = tensor("image", image, shape.height, shape.width, shape.in_channels,
                    signed=program.input_signed)  # fmt: skip
    target = tensor("result", result, shape.output_height, shape.output_width,
                    shape.out_channels, signed=program.output_signed)  # fmt: skip
    return writer.program(inputs=[source], outputs=[target], memory_words=60_000)
