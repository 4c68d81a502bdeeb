# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""A layer's weights as the array takes them, and the constants that go with them."""

from dataclasses import replace

import numpy as np
import pytest
from conv2d_layers import random_layer, random_shape

from macaw.arch import Conv2dShape, Mode, preset
from macaw.arch.core import EXCESS
from macaw.compiler.layer import WideRow

TINY, NARROW = preset("tiny"), preset("up5k")


def random_layers(seed, count=200):
    rng = np.random.default_rng(seed)
    for index in range(count):
        inputs, outputs = (int(value) for value in rng.integers(2, 6, 2))
        depthwise = index % 5 == 4
        shape = Conv2dShape(
            height=1, width=1, in_channels=inputs, out_channels=inputs if depthwise else outputs,
            kernel_height=1, kernel_width=1, groups=inputs if depthwise else 1,
        )  # fmt: skip
        yield random_layer(rng, shape, (Mode.FLOAT32,))[0]


@pytest.mark.parametrize("correction", [False, True])
def test_parts_and_zero_point_add_up_to_the_differences(correction):
    ways = set()
    for layer in random_layers(11):
        parts, point = layer.array_weights(correction=correction)
        assert all(part.dtype == np.int8 for part in parts)
        assert -128 <= point <= 127
        total = sum(part.astype(np.int64) - point for part in parts)
        assert np.array_equal(total, layer.differences)
        assert point == 0 or (correction and len(parts) == 1)
        ways.add((len(parts), point != 0))
    assert ways == {(1, False), (2, False), (3, False)} | ({(1, True)} if correction else set())


def with_weights(weight, weight_zero_point, dtype):
    [layer] = random_layers(12, 1)
    return replace(
        layer,
        weights=np.full(layer.weights.shape, weight, dtype),
        weight_zero_point=weight_zero_point,
    )


@pytest.mark.parametrize(
    ("weight", "point", "dtype", "values", "taken_off"),
    [
        (127, 0, np.int8, [127], 0),
        (-128, 0, np.int8, [-128], 0),
        (-1, 127, np.int8, [-128], 0),
        (-2, 127, np.int8, [-2], 127),
        (255, 128, np.uint8, [127], 0),
        (255, 127, np.uint8, [127], -1),
        (255, 0, np.uint8, [127], -128),
    ],
)
def test_one_part_where_one_does(weight, point, dtype, values, taken_off):
    parts, zero_point = with_weights(weight, point, dtype).array_weights(correction=True)
    assert [int(part.flat[0]) for part in parts] == values
    assert zero_point == taken_off


@pytest.mark.parametrize(
    ("weight", "point", "values"),
    [(255, 127, [127, 1]), (255, 1, [127, 127]), (255, 0, [127, 127, 1]), (0, 255, [-128, -127])],
)
def test_more_parts_where_the_array_takes_nothing_off(weight, point, values):
    layer = with_weights(weight, point, np.uint8)
    parts, zero_point = layer.array_weights(correction=False)
    assert [int(part.flat[0]) for part in parts] == values
    assert zero_point == 0


def test_accumulator_bits_hold_the_largest_sum_and_not_one_bit_more():
    windowed = 0
    for layer in random_layers(13):
        for config, excess in ((TINY, EXCESS), (NARROW, 0)):
            image = np.array([-128, 127]) + (excess if layer.windowed else 0)
            products = layer.differences[..., np.newaxis] * image
            sums = [side(products, axis=-1).sum(axis=(1, 2, 3)) for side in (np.min, np.max)]
            bits = layer.accumulator_bits(config)
            assert -(1 << (bits - 1)) <= np.min(sums)
            assert np.max(sums) < 1 << (bits - 1)
            assert bits == 1 or max(-1 - np.min(sums), np.max(sums)) >= 1 << (bits - 2)
        windowed += layer.windowed
    assert windowed


def test_the_folded_bias_wraps_as_the_requantiser_adds():
    rng = np.random.default_rng(14)
    wrapped = 0
    for _ in range(100):
        layer, _ = random_layer(rng, _fitting_shape(rng), (Mode.FLOAT32,))
        point = layer.input_zero_point - (0 if layer.input_signed else 128)
        point += EXCESS if layer.windowed else 0
        wanted = [
            bias - point * int(layer.differences[channel].sum())
            for channel, bias in enumerate(layer.requantization.bias)
        ]
        folded = layer.folded_bias(TINY)
        assert folded.dtype == np.int32
        for value, exact in zip(folded, wanted, strict=True):
            assert (int(value) - exact) % (1 << 32) == 0
        wrapped += any(not -(1 << 31) <= exact < 1 << 31 for exact in wanted)
    assert wrapped


def _fitting_shape(rng):
    while True:
        try:
            return random_shape(rng, "dense")
        except ValueError:
            continue


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ({"width": 5, "channels": 2}, "the image must lie within its wide row"),
        ({"width": 9, "channels": 3, "first_channel": 2}, "the image must lie within its wide row"),
        ({"width": 9, "channels": 2, "first_column": 1}, "padding must be where the wide row ends"),
        ({"width": 9, "channels": 2, "first_column": 0}, "padding must be where the wide row ends"),
    ],
)
def test_images_that_are_no_parts_of_their_rows(row, sentence):
    shape = Conv2dShape(
        height=4, width=6, in_channels=2, out_channels=3, kernel_height=3, kernel_width=3,
        padding=(1, 1, 1, 1),
    )  # fmt: skip
    layer, _ = random_layer(np.random.default_rng(5), shape, (Mode.FLOAT32,))
    assert layer.row == WideRow(width=6, channels=2)
    with pytest.raises(ValueError, match=f"^conv2d: {sentence}, not "):
        replace(layer, wide_row=WideRow(**row))
