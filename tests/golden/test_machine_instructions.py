# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Each instruction of the machine in Python, alone and in programs, against naive rivals."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from conv2d_layers import random_case
from machine_programs import TINY, Writer, layer_constants, layer_program, place, tensor

from macaw.arch import preset
from macaw.arch.instructions import LOOKUP_FRACTION, Opcode
from macaw.arch.loading import pack_units
from macaw.arch.machine import Engine, LoadTarget, MachineConfig, Rounding, Space
from macaw.golden.machine import Machine, MachineError, run


@pytest.mark.parametrize("name", ["tiny", "gw2a18", "ecp5_25f", "ecp5_85f"])
def test_a_layer_loaded_fetched_computed_and_stored(name):
    config = MachineConfig(name=name, core=preset(name))
    for seed in range(20):
        case = random_case(seed, config.core)
        results = run(config, layer_program(case, config), [case.image])
        np.testing.assert_array_equal(results["result"], case.expected, str(case))


@pytest.mark.parametrize(
    ("target", "sentence"),
    [
        (LoadTarget.WEIGHTS, "weight beat 0 must have been loaded"),
        (LoadTarget.PARAMETERS, "parameter entry 0 must have been loaded"),
        (LoadTarget.TABLE, "step 0 must have been loaded"),
    ],
)
def test_a_layer_with_a_part_that_is_not_loaded(target, sentence):
    case = random_case(5, TINY.core)
    program = layer_program(case, TINY, leave_out=target)
    with pytest.raises(MachineError, match=rf"^instruction 3 \(CONV .*: {sentence}$"):
        run(TINY, program, [case.image])


def test_loads_go_where_they_are_told():
    """Units of each target, from units other than the first."""
    generator = np.random.default_rng(3)
    writer = Writer()
    core = random_case(5, TINY.core)
    constants = layer_constants(writer, core)
    lookup = generator.integers(-(1 << 31), 1 << 31, 10)
    content = pack_units(TINY, LoadTarget.LOOKUP, [int(value) & (1 << 32) - 1 for value in lookup])
    writer.load(LoadTarget.LOOKUP, writer.constant(content), TINY.words(len(content)), start=250)
    weights, _ = constants[LoadTarget.WEIGHTS]
    writer.load(LoadTarget.WEIGHTS, weights, 5, start=7)
    writer.load(LoadTarget.PARAMETERS, *constants[LoadTarget.PARAMETERS], start=9)
    writer.load(LoadTarget.TABLE, *constants[LoadTarget.TABLE], start=11)
    writer.end()
    machine = Machine(TINY)
    program = writer.program()
    machine.load(program)
    machine.execute(program.body)
    memories = machine._core
    np.testing.assert_array_equal(memories.lookup[250:260], lookup)
    beats = memories.core.weights.reshape(-1, 8)
    np.testing.assert_array_equal(beats[7:12], core.program.weights.reshape(-1, 8)[:5])
    count = core.program.shape.out_channels
    for name, values in core.program.parameters.items():
        np.testing.assert_array_equal(memories.core.parameters[name][9 : 9 + count], values)
    assert tuple(memories.core.table[11 : 11 + len(core.program.table)]) == core.program.table
    written = {target: np.flatnonzero(each) for target, each in memories.written.items()}
    assert list(written[LoadTarget.LOOKUP]) == list(range(250, 260))
    assert list(written[LoadTarget.WEIGHTS]) == list(range(7, 12))
    assert list(written[LoadTarget.PARAMETERS]) == list(range(9, 9 + count))
    assert list(written[LoadTarget.TABLE]) == list(range(11, 11 + len(core.program.table)))


# The elementwise pass


def naive_elementwise(first, second, tables, *, rounding, zero_point, minimum, maximum, unsigned):
    """Byte by byte, in fractions."""
    result = []
    for index in range(len(first)):
        total = Fraction(int(tables[first[index]]), 1 << LOOKUP_FRACTION)
        if second is not None:
            total += Fraction(int(tables[256 + int(second[index])]), 1 << LOOKUP_FRACTION)
        below = total.numerator // total.denominator
        rest = total - below
        up = rest > Fraction(1, 2)
        if rest == Fraction(1, 2):
            up = {
                Rounding.UP: True,
                Rounding.AWAY: total > 0,
                Rounding.EVEN: below % 2 == 1,
            }[rounding]
        value = min(max(below + up + zero_point, minimum), maximum)
        result.append((value & 255) ^ (128 if unsigned else 0))
    return np.array(result, np.uint8)


def elementwise_program(tables, *, two, rounding, zero_point, minimum, maximum, unsigned):
    writer = Writer()
    content = pack_units(TINY, LoadTarget.LOOKUP, [int(value) & (1 << 32) - 1 for value in tables])
    writer.load(LoadTarget.LOOKUP, writer.constant(content), TINY.words(len(content)))
    first, second, result = 3000, 3100, 3200
    count = 20 * 2
    writer.fetch(first, count, second=second if two else None)
    writer.copy(count)
    writer.store(
        result, count, operands=1 + two, rounding=rounding, zero_point=zero_point,
        minimum=minimum, maximum=maximum, output_unsigned=int(unsigned), after={Engine.LOAD: 1},
    )  # fmt: skip
    writer.end()
    places = [tensor("first", first, 20, 3, 5), tensor("second", second, 20, 3, 5)]
    return writer.program(inputs=places[: 1 + two], outputs=[tensor("result", result, 20, 3, 5)])


@pytest.mark.parametrize("rounding", list(Rounding))
@pytest.mark.parametrize("two", [False, True])
def test_elementwise(rounding, two):
    generator = np.random.default_rng(10 * rounding + two)
    # Many ties, and a few numbers at the ends of their range.
    half = 1 << (LOOKUP_FRACTION - 1)
    tables = generator.integers(-300, 300, 512) * half + generator.integers(-1, 2, 512)
    tables = np.where(generator.random(512) < 0.1, -(1 << 31), tables)
    tables = np.where(generator.random(512) < 0.1, (1 << 31) - 1, tables)
    values = {
        "rounding": rounding, "zero_point": -7, "minimum": -100, "maximum": 90, "unsigned": True
    }  # fmt: skip
    program = elementwise_program(tables, two=two, **values)
    images = [generator.integers(0, 256, (20, 3, 5), np.uint8) for _ in range(1 + two)]
    found = run(TINY, program, images)["result"].ravel()
    first, second = images[0].ravel(), images[1].ravel() if two else None
    np.testing.assert_array_equal(found, naive_elementwise(first, second, tables, **values))
    for fault in (
        {"rounding": (rounding + 1) % 3},
        {"rounding": (rounding + 2) % 3},
        {"zero_point": -6},
        {"minimum": -99},
        {"maximum": 89},
        {"unsigned": False},
    ):
        assert (found != naive_elementwise(first, second, tables, **(values | fault))).any()
    if two:
        swapped = naive_elementwise(second, first, tables, **values)
        assert (found != swapped).any()


def test_elementwise_refusals():
    values = {"rounding": 0, "zero_point": 0, "minimum": -128, "maximum": 127, "unsigned": True}
    image = np.full((20, 3, 5), 200, np.uint8)

    def refuse(program, sentence, config=TINY):
        program = replace(program, config_digest=config.digest)
        with pytest.raises(MachineError, match=rf"^instruction 3 \(STORE .*: {sentence}$"):
            run(config, program, [image])

    tables = np.zeros(512, np.int64)
    refuse(
        elementwise_program(tables[:200], two=False, **values),
        "lookup entry 200 must have been loaded",
    )
    refuse(
        elementwise_program(tables, two=False, **(values | {"rounding": 3})),
        "rounding must be one of 0, 1, 2, not 3",
    )
    refuse(
        elementwise_program(tables, two=False, **(values | {"minimum": 3, "maximum": 2})),
        r"minimum must be at most the maximum \(2\), not 3",
    )
    without = replace(TINY, elementwise_lanes=0)
    refuse(
        elementwise_program(tables, two=False, **values),
        "the elementwise pass must be built into tiny: set elementwise_lanes",
        without,
    )


@pytest.mark.parametrize(
    ("operands", "second", "sentence"),
    [
        (0, 2, "its FETCH must bring 0 words of a second operand, not 2"),
        (1, 2, "its FETCH must bring 0 words of a second operand, not 2"),
        (2, 0, "its FETCH must bring 2 words of a second operand, not 0"),
        (2, 3, "its FETCH must bring 2 words of a second operand, not 3"),
        (3, 2, "its operands must be at most 2, not 3"),
    ],
)
def test_elementwise_takes_as_many_operands_as_its_fetch_brings(operands, second, sentence):
    writer = Writer()
    content = bytes(4 * 512)
    writer.load(LoadTarget.LOOKUP, writer.constant(content), TINY.words(len(content)))
    writer.fetch(0, 2, second=4, second_count=second)
    writer.copy(2)
    writer.store(3000, 2, operands=operands, maximum=127, after={Engine.LOAD: 1})
    writer.end()
    with pytest.raises(MachineError, match=rf": {sentence}$"):
        run(TINY, writer.program(), [])


# COPY, STORE and SCATTER


def naive_movement(config, program, instructions, memories):
    """Byte by byte, one instruction after the other; memories are bytearrays by space."""
    size, bits = config.word_bytes, config.address_bits
    for fetch, _, store in zip(*[iter(instructions)] * 3, strict=True):
        streams = bytearray(), bytearray()
        for stream, prefix in zip(streams, ("", "second_"), strict=True):
            address, count, run, skip = (
                fetch.values[f"{prefix}{name}"] for name in ("address", "count", "run", "skip")
            )
            head = fetch.values["head"] * run if stream is streams[0] else 0
            for word in range(count):
                if head and word >= head:
                    place, word = fetch.values["tail_address"], word - head
                else:
                    place = address
                space, first = divmod(place, 1 << bits)
                start = (first + word + word // run * skip) * size
                stream += memories[space][start : start + size]
        values, stream = store.values, streams[0]
        if values["operands"]:
            first, second = (np.frombuffer(each, np.int8).astype(int) for each in streams)
            stream = bytearray((first + second).clip(-128, 127).astype(np.int8).tobytes())
        if store.opcode == Opcode.STORE:
            space, first = divmod(values["address"], 1 << bits)
            memories[space][first * size : first * size + len(stream)] = stream
            continue
        space, first = divmod(values["address"], size << bits)
        position = 0
        for row in range(values["rows"]):
            for pixel in range(values["pixels"]):
                for byte in range(values["pixel_bytes"]):
                    address = first + row * values["row_pitch"] + pixel * values["pixel_pitch"]
                    memories[space][address + byte] = stream[position]
                    position += 1
            position += -position % size


def random_movement(generator, config, *, serial):
    """A program that moves words between 40 words outside, from word 500 on, and 40 of the
    tensor memory, after it has filled these; one way or the other, and never in place."""
    writer = Writer(config, serial=serial)
    entries = [*range(128), *range(-128, 0)] * 2
    units = [(entry << LOOKUP_FRACTION) & (1 << 32) - 1 for entry in entries]
    content = pack_units(config, LoadTarget.LOOKUP, units)
    writer.load(LoadTarget.LOOKUP, writer.constant(content), config.words(len(content)))

    def somewhere(space, words):
        first = int(generator.integers(0, 41 - words)) + (500 if space == Space.OUTER else 0)
        return place(config, space, first)

    writer.fetch(500, 40)
    writer.copy(40)
    writer.store(place(config, Space.TENSOR, 0), 40)
    for _ in range(int(generator.integers(1, 6))):
        rows, pixels, size = (int(value) for value in generator.integers(1, 5, 3))
        words = rows * config.words(pixels * size)
        two = generator.random() < 0.4
        count = words
        space = Space(int(generator.integers(0, 2)))
        other = Space(1 - space)
        run, skip = int(generator.integers(1, count + 1)), int(generator.integers(0, 3))
        reach = min(count + (count - 1) // run * skip, 40)
        skip *= reach < 40
        second = somewhere(space, reach) if two else None
        # The tail of an image in two pieces may stand beside what is written, too.
        head = int(generator.integers(0, count // run + 1)) if generator.random() < 0.5 else 0
        tails = space if serial else Space(int(generator.integers(0, 2)))
        tail = somewhere(tails, reach) if head else 0
        writer.fetch(
            somewhere(space, reach), count, second=second, run=run, skip=skip, second_skip=skip,
            head=head, tail=tail,
        )  # fmt: skip
        writer.copy(words)
        tables = {"operands": 2, "minimum": -128, "maximum": 127} if two else {}
        after = None if serial or not two else {Engine.LOAD: 1}
        if generator.random() < 0.5:
            writer.store(somewhere(other, words), words, after=after, **tables)
            continue
        pixel_pitch, row_pitch = (int(value) for value in generator.integers(0, 30, 2))
        byte = somewhere(other, 32) * config.word_bytes + int(generator.integers(0, 8))
        writer.add(
            Opcode.SCATTER, address=byte, rows=rows, pixels=pixels, pixel_bytes=size,
            pixel_pitch=pixel_pitch, row_pitch=row_pitch, after=after, **tables,
        )  # fmt: skip
    writer.end()
    return writer


def refusal_of(machine, entry) -> str:
    try:
        machine.execute(entry)
    except MachineError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("serial", [True, False])
def test_random_movement(serial):
    """Programs whose order is enforced give what a naive interpreter gives; of the others, those
    that are not refused."""
    outcomes = {"equal": 0, "refused": 0}
    config = replace(TINY, queue=8)
    whole = tensor("whole", 500, 1, 40 * 8, 1)
    for seed in range(150):
        generator = np.random.default_rng(seed)
        writer = random_movement(generator, config, serial=serial)
        program = writer.program(inputs=[whole], outputs=[whole])
        image = generator.integers(0, 256, (1, 320, 1), np.uint8)
        machine = Machine(config)
        machine.load(program)
        machine.write(whole, image)
        memories = [bytearray(4096 * 8), bytearray(64 * 8)]
        memories[0][4000:4320] = image.tobytes()
        naive_movement(config, program, writer.instructions[1:-1], memories)
        refusal = refusal_of(machine, program.body)
        if refusal:
            assert not serial, f"seed {seed}: {refusal}"
            assert "must be in order with" in refusal
            outcomes["refused"] += 1
            continue
        outcomes["equal"] += 1
        assert machine.read(whole).tobytes() == bytes(memories[0][4000:4320]), f"seed {seed}"
        found = machine.memory(Space.TENSOR).data.tobytes()
        assert found == bytes(memories[1]), f"seed {seed}"
    assert outcomes["equal"] > 5
    assert serial or outcomes["refused"] > 5


def test_scatter_writes_bytes_and_leaves_the_others():
    writer = Writer(serial=True)
    source = writer.constant(bytes(range(1, 25)))
    writer.fetch(source, 2)
    writer.copy(2)
    writer.add(
        Opcode.SCATTER, address=3000 * 8 + 3, rows=2, pixels=2, pixel_bytes=3, pixel_pitch=5,
        row_pitch=16,
    )  # fmt: skip
    writer.end()
    place_of = tensor("result", 3000, 4, 8, 1)
    machine = Machine(TINY)
    program = writer.program(inputs=[place_of])
    machine.load(program)
    machine.write(place_of, np.zeros((4, 8, 1), np.uint8))
    machine.execute(program.body)
    expected = np.zeros(32, np.uint8)
    expected[[3, 4, 5, 8, 9, 10]] = range(1, 7)
    expected[[19, 20, 21, 24, 25, 26]] = range(9, 15)
    np.testing.assert_array_equal(machine.read(place_of).ravel(), expected)


# Programs


def test_prologue_body_and_what_is_seen_of_them():
    writer = Writer()
    source = writer.constant(bytes(range(16)))
    for address, target in ((source, place(TINY, Space.TENSOR, 5)),
                            (place(TINY, Space.TENSOR, 5), 3000)):  # fmt: skip
        writer.fetch(address, 2)
        writer.copy(2)
        writer.store(target, 2)
        writer.end()
    first, body = writer.instructions[:4], writer.instructions[4:]
    first[-1] = replace(first[-1], after={Engine.COMPUTE: 1, Engine.STORE: 1})
    body[-1] = replace(body[-1], after={Engine.COMPUTE: 1, Engine.STORE: 1})
    writer.instructions = body
    result = tensor("result", 3000, 2, 8, 1)
    program = writer.program(outputs=[result], first=first)
    seen = []
    found = run(TINY, program, [], observer=seen.append)
    np.testing.assert_array_equal(found["result"].ravel(), range(16))
    assert [(each.index, each.instruction.opcode.name) for each in seen] == [
        (0, "FETCH"), (1, "COPY"), (2, "STORE"), (0, "FETCH"), (1, "COPY"), (2, "STORE")
    ]  # fmt: skip
    assert all(each.words.data.ravel().tolist() == list(range(16)) for each in seen)
    with pytest.raises(MachineError, match="tensor word 0x5 must have been written"):
        run(TINY, replace(program, prologue=None), [])


def test_bytes_that_fill_up_a_word_are_not_known():
    """They are anything in the hardware, so nothing may depend on them."""
    case = random_case(0, TINY.core)
    shape = case.program.shape
    assert shape.output_width * shape.out_channels % TINY.word_bytes
    program = layer_program(case, TINY)
    [place_of] = program.outputs
    wider = replace(place_of, channels=1, width=8 * case.program.result_row_words)
    with pytest.raises(MachineError, match="^result: all bytes of row 0 must have been written$"):
        run(TINY, replace(program, outputs=(wider,)), [case.image])
