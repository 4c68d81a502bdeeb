# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Convolutions and linear layers against sums of products written out, and the refusals."""

import importlib
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from macaw.arch import Conv2dShape, Mode, Requantization
from macaw.golden import (
    accumulate_conv2d,
    accumulate_linear,
    conv2d,
    linear,
    requantize,
)
from macaw.golden.matmul import ExactMatrix

SEED = 4


def _written_out(image, weights, shape: Conv2dShape, input_zero_point, weight_zero_point):
    """One output value at a time, as the definition says, in int64."""
    top, bottom, left, right = shape.padding
    x = np.pad(image.astype(np.int64) - input_zero_point, ((top, bottom), (left, right), (0, 0)))
    zero_points = np.broadcast_to(weight_zero_point, shape.out_channels)
    result = np.zeros((shape.output_height, shape.output_width, shape.out_channels), np.int64)
    for row, column, channel in np.ndindex(result.shape):
        first = channel // (shape.out_channels // shape.groups) * shape.group_in_channels
        window = x[
            row * shape.stride[0] : row * shape.stride[0] + shape.extent_height,
            column * shape.stride[1] : column * shape.stride[1] + shape.extent_width,
            first : first + shape.group_in_channels,
        ][:: shape.dilation[0], :: shape.dilation[1]]
        result[row, column, channel] = np.sum(window * (weights[channel] - zero_points[channel]))
    return result


def _random_case(rng: np.random.Generator) -> tuple[Conv2dShape, Any, Any, int, Any]:
    groups, group_in, group_out = (
        (1, int(rng.integers(1, 7)), int(rng.integers(1, 7))),
        (int(rng.integers(2, 5)), int(rng.integers(2, 4)), int(rng.integers(1, 4))),
        (int(rng.integers(2, 7)), 1, int(rng.integers(1, 3))),
    )[int(rng.integers(3))]
    kernel, dilation = rng.integers(1, 4, 2), rng.integers(1, 3, 2)
    extent = (kernel - 1) * dilation + 1
    padding = tuple(int(p) for p in rng.integers(0, 4, 4))
    size = np.maximum(1, extent - np.array([padding[0] + padding[1], padding[2] + padding[3]]))
    height, width = (int(n) for n in size + rng.integers(0, 6, 2))
    shape = Conv2dShape(
        height=height,
        width=width,
        in_channels=groups * group_in,
        out_channels=groups * group_out,
        kernel_height=int(kernel[0]),
        kernel_width=int(kernel[1]),
        stride=tuple(int(s) for s in rng.integers(1, 4, 2)),
        dilation=tuple(int(d) for d in dilation),
        padding=padding,
        groups=groups,
    )
    image_type, weight_type = rng.choice([np.int8, np.uint8], 2)
    image_limits, weight_limits = np.iinfo(image_type), np.iinfo(weight_type)

    def values(limits: Any, size: Any) -> Any:
        return rng.integers(limits.min, limits.max + 1, size)

    return (
        shape,
        values(image_limits, (height, width, shape.in_channels)).astype(image_type),
        values(weight_limits, (shape.out_channels, *kernel, group_in)).astype(weight_type),
        int(values(image_limits, ())),
        values(weight_limits, shape.out_channels if rng.random() < 0.5 else ()),
    )


def test_accumulators_are_sums_of_products() -> None:
    rng = np.random.default_rng(SEED)
    kinds = set()
    for index in range(150):
        shape, image, weights, input_zero_point, weight_zero_point = _random_case(rng)
        result = accumulate_conv2d(
            image,
            weights,
            shape=shape,
            input_zero_point=input_zero_point,
            weight_zero_point=weight_zero_point,
        )
        assert result.dtype == np.int32
        expected = _written_out(image, weights, shape, input_zero_point, weight_zero_point)
        np.testing.assert_array_equal(result, expected, err_msg=f"seed {SEED}, {index}, {shape}")
        kinds.add((shape.depthwise, shape.groups > 1, image.dtype, weights.dtype))
    assert len(kinds) == 12


@pytest.mark.parametrize("groups", [1, 2, 96])
def test_tiles_and_batches_change_nothing(groups: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(SEED)
    shape = Conv2dShape(
        height=9, width=8, in_channels=96, out_channels=96, kernel_height=3, kernel_width=3,
        stride=(2, 1), padding=(1, 2, 0, 3), groups=groups,
    )  # fmt: skip
    images = rng.integers(0, 256, (3, 9, 8, 96)).astype(np.uint8)
    weights = rng.integers(-128, 128, (96, 3, 3, 96 // groups)).astype(np.int8)
    whole = accumulate_conv2d(images, weights, shape=shape, input_zero_point=7)
    assert whole.shape == (3, shape.output_height, shape.output_width, 96)
    module = importlib.import_module("macaw.golden.conv2d")
    monkeypatch.setattr(module, "_TILE_VALUES", 1)
    for image, expected in zip(images, whole, strict=True):
        rows = accumulate_conv2d(image, weights, shape=shape, input_zero_point=7)
        np.testing.assert_array_equal(rows, expected)


def test_long_sums_are_exact() -> None:
    """Odd sums beyond 2**24, which float32 does not have."""
    shape = Conv2dShape(
        height=3, width=3, in_channels=512, out_channels=2, kernel_height=3, kernel_width=3
    )
    image = np.full((3, 3, 512), 255, np.uint8)
    image[0, 0, 0] = 254
    weights = np.full((2, 3, 3, 512), 127, np.int8)
    weights[1] = -127
    result = accumulate_conv2d(image, weights, shape=shape, input_zero_point=0)
    expected = 127 * (4607 * 255 + 254)
    assert expected > 2**24
    assert int(np.float32(expected)) != expected
    np.testing.assert_array_equal(result, [[[expected, -expected]]])


def test_sums_wrap_beyond_int32() -> None:
    inputs, weights = np.full((1, 40_000), 255, np.uint8), np.full((1, 40_000), 255, np.uint8)
    result = accumulate_linear(inputs, weights, input_zero_point=0)
    assert result.tolist() == [[40_000 * 255 * 255 - 2**32]]


def test_slices_are_as_few_as_the_weights_allow() -> None:
    rng = np.random.default_rng(SEED)
    small = rng.integers(-20, 21, (1, 4, 4608))
    large = rng.choice([-255, 255], (1, 4, 4608))
    assert ExactMatrix(small).slice_count == 1
    assert ExactMatrix(large).slice_count == 9
    for weights in (small, large):
        matrix = ExactMatrix(weights)
        np.testing.assert_array_equal(matrix.sums(), weights.sum(axis=2))
        activations = rng.choice([-128, 127], (1, 3, 4608))
        np.testing.assert_array_equal(
            matrix.multiply(activations.astype(np.float32)), activations @ weights[0].T
        )


def _requantization(channels: int, **changed: Any) -> Requantization:
    values = {
        "mode": Mode.FLOAT32,
        "bias": (100,) * channels,
        "multiplier": (1 << 23,) * channels,
        "shift": (34,) * channels,
        "zero_point": 1,
        "minimum": -128,
        "maximum": 127,
    }
    return Requantization(**{**values, **changed})


@pytest.mark.parametrize(
    "changed", [{}, {"signed": False, "minimum": 0, "maximum": 255}], ids=["int8", "uint8"]
)
def test_results_are_requantised_accumulators(changed: dict[str, Any]) -> None:
    rng = np.random.default_rng(SEED)
    shape, image, weights, input_zero_point, weight_zero_point = _random_case(rng)
    zero_points = {"input_zero_point": input_zero_point, "weight_zero_point": weight_zero_point}
    requantization = _requantization(shape.out_channels, **changed)
    sums = accumulate_conv2d(image, weights, shape=shape, **zero_points)
    result = conv2d(image, weights, shape=shape, requantization=requantization, **zero_points)
    assert result.dtype == (np.uint8 if changed else np.int8)
    np.testing.assert_array_equal(result, requantize(sums, requantization))


@pytest.mark.parametrize("leading", [(), (5,), (2, 3)])
def test_linear_is_a_matrix_product(leading: tuple[int, ...]) -> None:
    rng = np.random.default_rng(SEED)
    inputs = rng.integers(-128, 128, (*leading, 700)).astype(np.int8)
    weights = rng.integers(0, 256, (6, 700)).astype(np.uint8)
    zero_points = rng.integers(0, 256, 6)
    sums = accumulate_linear(inputs, weights, input_zero_point=-9, weight_zero_point=zero_points)
    expected = (inputs.astype(np.int64) + 9) @ (weights - zero_points[:, np.newaxis]).T
    np.testing.assert_array_equal(sums, expected)
    requantization = _requantization(6)
    result = linear(
        inputs,
        weights,
        input_zero_point=-9,
        weight_zero_point=zero_points,
        requantization=requantization,
    )
    np.testing.assert_array_equal(result, requantize(sums, requantization))


SHAPE = Conv2dShape(
    height=4, width=5, in_channels=2, out_channels=3, kernel_height=1, kernel_width=1
)
GOOD = {
    "image": np.zeros((4, 5, 2), np.uint8),
    "weights": np.zeros((3, 1, 1, 2), np.int8),
    "shape": SHAPE,
    "input_zero_point": 0,
}


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"image": np.zeros((4, 5, 2))}, TypeError, "^image must be an int8 or uint8 array, not f"),
        ({"image": [1]}, TypeError, "^image must be an int8 or uint8 array, not list"),
        ({"weights": np.zeros((3, 1, 1, 2))}, TypeError, "^weights must be an int8 or uint8 "),
        (
            {"image": np.zeros((5, 4, 2), np.int8)},
            ValueError,
            r"^image must be \(4, 5, 2\) or a batch of it, not \(5, 4, 2\)",
        ),
        ({"image": np.zeros((1, 1, 4, 5, 2), np.int8)}, ValueError, "^image must be"),
        (
            {"weights": np.zeros((3, 2, 1, 1), np.int8)},
            ValueError,
            r"^weights must be \(3, 1, 1, 2\), not \(3, 2, 1, 1\)",
        ),
        ({"input_zero_point": 256}, ValueError, r"^input_zero_point must be in 0 \.\.\. 255, not"),
        ({"input_zero_point": 0.5}, TypeError, "^input_zero_point must be an integer, not 0.5"),
        (
            {"weight_zero_point": 128},
            ValueError,
            r"^weight_zero_point must be in -128 \.\.\. 127, not 128",
        ),
        ({"weight_zero_point": 0.5}, TypeError, "^weight_zero_point must be an integer, not"),
        (
            {"weight_zero_point": [1, 2]},
            ValueError,
            r"^weight_zero_point must be one integer or 3, not shape \(2,\)",
        ),
    ],
)
def test_convolution_refuses(changed: dict[str, Any], error: Any, message: str) -> None:
    accumulate_conv2d(**GOOD)
    with pytest.raises(error, match=message):
        accumulate_conv2d(**{**GOOD, **changed})


def test_convolution_refuses_other_channels() -> None:
    with pytest.raises(ValueError, match="^accumulators must have 4 channels"):
        conv2d(**GOOD, requantization=_requantization(4))
    smaller = replace(SHAPE, height=3)
    with pytest.raises(ValueError, match="^image must be"):
        conv2d(**{**GOOD, "shape": smaller}, requantization=_requantization(3))


def test_linear_refuses() -> None:
    good, other = np.zeros((2, 4), np.int8), np.zeros((3, 5), np.int8)
    with pytest.raises(ValueError, match=r"^inputs and weights must be .*, not \(2, 4\) and \(3,"):
        accumulate_linear(good, other, input_zero_point=0)
    with pytest.raises(TypeError, match="^inputs must be an int8 or uint8 array"):
        accumulate_linear(good.astype(int), good, input_zero_point=0)
    with pytest.raises(TypeError, match="^weights must be an int8 or uint8 array"):
        accumulate_linear(good, good.astype(int), input_zero_point=0)
    with pytest.raises(ValueError, match=r"^input_zero_point must be in -128 \.\.\. 127, not 200"):
        accumulate_linear(good, good, input_zero_point=200)
