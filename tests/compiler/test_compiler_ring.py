# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Image rows in the line buffer: as many as fit, those of a read in banks of their own."""

from dataclasses import replace
from itertools import product

import pytest

from macaw.arch import Conv2dShape, preset
from macaw.compiler.ring import Ring, place_rows

TINY = preset("tiny")


def shape_of(*, words, kernel_height, dilation=1, height=64):
    """A layer whose image rows take ``words`` words of the line buffer."""
    return Conv2dShape(
        height=height, width=words, in_channels=TINY.array.lanes, out_channels=1,
        kernel_height=kernel_height, kernel_width=1, dilation=(dilation, 1),
        padding=(200, 0, 0, 0),
    )  # fmt: skip


def separate(ring: Ring, shape: Conv2dShape, rows: int, words: int) -> bool:
    """Whether the rows of each kernel position of a tall image lie in different banks."""
    for top in range(-shape.extent_height, 3 * ring.rows + 4):
        inside = [
            top + row * shape.dilation[0]
            for row in range(min(rows, shape.kernel_height))
            if 0 <= top + row * shape.dilation[0] < shape.height
        ]
        # Image row r stands at r * pitch, modulo the ring's words.
        banks = [
            (row * ring.pitch % ring.words + word) % 4 for row in inside for word in range(words)
        ]
        if len(set(banks)) < len(banks):
            return False
    return True


@pytest.mark.parametrize(("rows", "words"), [(1, 2), (2, 2), (4, 1)])
def test_rows_of_a_read_lie_in_banks_of_their_own(rows, words):
    placed = 0
    for row_words, kernel_height, dilation in product(range(1, 40), range(1, 8), range(1, 5)):
        shape = shape_of(words=row_words, kernel_height=kernel_height, dilation=dilation)
        ring = place_rows(shape, TINY, rows=rows, words=words)
        if ring is None:
            continue
        placed += 1
        assert row_words <= ring.pitch < row_words + 4
        assert shape.extent_height <= ring.rows
        assert ring.words == ring.rows * ring.pitch <= TINY.memory.activation_words
        assert separate(ring, shape, rows, words), (shape, ring)
    assert placed > 300


def test_one_row_at_a_time_fills_the_buffer():
    assert place_rows(shape_of(words=85, kernel_height=3), TINY) == Ring(pitch=85, rows=3)
    assert place_rows(shape_of(words=86, kernel_height=3), TINY) is None
    assert place_rows(shape_of(words=64, kernel_height=3), TINY) == Ring(pitch=64, rows=4)


def test_a_half_of_the_buffer_is_enough_where_the_next_rows_fit():
    assert place_rows(shape_of(words=32, kernel_height=3), TINY) == Ring(pitch=32, rows=4)
    assert place_rows(shape_of(words=32, kernel_height=4), TINY) == Ring(pitch=32, rows=8)
    strided = replace(shape_of(words=32, kernel_height=3), stride=(2, 1))
    assert place_rows(strided, TINY) == Ring(pitch=32, rows=8)


def test_a_low_image_needs_no_more_rows_than_it_has():
    shape = shape_of(words=128, kernel_height=7, height=2)
    assert place_rows(shape, TINY) == Ring(pitch=128, rows=2)
    assert place_rows(replace(shape, height=3), TINY) is None


def test_more_rows_than_a_counter_holds_are_not_counted():
    big = replace(TINY, memory=replace(TINY.memory, activation_words=1 << 16))
    ring = place_rows(shape_of(words=1, kernel_height=1), big)
    assert ring == Ring(pitch=1, rows=4095)
