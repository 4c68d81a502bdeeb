# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Races, which the machine in Python refuses, and programs that have none."""

from collections import Counter
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from conv2d_layers import case_of, random_case
from machine_checks import COMPUTE, FETCH, LOAD, STORE, constants, executed, refused, stream
from machine_programs import TINY, Writer, descriptor, layer_constants, place

from macaw.arch import Conv2dShape
from macaw.arch.container import TensorPlace
from macaw.arch.instructions import Opcode, engine_of
from macaw.arch.machine import Engine, LoadTarget, Space
from macaw.golden.machine import Machine, MachineError


def chain(**after) -> Writer:
    """The second stream reads what the first one writes."""
    writer = Writer()
    source = constants(writer)
    stream(writer, source, 200)
    stream(writer, 200, 300, **after)
    writer.end()
    return writer


def test_reading_what_another_engine_writes():
    executed(chain(fetch={STORE: 1}))
    for after in ({}, {"fetch": {COMPUTE: 1}}, {"compute": {STORE: 1}}, {"store": {STORE: 1}}):
        refused(
            chain(**after),
            "it must be in order with instruction 2 (STORE), which uses outer word 0xc8 too: "
            "wait for 1 store instructions before one of them",
            index=3,
        )


def overwriting(**after) -> Writer:
    """The second stream overwrites what the first one reads, behind a third."""
    writer = Writer()
    source = constants(writer)
    stream(writer, source, place(TINY, Space.TENSOR, 0))
    stream(writer, place(TINY, Space.TENSOR, 0), 200, fetch={STORE: 1})
    stream(writer, source, place(TINY, Space.TENSOR, 1), **after)
    writer.end()
    return writer


def test_overwriting_what_an_earlier_stream_has_read():
    """A store begins when the one before it is complete, and so is what led to that."""
    executed(overwriting())


def test_overwriting_what_the_same_stream_reads():
    writer = Writer()
    source = constants(writer)
    stream(writer, source, 200)
    stream(writer, 200, 201, fetch={STORE: 1})
    writer.end()
    refused(
        writer,
        "it must be in order with instruction 3 (FETCH), which uses outer word 0xc9 too: "
        "wait for 2 fetch instructions before one of them",
        index=5,
    )


INSIDE = place(TINY, Space.TENSOR, 8)


def over_its_own_image(target: int, **second) -> Writer:
    """The second stream copies four words of the tensor memory to others."""
    writer = Writer()
    source = constants(writer)
    stream(writer, source, INSIDE, 8)
    stream(writer, source, INSIDE + 8, 8)
    writer.fetch(INSIDE, 4, after={STORE: 2}, **second)
    writer.copy(4)
    writer.store(target, 4, operands=2 if second else 0)
    writer.end()
    return writer


@pytest.mark.parametrize("behind", range(-5, 6))
def test_overwriting_what_the_same_stream_has_taken(behind):
    writer = over_its_own_image(INSIDE + behind)
    if not 0 < behind < 4:
        executed(writer)
    else:
        refused(
            writer,
            f"it must be in order with instruction 6 (FETCH), which uses tensor word "
            f"{8 + behind:#x} too: wait for 3 fetch instructions before one of them",
            index=8,
        )


def test_overwriting_a_second_operand():
    """Nothing says when its words are taken."""
    writer = over_its_own_image(INSIDE, second=INSIDE)
    refusal = "in order with instruction 7 .* which uses tensor word 0x8"
    with pytest.raises(MachineError, match=refusal):
        executed(with_tables(writer))
    executed(with_tables(over_its_own_image(INSIDE, second=INSIDE + 4)))


def with_tables(writer: Writer) -> Writer:
    """The same with lookup tables loaded before."""
    first = replace(writer.instructions[0], opcode=Opcode.LOAD, after={}, values={
        "target": LoadTarget.LOOKUP, "start": 0, "address": 0, "count": 256,
    })  # fmt: skip
    writer.image += bytes(8 * 256 - len(writer.image))
    every = [first, *writer.instructions]
    for index in range(1, len(every)):
        if engine_of(every[index].opcode) in (STORE, None):
            every[index] = replace(every[index], after=every[index].after | {LOAD: 1})
    writer.instructions = every
    return writer


@pytest.mark.parametrize("behind", [3, 4, 5])
def test_overwriting_rows_that_a_layer_has_taken(behind):
    """Rows of eight words become rows of four, the first of them once the first row is there."""
    shape = Conv2dShape(
        height=3, width=8, in_channels=8, out_channels=4, kernel_height=1, kernel_width=1
    )
    case = case_of(5, shape, TINY.core)
    writer = Writer()
    loaded = layer_constants(writer, case)
    stream(writer, constants(writer), INSIDE, 24)
    for target, (address, count) in loaded.items():
        writer.load(target, address, count)
    writer.fetch(INSIDE, 24, after={STORE: 1})
    writer.add(Opcode.CONV, **descriptor(case), after={LOAD: 3})
    writer.store(INSIDE + behind, 12)
    writer.end()
    if behind <= 4:
        executed(writer)
    else:
        with pytest.raises(MachineError, match=r"instruction 6 \(FETCH\), which uses tensor word"):
            executed(writer)


def prefetched(**after) -> Writer:
    """A FETCH reads words that a STORE two streams before writes over."""
    writer = Writer()
    source = constants(writer)
    stream(writer, source, 200)
    stream(writer, source, 210)
    stream(writer, 200, 220, **after)
    stream(writer, source, 200)
    writer.end()
    return writer


def test_writing_begins_after_all_three_of_a_stream_have():
    """What FETCH or compute instruction wait for, their STORE need not."""
    for after in ({"fetch": {STORE: 1}}, {"fetch": {STORE: 2}}):
        executed(prefetched(**after))
    writer = Writer()
    source = constants(writer)
    writer.load(LoadTarget.WEIGHTS, source, 4)
    stream(writer, source, 200, compute={LOAD: 1})
    stream(writer, source, 202)
    writer.end()
    executed(writer)


def test_loading_what_is_written():
    for after in (None, {STORE: 1}):
        writer = Writer()
        source = constants(writer)
        stream(writer, source, 200)
        writer.load(LoadTarget.WEIGHTS, 200, 2, after=after)
        writer.end()
        if after:
            executed(writer)
        else:
            refused(
                writer,
                "outer word 0xc8 must have been written",
                index=3,
            )


def two_layers(*, before=None, start=0):
    """Two layers, of which the second one's weights are loaded ``before`` what."""
    case = random_case(5, TINY.core)
    writer = Writer()
    loaded = layer_constants(writer, case)
    words = case.program.shape.height * case.program.image_row_words
    image = writer.constant(bytes(8 * words))
    results = case.program.shape.output_height * case.program.result_row_words

    def layer(after):
        writer.fetch(image, words)
        writer.add(Opcode.CONV, **descriptor(case), after=after)
        writer.store(600, results)

    for target, (address, count) in loaded.items():
        writer.load(target, address, count)
    layer({LOAD: 3})
    writer.load(LoadTarget.WEIGHTS, loaded[LoadTarget.WEIGHTS][0], 4, start=start, after=before)
    layer({LOAD: 4})
    writer.end()
    return writer


def test_loading_what_a_layer_uses():
    executed(two_layers(before={COMPUTE: 1}))
    # Words that no layer uses may be loaded at any time.
    executed(two_layers(start=400))
    # A store may be complete before its layer is.
    for before in (None, {FETCH: 1}, {STORE: 1}):
        writer = two_layers(before=before)
        refusal = r"instruction 6 \(LOAD .*in order with instruction 4 \(CONV\), which uses weight"
        match = refusal if before else f"{refusal}|instruction 4 .*with instruction 6"
        with pytest.raises(MachineError, match=match):
            executed(writer)


def test_a_layer_that_does_not_wait_for_its_loads():
    writer = two_layers(before={COMPUTE: 1})
    conv = writer.instructions[7 + 1]
    assert conv.opcode == Opcode.CONV
    writer.instructions[8] = replace(conv, after={LOAD: 3})
    refused(
        writer,
        "it must be in order with instruction 6 (LOAD), which uses weight beat 0x0 too: "
        "wait for 4 load instructions before one of them",
        index=8,
    )


def reachable(edges, nodes):
    """The nodes behind each node."""
    found = {node: set() for node in nodes}

    def visit(node):
        pending, seen = [node], set()
        while pending:
            for other in edges.get(pending.pop(), ()):
                if other not in seen:
                    seen.add(other)
                    pending.append(other)
        return seen

    for node in nodes:
        found[node] = visit(node)
    return found


def verdict(instructions, accesses):
    """Whether a program is stuck, races or is fine, out of a graph of events: each instruction
    begins, accesses its words, and is complete."""
    lines = {engine: [] for engine in Engine}
    for index, instruction in enumerate(instructions):
        lines[engine_of(instruction.opcode)].append(index)
    edges, held = {}, {}

    def order(first, second, *, held_only=False):
        held.setdefault(first, []).append(second)
        if not held_only:
            edges.setdefault(first, []).append(second)

    for index, instruction in enumerate(instructions):
        order(("begin", index), ("access", index))
        order(("access", index), ("complete", index))
        for engine, count in instruction.after.items():
            if count:
                order(("complete", lines[engine][count - 1]), ("begin", index))
    for line in lines.values():
        for first, second in pairwise(line):
            order(("complete", first), ("begin", second))
    for group in zip(lines[FETCH], lines[COMPUTE], lines[STORE], strict=True):
        for index in group:
            order(("begin", index), ("access", group[2]))
            for other in group:
                order(("begin", index), ("complete", other), held_only=True)
        order(("complete", group[0]), ("complete", group[1]))
    events = [
        (kind, i) for i in range(len(instructions)) for kind in ("begin", "access", "complete")
    ]
    behind = reachable(held, events)
    if any(event in behind[event] for event in events):
        return "stuck"
    behind = reachable(edges, events)
    stores = dict(zip(lines[FETCH], lines[STORE], strict=True))
    for one in range(len(instructions)):
        for other in range(len(instructions)):
            if engine_of(instructions[one].opcode) == engine_of(instructions[other].opcode):
                continue
            (reads, writes), (other_reads, other_writes) = accesses[one], accesses[other]
            shared = writes & (other_reads | other_writes) | reads & other_writes
            if one in stores:
                # What its own STORE overwrites in time is ordered by that.
                taken = taken_in_time(reads, accesses[stores[one]][1])
                if other == stores[one] or ("access", other) in behind[("complete", stores[one])]:
                    shared -= taken
            elif other in stores:
                continue  # looked at the other way round
            if shared and not (
                ("access", one) in behind[("complete", other)]
                or ("access", other) in behind[("complete", one)]
            ):
                return "race"
    return "fine"


def taken_in_time(reads, writes):
    """Those of two words in a row that are read before two words in a row are written there."""
    in_time = min(reads) >= min(writes) and min(reads)[0] == "tensor"
    return reads & writes if in_time else set()


def random_program(generator, space):
    """A program of LOADs and of streams between words of ``space`` that all are written, and which
    of these each instruction reads and writes."""
    writer, accesses = Writer(replace(TINY, queue=8)), []
    name, first = (space.name.lower(), {Space.OUTER: 100, Space.TENSOR: 10}[space])

    def after(complete):
        found = {}
        for engine in Engine:
            # Waits within a stream lead nowhere, and are few.
            streams = writer.count(engine) if generator.random() < 0.05 else complete
            count = writer.count(engine) if engine == LOAD else streams
            if count and generator.random() < 0.3:
                found[engine] = int(generator.integers(1, count + 1))
        return found

    for complete in range(int(generator.integers(2, 5))):
        if generator.random() < 0.4:
            word = int(generator.integers(0, 16))
            writer.load(LoadTarget.WEIGHTS, 100 + word, 2, after=after(complete))
            accesses.append(({("outer", 100 + word), ("outer", 101 + word)}, set()))
        words = [{(name, first + int(word) + each) for each in range(2)}
                 for word in generator.integers(0, 16, 2)]  # fmt: skip
        addresses = [place(TINY, space, min(word for _, word in each)) for each in words]
        for part in generator.permutation(3) if generator.random() < 0.3 else range(3):
            if part == 0:
                writer.fetch(addresses[0], 2, after=after(complete))
                accesses.append((words[0], set()))
            elif part == 1:
                writer.copy(2, after=after(complete))
                accesses.append((set(), set()))
            else:
                writer.store(addresses[1], 2, after=after(complete))
                accesses.append((set(), words[1]))
    return writer, accesses


@pytest.mark.parametrize("space", Space)
def test_random_programs_against_a_graph_of_events(space):
    counts = Counter()
    everything = TensorPlace(
        name="words", address=100, height=20, width=8, channels=1, signed=False
    )
    for seed in range(600):
        generator = np.random.default_rng(seed)
        writer, accesses = random_program(generator, space)
        expected = verdict(writer.instructions, accesses)
        writer.end()
        filling = Writer()
        stream(filling, 100, place(TINY, Space.TENSOR, 10), 20)
        filling.end()
        program = writer.program(inputs=[everything], first=filling.instructions)
        machine = Machine(writer.config)
        machine.load(program)
        machine.write(everything, np.zeros((20, 8, 1), np.uint8))
        machine.execute(program.prologue)
        found = "fine"
        try:
            machine.execute(program.body)
        except MachineError as error:
            found = "race" if "must be in order with" in str(error) else "stuck"
        if expected == "stuck":
            # What races before nothing moves any more may be found first.
            assert found != "fine", f"seed {seed}"
        else:
            assert found == expected, f"seed {seed}"
        counts[expected] += 1
        counts[f"{expected} seen as {found}"] += 1
    assert min(counts[each] for each in ("fine", "race", "stuck")) > 20, counts
