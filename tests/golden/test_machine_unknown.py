# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Bytes and table entries of which the machine in Python does not know what they hold."""

import pytest
from machine_checks import LOAD, STORE, constants, executed, refused
from machine_programs import TINY, Writer

from macaw.arch.container import TensorPlace
from macaw.arch.instructions import Opcode
from macaw.arch.machine import LoadTarget
from macaw.golden.machine import MachineError, run


def tables(writer: Writer, first: int, entries: int) -> None:
    """Loads the lookup entries from ``first`` on."""
    content = bytes(4 * entries)
    address = writer.constant(content)
    writer.load(LoadTarget.LOOKUP, address, TINY.words(len(content)), start=first)


def elementwise(writer: Writer, count: int, *, operands: int = 1, after=None) -> None:
    """Copies words through the tables to word 900."""
    writer.copy(count)
    writer.store(900, count, operands=operands, minimum=-128, maximum=127, after=after)


def test_tables_that_are_loaded_while_they_are_used():
    for after in ({LOAD: 1}, {}):
        writer = Writer()
        source = constants(writer, 2)
        tables(writer, 0, 256)
        writer.fetch(source, 2)
        elementwise(writer, 2, after=after)
        writer.end()
        if after:
            executed(writer)
        else:
            refused(
                writer,
                "it must be in order with instruction 0 (LOAD), which uses lookup entry 0x0 too: "
                "wait for 1 load instructions before one of them",
                index=3,
            )


def part_of(writer: Writer, source: int, target: int) -> None:
    """Writes seven bytes of a word."""
    writer.fetch(source, 1)
    writer.copy(1)
    writer.add(
        Opcode.SCATTER, address=8 * target, rows=1, pixels=1, pixel_bytes=7, pixel_pitch=0,
        row_pitch=0,
    )  # fmt: skip


def eight_bytes(writer: Writer, sentence: str) -> None:
    """Reading the whole word 900 is refused with ``sentence``, or it is not, without one."""
    result = TensorPlace(name="y", address=900, height=1, width=8, channels=1, signed=False)
    program = writer.program(memory_words=1024, outputs=[result])
    if sentence:
        with pytest.raises(MachineError, match=f"^{sentence}$"):
            run(TINY, program, [])
    else:
        run(TINY, program, [])


UNKNOWN = "y: all bytes of row 0 must have been written"


@pytest.mark.parametrize(("operands", "sentence"), [((0, 0), ""), ((0, 1), UNKNOWN),
                                                    ((1, 0), UNKNOWN)])  # fmt: skip
def test_sums_with_bytes_that_are_not_known(operands, sentence):
    writer = Writer()
    source = constants(writer, 2)
    tables(writer, 0, 512)
    part_of(writer, source, 901)
    first, second = (901 if each else source for each in operands)
    writer.fetch(first, 1, second=second, after={STORE: 1})
    elementwise(writer, 1, operands=2, after={LOAD: 1})
    writer.end()
    eight_bytes(writer, sentence)


@pytest.mark.parametrize(("word", "sentence"), [(901, UNKNOWN), (0, "")])
def test_scattering_bytes_that_are_not_known(word, sentence):
    writer = Writer()
    part_of(writer, constants(writer, 2), 901)
    writer.fetch(word, 1, after={STORE: 1})
    writer.copy(1)
    writer.add(
        Opcode.SCATTER, address=8 * 900, rows=1, pixels=1, pixel_bytes=8, pixel_pitch=0,
        row_pitch=0,
    )  # fmt: skip
    writer.end()
    eight_bytes(writer, sentence)


def test_bytes_that_are_not_known_need_no_entry():
    writer = Writer()
    source = writer.constant(bytes(range(10, 18)))
    tables(writer, 10, 8)
    part_of(writer, source, 901)
    writer.fetch(901, 1, after={STORE: 1})
    elementwise(writer, 1, after={LOAD: 1})
    writer.end()
    executed(writer)


def test_nothing_to_scatter():
    writer = Writer()
    constants(writer)
    writer.fetch(0, 0)
    writer.copy(0)
    writer.add(
        Opcode.SCATTER, address=8 * 900, rows=0, pixels=3, pixel_bytes=8, pixel_pitch=9,
        row_pitch=9,
    )  # fmt: skip
    writer.end()
    executed(writer)
