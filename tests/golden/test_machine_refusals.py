# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""What the machine in Python refuses beside races: waits in vain, streams that do not fit, and
what is not there."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from conv2d_layers import random_case
from machine_checks import COMPUTE, FETCH, LOAD, STORE, constants, executed, refused, stream
from machine_programs import TINY, Writer, descriptor, layer_constants, layer_program, place

from macaw.arch.container import ProgramError, TensorPlace
from macaw.arch.instructions import Opcode
from macaw.arch.machine import LoadTarget, Space
from macaw.golden.machine import Machine, MachineError, run

# Waits and streams


def test_waits_for_what_does_not_come_before():
    writer = Writer()
    stream(writer, constants(writer), 200, fetch={STORE: 1})
    writer.end()
    refused(writer, "it must wait for at most the 0 store instructions before it, not for 1",
            index=0)  # fmt: skip


@pytest.mark.parametrize(
    ("after", "index"),
    [
        ({"store": {FETCH: 1}}, 2),
        ({"store": {COMPUTE: 1}}, 2),
        ({"compute": {FETCH: 1}}, 1),
    ],
)
def test_streams_that_wait_for_themselves(after, index):
    """Between them there is room for some words only."""
    writer = Writer()
    stream(writer, constants(writer), 200, **after)
    writer.end()
    # The first of the program that is not complete is named.
    refused(writer, "it must not wait for what cannot be complete before it", index=0)
    assert index


def test_runs_have_words():
    writer = Writer()
    source = constants(writer)
    writer.fetch(source, 4, run=0, skip=1)
    writer.copy(4)
    writer.store(200, 4)
    writer.end()
    refused(writer, "its runs must have a word or more", index=0)


def test_words_of_all_runs_have_been_written():
    """Those between the runs need not have been."""
    for words, skip in ((64, 20), (63, 20)):
        writer = Writer()
        constants(writer, 64)
        writer.fetch(1000, 4, run=2, skip=skip)
        writer.copy(4)
        writer.store(200, 4)
        writer.end()
        last = TensorPlace(
            name="last", address=1022, height=words - 62, width=8, channels=1, signed=False
        )
        first = TensorPlace(name="first", address=1000, height=2, width=8, channels=1, signed=False)
        image = np.zeros((2, 8, 1), np.uint8)
        program = writer.program(inputs=[first, last])
        if words == 64:
            run(TINY, program, [image, image])
        else:
            with pytest.raises(MachineError, match="outer word 0x3ff must have been written"):
                run(TINY, program, [image, image[:1]])


def test_more_instructions_than_an_engine_lets_wait():
    def program(count):
        writer = Writer()
        source = constants(writer)
        for index in range(count):
            writer.fetch(source + index, 1)
        for _ in range(count):
            writer.copy(1)
        for index in range(count):
            writer.store(200 + index, 1)
        writer.end()
        return writer

    executed(program(TINY.queue))
    refused(
        program(TINY.queue + 1), "it must not wait for what cannot be complete before it", index=0
    )


def test_an_end_that_does_not_wait():
    writer = Writer()
    source = constants(writer)
    writer.load(LoadTarget.WEIGHTS, source, 2)
    stream(writer, source, 200)
    for engine in (LOAD, FETCH, COMPUTE, STORE):
        writer.instructions = writer.instructions[:4]
        after = {LOAD: 1, COMPUTE: 1, STORE: 1}
        after.pop(engine, None)
        writer.end(after=after)
        if engine == FETCH:
            executed(writer)  # as the compute instruction is complete after it
        else:
            # What makes sure of the compute instruction makes sure of its FETCH.
            name = FETCH if engine == COMPUTE else engine
            refused(writer, f"it must wait for all 1 {name} instructions", index=4)


@pytest.mark.parametrize(
    ("missing", "sentence", "index"),
    [
        (0, "as compute instruction 1 it must have a partner of fetch", 0),
        (1, "as fetch instruction 1 it must have a partner of compute", 0),
        (2, "as fetch instruction 1 it must have a partner of store", 0),
    ],
)
def test_instructions_without_partners(missing, sentence, index):
    writer = Writer()
    stream(writer, constants(writer), 200)
    del writer.instructions[missing]
    writer.end()
    refused(writer, sentence, index=index)


def streams_of(fetched, taken, given):
    writer = Writer()
    writer.fetch(constants(writer), fetched)
    writer.copy(taken)
    writer.store(200, given)
    writer.end()
    return writer


def test_streams_of_different_lengths():
    executed(streams_of(3, 3, 3))
    refused(streams_of(2, 3, 3), "it must be given the 3 words that it takes, not 2", index=1)
    refused(streams_of(3, 3, 4), "it must be given the 4 words that it takes, not 3", index=2)
    refused(streams_of(3, 3, 2), "it must be given the 2 words that it takes, not 3", index=2)


def test_scatter_and_conv_of_other_words():
    writer = Writer()
    writer.fetch(constants(writer), 4)
    writer.copy(4)
    writer.add(
        Opcode.SCATTER, address=1600, rows=2, pixels=3, pixel_bytes=3, pixel_pitch=3, row_pitch=9
    )
    writer.end()
    executed(writer)
    scatter = writer.instructions[2]
    writer.instructions[2] = replace(scatter, values=scatter.values | {"rows": 3})
    refused(writer, "its count must be the 6 words of its rows, not 4", index=2)

    case = random_case(5, TINY.core)
    writer = Writer()
    words = case.program.shape.height * case.program.image_row_words
    writer.fetch(writer.constant(bytes(8 * words + 8)), words + 1)
    writer.add(Opcode.CONV, **descriptor(case))
    writer.store(600, 1)
    writer.end()
    refused(writer, f"it must be given the {words} words that it takes, not {words + 1}", index=1)


# What is not there


def moved(source, target, count=2):
    writer = Writer()
    constants(writer)
    stream(writer, source, target, count)
    writer.end()
    return writer


def test_addresses_out_of_range():
    tensor = place(TINY, Space.TENSOR, 0)
    executed(moved(0, 1022))
    executed(moved(0, tensor + 62))
    refused(moved(0, 1023), "it must stay below 0x400 of outer memory, not reach 0x400", index=2)
    refused(moved(1023, 200), "it must stay below 0x400 of outer memory, not reach 0x400", index=0)
    refused(
        moved(0, tensor + 63), "it must stay below 0x40 of tensor memory, not reach 0x40", index=2
    )
    writer = Writer()
    writer.fetch(constants(writer), 1)
    writer.copy(1)
    writer.add(
        Opcode.SCATTER, address=8 * 1023, rows=1, pixels=2, pixel_bytes=2, pixel_pitch=7,
        row_pitch=0,
    )  # fmt: skip
    writer.end()
    refused(writer, "it must stay below 0x2000 of outer memory, not reach 0x2000", index=2)


def test_words_that_nothing_has_written():
    refused(moved(500, 200), "outer word 0x1f4 must have been written", index=0)
    tensor = place(TINY, Space.TENSOR, 7)
    refused(moved(tensor, 200), "tensor word 0x7 must have been written", index=0)


def test_the_program_is_left_alone():
    writer = moved(0, 63)
    refused(writer, "it must leave outer word 0x40 alone, where the program stands", index=2)


def loading(target, words, *, start=0, address=0):
    writer = Writer()
    constants(writer)
    writer.load(target, address, words, start=start)
    writer.end()
    return writer


def test_loads_out_of_range():
    executed(loading(LoadTarget.WEIGHTS, 2, start=510))
    refused(
        loading(LoadTarget.WEIGHTS, 3, start=510),
        "units of weights must be below 512, not up to 512",
        index=0,
    )
    executed(loading(LoadTarget.LOOKUP, 2, start=508))
    refused(
        loading(LoadTarget.LOOKUP, 2, start=509),
        "units of lookup must be below 512, not up to 512",
        index=0,
    )
    refused(
        loading(LoadTarget.PARAMETERS, 1),
        "words of parameters must be a multiple of 2, not 1",
        index=0,
    )
    refused(
        loading(LoadTarget.WEIGHTS, 2, address=place(TINY, Space.TENSOR, 0)),
        "it must load from the memory outside, not from tensor memory",
        index=0,
    )


def test_loading_bytes_that_are_not_known():
    writer = Writer()
    writer.fetch(constants(writer), 1)
    writer.copy(1)
    writer.add(
        Opcode.SCATTER, address=8 * 200, rows=1, pixels=1, pixel_bytes=7, pixel_pitch=0,
        row_pitch=0,
    )  # fmt: skip
    writer.load(LoadTarget.WEIGHTS, 200, 1, after={STORE: 1})
    writer.end()
    refused(writer, "all bytes that it loads must have been written", index=3)


def test_images_with_bytes_that_are_not_known():
    case = random_case(5, TINY.core)
    writer = Writer()
    for target, (address, words) in layer_constants(writer, case).items():
        writer.load(target, address, words)
    words = case.program.shape.height * case.program.image_row_words
    zeros = writer.constant(bytes(8 * words))
    row = case.program.shape.width * case.program.shape.in_channels
    for length in (row, row - 1):
        del writer.instructions[3:]
        writer.fetch(zeros, words)
        writer.copy(words)
        writer.add(
            Opcode.SCATTER, address=8 * 600, rows=case.program.shape.height, pixels=1,
            pixel_bytes=length, pixel_pitch=0, row_pitch=8 * case.program.image_row_words,
        )  # fmt: skip
        fetched = TINY.words(length) * case.program.shape.height
        writer.instructions[3] = replace(
            writer.instructions[3], values=writer.instructions[3].values | {"count": fetched}
        )
        writer.instructions[4] = replace(writer.instructions[4], values={"count": fetched})
        writer.fetch(600, words, after={STORE: 1})
        writer.add(Opcode.CONV, **descriptor(case), after={LOAD: 3})
        shape = case.program.shape
        writer.store(800, shape.output_height * case.program.result_row_words)
        writer.end()
        if length == row:
            executed(writer)
        else:
            refused(writer, "all bytes of image row 0 must have been written", index=7)


def test_what_is_no_program():
    writer = Writer()
    program = writer.program()
    with pytest.raises(MachineError, match="^instruction 0 must be one of END, LOAD, .*, not the"):
        run(TINY, program, [])
    with pytest.raises(ProgramError, match="program must be for a machine"):
        run(replace(TINY, tensor_words=128), program, [])
    with pytest.raises(ValueError, match="^by hand: inputs must be 0, not 1$"):
        run(TINY, program, [np.zeros(3)])
    with pytest.raises(TypeError, match="^config must be a MachineConfig, not 'tiny'$"):
        Machine("tiny")
    small = replace(program, image=bytes(80), memory_words=9)
    with pytest.raises(MachineError, match="^by hand: memory_words must be in 10 ... "):
        run(TINY, small, [])


def test_tensors_of_another_form():
    machine = Machine(TINY)
    machine.load(Writer().program(memory_words=64))
    words = TensorPlace(name="x", address=60, height=2, width=9, channels=1, signed=True)
    tensor = np.arange(18, dtype=np.int8).reshape(2, 9, 1)
    machine.write(words, tensor[None])
    np.testing.assert_array_equal(machine.read(words), tensor)
    with pytest.raises(ValueError, match=r"^x must be int8 of shape \(2, 9, 1\), not uint8 of"):
        machine.write(words, tensor.view(np.uint8))
    with pytest.raises(ValueError, match=r"^x must be int8 of shape \(2, 9, 1\), not int8 of sh"):
        machine.write(words, tensor[:1])
    turned = replace(words, address=40, transposed=True)
    machine.write(turned, tensor)
    np.testing.assert_array_equal(machine.read(turned), tensor)
    columns = replace(turned, height=9, width=2, transposed=False)
    np.testing.assert_array_equal(machine.read(columns), tensor.swapaxes(0, 1))
    beyond = replace(words, address=61)
    with pytest.raises(MachineError, match="^x must lie below word 0x40 of the memory outside, "):
        machine.write(beyond, tensor)
    with pytest.raises(MachineError, match="^x must lie below word 0x40 .*, not up to 0x44$"):
        machine.write(replace(words, transposed=True), tensor)
    with pytest.raises(MachineError, match="^x: outer word 0x14 must have been written$"):
        machine.read(replace(words, address=20))


def test_damaged_programs_are_refused_or_executed():
    """Some bits of instructions and constants are turned over."""
    counts = Counter()
    for seed in range(12):
        case = random_case(seed, TINY.core)
        program = layer_program(case, TINY)
        generator = np.random.default_rng(seed)
        for _ in range(20):
            image = bytearray(program.image)
            for _ in range(int(generator.integers(1, 4))):
                position = int(generator.integers(4 * program.body, 8 * len(image)))
                image[position // 8] ^= 1 << position % 8
            try:
                [found] = run(TINY, replace(program, image=bytes(image)), [case.image]).values()
            except MachineError:
                counts["refused"] += 1
                continue
            counts["equal" if (found == case.expected).all() else "other"] += 1
    assert min(counts[each] for each in ("refused", "equal", "other")) > 10, counts
