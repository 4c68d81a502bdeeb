# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Pixels that are computed together: when, and that nothing else becomes of them."""

from dataclasses import replace

import numpy as np
import pytest

from macaw.arch import Conv2dShape, Requantization, preset
from macaw.arch.requantization import Mode
from macaw.compiler.conv2d import compile_conv2d
from macaw.compiler.layer import Conv2dLayer
from macaw.compiler.pixels import pixels_together
from macaw.golden import accumulate_conv2d

LARGE = preset("ecp5_85f")


def layer_of(shape: Conv2dShape, seed: int = 1, zero_point: int = 0) -> Conv2dLayer:
    rng = np.random.default_rng(seed)
    count = shape.out_channels
    size = (count, shape.kernel_height, shape.kernel_width, shape.group_in_channels)
    return Conv2dLayer(
        shape=shape,
        weights=rng.integers(-128, 128, size).astype(np.int8),
        requantization=Requantization(
            mode=Mode.FLOAT32,
            bias=tuple(int(each) for each in rng.integers(-999, 999, count)),
            multiplier=(1 << 23,) * count,
            shift=(30,) * count,
            zero_point=0,
            minimum=-128,
            maximum=127,
            signed=True,
        ),
        weight_zero_point=zero_point,
    )


FIRST = Conv2dShape(
    height=9, width=16, in_channels=3, out_channels=8, kernel_height=3, kernel_width=3,
    stride=(2, 2), padding=(0, 1, 0, 1),
)  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "together"),
    [
        ({}, 2),
        ({"out_channels": 16}, 1),  # no column is idle
        ({"out_channels": 4}, 2),  # four pixels would see more taps than one read brings
        ({"out_channels": 4, "in_channels": 1}, 4),
        ({"width": 18}, 1),  # nine pixels cannot be paired
        ({"dilation": (1, 2)}, 1),
        ({"in_channels": 16}, 2),  # two pixels share a column of their kernels
        # Nothing is shared, and every lane has a tap already.
        (
            {
                "in_channels": 16,
                "kernel_width": 1,
                "kernel_height": 1,
                "stride": (1, 1),
                "padding": (0, 0, 0, 0),
            },
            1,
        ),
    ],
)
def test_as_many_as_pay(changes, together):
    layer = layer_of(replace(FIRST, **changes))
    shape = pixels_together(layer, LARGE).shape
    assert shape.out_channels == together * layer.shape.out_channels
    assert shape.output_width * together == layer.shape.output_width
    assert shape.output_height == layer.shape.output_height


@pytest.mark.parametrize("padding", [(0, 1, 0, 1), (1, 0, 1, 0), (1, 1, 2, 1), (0, 0, 0, 0)])
@pytest.mark.parametrize("stride", [1, 2, 3])
def test_the_same_sums(padding, stride):
    """The sums of pixels side by side, which golden computes from either layer."""
    checked = 0
    for width in range(8, 24):
        shape = replace(FIRST, width=width, padding=padding, stride=(1, stride), out_channels=3)
        layer = layer_of(shape, seed=width, zero_point=5)
        wide = pixels_together(layer, LARGE)
        image = np.random.default_rng(width).integers(
            -128, 128, (1, shape.height, width, shape.in_channels)
        ).astype(np.int8)  # fmt: skip
        sums = [
            accumulate_conv2d(
                image,
                each.weights,
                shape=each.shape,
                input_zero_point=3,
                weight_zero_point=each.weight_zero_point,
            )
            for each in (layer, wide)
        ]
        assert np.array_equal(sums[0].reshape(-1), sums[1].reshape(-1))
        checked += wide is not layer
    assert checked >= 3


def test_the_program_is_that_of_the_layer():
    layer = layer_of(FIRST)
    program = compile_conv2d(layer, LARGE)
    assert program.shape == layer.shape
    assert program.walk.pixels * 2 == layer.shape.output_width
    assert program.descriptor["result_step"] == 16
    assert len(program.parameters["bias"]) == 16
