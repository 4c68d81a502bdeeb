# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Max pooling on the core, which is a dense layer that keeps the largest of its sums."""

from dataclasses import replace

import numpy as np
import pytest

from macaw.arch import Conv2dShape, Mode, Requantization, RequantizerConfig, preset
from macaw.arch.requantization import float32_multiplier
from macaw.compiler.conv2d import compile_conv2d
from macaw.compiler.layer import Conv2dLayer
from macaw.sim.compare import first_difference
from macaw.sim.conv2d import run_conv2d

TINY = replace(
    preset("tiny"),
    name="tiny with max pooling",
    requantizer=RequantizerConfig(lanes=2),
    max_pooling=True,
)
AXES = ("row", "column", "channel")


def pooling(shape: Conv2dShape, *, signed: bool, minimum: int, maximum: int) -> Conv2dLayer:
    """A max pooling of bytes that stay what they are, within bounds."""
    multiplier, shift = float32_multiplier(1.0)
    zero_point = 7 if signed else 128
    count = shape.in_channels
    return Conv2dLayer(
        shape=shape,
        weights=np.ones((count, shape.kernel_height, shape.kernel_width, 1), np.int8),
        requantization=Requantization(
            mode=Mode.FLOAT32,
            bias=(0,) * count,
            multiplier=(multiplier,) * count,
            shift=(shift,) * count,
            zero_point=zero_point,
            minimum=minimum,
            maximum=maximum,
            signed=signed,
        ),
        input_zero_point=zero_point,
        input_signed=signed,
        largest=True,
        padding_value=-128 if signed else 0,
    )


def largest(image: np.ndarray, shape: Conv2dShape) -> np.ndarray:
    """The largest value of each window, padding left out."""
    top, bottom, left, right = shape.padding
    padded = np.pad(
        image.astype(np.int64), ((top, bottom), (left, right), (0, 0)), constant_values=-(1 << 20)
    )
    windows = np.lib.stride_tricks.sliding_window_view(
        padded, (shape.kernel_height, shape.kernel_width), axis=(0, 1)
    )
    return windows[:: shape.stride[0], :: shape.stride[1]].max(axis=(-2, -1))


SHAPES = (
    Conv2dShape(height=8, width=9, in_channels=5, out_channels=5, kernel_height=2, kernel_width=2,
                stride=(2, 2), groups=5),
    Conv2dShape(height=7, width=6, in_channels=16, out_channels=16, kernel_height=3,
                kernel_width=3, stride=(2, 1), padding=(1, 1, 1, 0), groups=16),
    Conv2dShape(height=5, width=5, in_channels=8, out_channels=8, kernel_height=3, kernel_width=2,
                stride=(1, 1), padding=(2, 0, 0, 1), groups=8),
    # All channels in one column group: the bytes of neighbouring taps follow each other.
    Conv2dShape(height=4, width=4, in_channels=4, out_channels=4, kernel_height=2, kernel_width=2,
                stride=(2, 2), groups=4),
)  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize(("signed", "minimum", "maximum"), [(True, -128, 127), (False, 9, 240)])
def test_equal(shape, signed, minimum, maximum):
    generator = np.random.default_rng(3)
    dtype = np.int8 if signed else np.uint8
    limits = np.iinfo(dtype)
    image = generator.integers(
        limits.min, limits.max + 1, (shape.height, shape.width, shape.in_channels)
    ).astype(dtype)
    layer = pooling(shape, signed=signed, minimum=minimum, maximum=maximum)
    program = compile_conv2d(layer, TINY)
    # Several column groups have one group's weights, the identity for each tap.
    assert program.descriptor["weights_shared"] == (shape.in_channels > 4)
    assert len(program.weights) == shape.kernel_height * shape.kernel_width
    result = run_conv2d(program, image, idle=0.2, stall=0.2).result
    expected = largest(image, shape).clip(minimum, maximum).astype(dtype)
    assert first_difference(expected, result, AXES) is None
    assert result.dtype == dtype


def test_padding_is_never_the_largest():
    """Where all values are below the zero point, padding that held it would win."""
    shape = SHAPES[1]
    image = np.full((shape.height, shape.width, shape.in_channels), -100, np.int8)
    layer = pooling(shape, signed=True, minimum=-128, maximum=127)
    program = compile_conv2d(layer, TINY)
    assert (run_conv2d(program, image).result == -100).all()
    rival = replace(program, descriptor=program.descriptor | {"input_zero_point": 7})
    assert (run_conv2d(rival, image).result == 7).any()


def test_the_sum_is_another_result():
    shape = SHAPES[0]
    image = np.full((shape.height, shape.width, shape.in_channels), 20, np.int8)
    program = compile_conv2d(pooling(shape, signed=True, minimum=-128, maximum=127), TINY)
    rival = replace(program, descriptor=program.descriptor | {"largest": 0})
    assert (run_conv2d(program, image).result == 20).all()
    assert (run_conv2d(rival, image).result != 20).all()


def test_refusals():
    layer = pooling(SHAPES[0], signed=True, minimum=-128, maximum=127)
    with pytest.raises(ValueError, match="max pooling must be built into tiny: set max_pooling"):
        compile_conv2d(layer, preset("tiny"))
    with pytest.raises(ValueError, match="largest must have weights of one"):
        replace(layer, weights=2 * layer.weights)
