# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""What may run beside each other: a FETCH that follows a STORE, and images that come ahead."""

import pytest
from conv2d_layers import case_of
from machine_checks import LOAD, STORE, constants, executed, refused, stream
from machine_programs import TINY, Writer, descriptor, layer_constants, place

from macaw.arch import Conv2dShape
from macaw.arch.instructions import Opcode
from macaw.arch.machine import Space

INSIDE = place(TINY, Space.TENSOR, 0)


def following(*, target=INSIDE, scatter=False, waits=1) -> Writer:
    """The second stream takes its words behind those that the first one stores."""
    writer = Writer()
    outside = constants(writer)
    writer.fetch(outside, 4)
    writer.copy(4)
    if scatter:
        writer.add(
            Opcode.SCATTER, address=target * 8, rows=1, pixels=4, pixel_bytes=8, pixel_pitch=8,
            row_pitch=0,
        )  # fmt: skip
    else:
        writer.store(target, 4)
    writer.fetch(target, 4, follows=True, after={STORE: waits})
    writer.copy(4)
    writer.store(200, 4)
    writer.end()
    return writer


def test_words_are_taken_behind_a_store():
    executed(following())


def test_there_must_be_a_store_to_follow():
    refused(following(waits=0), "it must wait for a STORE to follow, not for none", index=3)


@pytest.mark.parametrize(
    ("changes", "opcode"), [({"target": 300}, "STORE"), ({"scatter": True}, "SCATTER")]
)
def test_only_words_of_the_tensor_memory_are_followed(changes, opcode):
    refused(
        following(**changes),
        f"it must follow a STORE to tensor memory, not instruction 2 ({opcode}): "
        "wait until that is complete",
        index=3,
    )


def behind_two(waits: int) -> Writer:
    """The third stream reads what the first one has stored; the second one stores elsewhere."""
    writer = Writer()
    outside = constants(writer)
    stream(writer, outside, INSIDE)
    stream(writer, outside, INSIDE + 8)
    writer.fetch(INSIDE, 2, follows=True, after={STORE: waits})
    writer.copy(2)
    writer.store(200, 2)
    writer.end()
    return writer


def test_stores_before_the_one_that_is_followed_are_complete():
    executed(behind_two(2))
    executed(behind_two(1))


SHAPE = Conv2dShape(
    height=6, width=8, in_channels=8, out_channels=4, kernel_height=1, kernel_width=1
)


def layers(first: dict[str, int], second: dict[str, int]) -> Writer:
    """Two layers with the same image and memories, and fields of their own."""
    case = case_of(1, SHAPE, TINY.core)
    writer = Writer()
    places = layer_constants(writer, case)
    shape, program = case.program.shape, case.program
    words = shape.height * program.image_row_words
    image = constants(writer, words)
    for target, (address, count) in places.items():
        writer.load(target, address, count)
    for target, fields in ((400, first), (500, second)):
        writer.fetch(image, words)
        values = descriptor(case) | {"ring_rows": 8, "ring_words": 64, "pitch": 8} | fields
        writer.add(Opcode.CONV, **values, after={LOAD: 3})
        writer.store(target, shape.output_height * program.result_row_words)
    writer.end()
    return writer


def test_an_image_comes_ahead_into_a_ring_of_its_own():
    executed(layers({}, {"ring_base": 64, "ahead": 1}))
    executed(layers({"ring_base": 128}, {"ring_base": 64, "ahead": 1}))
    executed(layers({"ahead": 1}, {"ring_base": 0}))


@pytest.mark.parametrize(("first", "second"), [(0, 0), (0, 60), (64, 4), (192, 192)])
def test_rings_of_neighbours_lie_apart(first, second):
    refused(
        layers({"ring_base": first}, {"ring_base": second, "ahead": 1}),
        f"its ring (words {second} ... {second + 63}) must lie apart from that of the layer before "
        f"({first} ... {first + 63}): set ahead to 0",
        index=7,
    )


@pytest.mark.parametrize("base", [2, 196])
def test_a_ring_stands_in_the_line_buffer(base):
    refused(
        layers({}, {"ring_base": base}),
        "ring_base must be a multiple of 4 and leave room for ring_words (64) below 256, "
        f"not {base}",
        index=7,
    )
