# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Words of ports have the bits that Amaranth's own layouts give them."""

import re

import numpy as np
import pytest
from amaranth.hdl import Shape, signed, unsigned
from amaranth.lib import data

from macaw.sim.packing import pack, unpack, word_bytes

SEED = 20261125
WORDS = 40

PAIR = data.StructLayout({"low": signed(5), "taps": data.ArrayLayout(signed(11), 3), "on": 1})
SHAPES = [
    unsigned(1), signed(1), unsigned(8), signed(8), signed(13), unsigned(31), signed(32),
    unsigned(64), signed(64), unsigned(65), unsigned(2048), unsigned(2051),
    data.ArrayLayout(signed(8), 16), data.ArrayLayout(unsigned(24), 3),
    data.ArrayLayout(signed(27), 16), data.ArrayLayout(data.ArrayLayout(signed(8), 4), 5),
    data.ArrayLayout(data.ArrayLayout(unsigned(3), 2), 5), data.ArrayLayout(unsigned(128), 3),
    PAIR, data.ArrayLayout(PAIR, 3), data.StructLayout({"a": PAIR, "b": unsigned(70)}),
]  # fmt: skip


def scalar_values(generator, shape, lengths):
    """Random values, the extremes of the range among them."""
    low = -(1 << (shape.width - 1)) if shape.signed else 0
    high = (1 << (shape.width - shape.signed)) - 1
    values = generator.integers(
        low, high, (WORDS, *lengths), dtype=np.int64 if shape.signed else np.uint64, endpoint=True
    )
    values[0], values[1] = low, high
    return values


def random_values(generator, shape, lengths=()):
    """Arrays as `pack` takes them, for any shape."""
    if isinstance(shape, data.ArrayLayout):
        return random_values(generator, shape.elem_shape, (*lengths, shape.length))
    if isinstance(shape, data.StructLayout):
        return {name: random_values(generator, field.shape, lengths) for name, field in shape}
    shape = Shape.cast(shape)
    if shape.width > 64:
        values = generator.integers(0, 256, (WORDS, *lengths, word_bytes(shape)), dtype=np.uint8)
        values[..., -1] &= 255 >> (-shape.width % 8)
        return values
    return scalar_values(generator, shape, lengths)


def word(values, shape, index):
    """Word ``index`` as an integer, by Amaranth's own packing."""

    def pick(part, shape, place):
        if isinstance(shape, data.ArrayLayout):
            return [pick(part, shape.elem_shape, (*place, i)) for i in range(shape.length)]
        if isinstance(shape, data.StructLayout):
            return {name: pick(part[name], field.shape, place) for name, field in shape}
        value = part[place]
        return int(value) if np.ndim(value) == 0 else int.from_bytes(value.tobytes(), "little")

    value = pick(values, shape, (index,))
    mask = (1 << Shape.cast(shape).width) - 1
    return (shape.const(value).as_value().value if isinstance(shape, data.Layout) else value) & mask


def equal(left, right):
    if isinstance(left, dict):
        return set(left) == set(right) and all(equal(left[name], right[name]) for name in left)
    return np.array_equal(left, right)


@pytest.mark.parametrize("shape", SHAPES, ids=[f"{i}-{s!r:.30}" for i, s in enumerate(SHAPES)])
def test_words_are_those_of_amaranth(shape):
    values = random_values(np.random.default_rng(SEED), shape)
    words = pack(values, shape)
    assert words.shape == (WORDS, word_bytes(shape))
    for index in range(WORDS):
        found = int.from_bytes(words[index].tobytes(), "little")
        assert found == word(values, shape, index), f"word {index}, seed {SEED}"
    assert equal(unpack(words, shape), values), f"seed {SEED}"


def test_integers_come_back_in_the_narrowest_type():
    types = {
        width: unpack(np.zeros((1, -(-width // 8)), np.uint8), signed(width)).dtype
        for width in (8, 9, 17, 33)
    }
    assert types == {8: np.int8, 9: np.int16, 17: np.int32, 33: np.int64}
    assert unpack(np.zeros((1, 1), np.uint8), unsigned(7)).dtype == np.uint8


@pytest.mark.parametrize(
    ("values", "shape", "kind", "message"),
    [
        ([8], signed(4), ValueError, "x must be in -8 ... 7, not 8"),
        ([-9], signed(4), ValueError, "x must be in -8 ... 7, not -9"),
        ([16], unsigned(4), ValueError, "x must be in 0 ... 15, not 16"),
        ([0.5], unsigned(4), TypeError, "x must be integers, not float64"),
        ([[1]], unsigned(4), ValueError, "x must have the shape (n,), not (1, 1)"),
        (
            [[1, 2]], data.ArrayLayout(8, 3), ValueError,
            "x must have the shape (n, 3), not (1, 2)",
        ),
        (
            [[1, 2]], data.ArrayLayout(5, 3), ValueError,
            "x must have the shape (n, 3, ...), not (1, 2)",
        ),
        (
            [1], unsigned(72), ValueError,
            "x must be uint8 bytes of shape (n, 9), not int64 of shape (1,)",
        ),
        (
            np.full((1, 9), 255, np.uint8), unsigned(70), ValueError, "x must fit into 70 bits",
        ),
        (
            {"low": [1]}, PAIR, ValueError,
            "x must be a dictionary with the fields low, taps, on",
        ),
        (
            {"low": [1], "taps": [[1, 2, 3]], "on": [1, 0]}, PAIR, ValueError,
            "x must have fields of one length, not [1, 2]",
        ),
    ],
)  # fmt: skip
def test_refusals(values, shape, kind, message):
    with pytest.raises(kind, match=f"^{re.escape(message)}$"):
        pack(values, shape, "x")
