# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Operators of a graph as layers of the core: in parts that fit, which together give the golden
interpreter's result."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from operator_cases import CASES

from macaw.arch import Mode, Requantization, preset
from macaw.compiler import lower as lowering
from macaw.compiler.lower import lower
from macaw.compiler.network import modes, place
from macaw.compiler.parts import compile_parts, output_band, whole
from macaw.compiler.refusals import Split, TooLarge
from macaw.golden import conv2d, pool, requantization, run
from macaw.golden.pool import average_multiplier
from macaw.nn import Semantics, from_tflite
from macaw.nn.graph.operators import ConvTranspose2d

TINY = preset("tiny")
#: One with room for the kernels of means.
WIDE = preset("ecp5_85f").with_modes([Mode.FIXED_DOUBLE_AWAY])
KINDS = [
    "CONV_2D int8",
    "CONV_2D uint8",
    "DEPTHWISE_CONV_2D int8",
    "DEPTHWISE_CONV_2D uint8",
    "FULLY_CONNECTED",
    "FULLY_CONNECTED uint8",
    "TRANSPOSE_CONV",
]
MEANS = ["AVERAGE_POOL_2D int8", "AVERAGE_POOL_2D uint8", "MEAN int8", "MEAN uint8"]


def computed(layer, images):
    """A `CoreLayer`'s result by the golden convolution, and how often each value was written."""
    images = images.reshape(layer.image_shape)
    batch, _, width, channels = layer.result_shape
    signed = layer.parts[0].program.output_signed
    result = np.zeros((batch, layer.rows, width, channels), np.int8 if signed else np.uint8)
    written = np.zeros(result.shape, int)
    for index, image in enumerate(images):
        for part in layer.parts:
            source = part.program.layer
            value = conv2d(
                np.ascontiguousarray(image[part.image]),
                source.weights,
                shape=source.shape,
                input_zero_point=source.input_zero_point,
                weight_zero_point=source.weight_zero_point,
                requantization=source.requantization,
            )
            result[index][part.result] = value
            written[index][part.result] += 1
    return result, written


def differences(kind, seeds, config=TINY, rows=None, host=False):
    """The values that differ, over random files of one operator, and how many parts there were;
    none where it stays on the ``host``."""
    wrong, parts = 0, Counter()
    for seed in seeds:
        content, arrays = CASES[kind](np.random.default_rng(seed))
        graph = from_tflite(content)
        [placement] = place(graph, config, requantization, rows=rows)
        if host and placement.layer is None:
            assert placement.refusal == ""
            parts[0] += 1
            continue
        assert placement.layer is not None, placement.refusal
        result, written = computed(placement.layer, arrays[0])
        assert (written == 1).all()
        [expected] = run(graph, arrays).values()
        expected = expected.reshape(placement.layer.result_shape)[:, :rows]
        wrong += int(np.count_nonzero(result != expected))
        parts[len(placement.layer.parts)] += 1
    return wrong, parts


@pytest.mark.parametrize("kind", KINDS)
def test_layers_are_their_operators(kind):
    wrong, _ = differences(kind, range(12))
    assert wrong == 0


@pytest.mark.parametrize("kind", MEANS)
def test_means_are_their_operators_or_stay_on_the_host(kind):
    wrong, parts = differences(kind, range(40), config=WIDE, host=True)
    assert wrong == 0
    # Windows with fewer values at the border are layers of their own.
    assert (parts[0] == 0) == kind.startswith("AVERAGE")
    assert (max(parts) > 3) == kind.startswith("AVERAGE")
    assert sum(parts.values()) - parts[0] > 2


def test_every_average_has_a_multiplier():
    for count in (*range(1, 65), 81, 100, 144, 196, 256, 1024):
        for signed in (True, False):
            multiplier, shift = average_multiplier(count, signed=signed)
            assert multiplier < 1 << 31
            assert -31 <= shift <= 30


def test_an_average_that_no_multiplier_gives_is_refused(monkeypatch):
    monkeypatch.setattr(pool, "fixed_multiplier", lambda factor: (1 << 30, 1))
    with pytest.raises(ValueError, match="a mean of 9 values must be a fixed point product"):
        average_multiplier(9, signed=True)


@pytest.mark.parametrize("kind", ["CONV_2D int8", "DEPTHWISE_CONV_2D uint8", "TRANSPOSE_CONV"])
def test_cropped_layers_are_the_first_rows(kind):
    wrong, _ = differences(kind, range(20, 28), rows=2)
    assert wrong == 0


def test_a_wrong_phase_is_noticed(monkeypatch):
    right = lowering._axis_phases

    def shifted(**values):
        return [replace(phase, first=phase.first - 1) for phase in right(**values)]

    monkeypatch.setattr(lowering, "_axis_phases", shifted)
    wrong, _ = differences("TRANSPOSE_CONV", range(12))
    assert wrong > 0


def test_a_transposed_convolution_multiplies_no_zeros():
    content, _ = CASES["TRANSPOSE_CONV"](np.random.default_rng(3))
    graph = from_tflite(content)
    [operator] = graph.operators
    assert isinstance(operator, ConvTranspose2d)
    lowered = lower(graph, operator, requantization(graph, operator))
    kernels = [part.layer.weights.shape[1:3] for part in lowered.parts]
    stride = operator.stride
    assert len(kernels) == stride[0] * stride[1]
    weights = graph.tensors[operator.inputs[1]].shape
    assert max(rows for rows, _ in kernels) == -(-weights[1] // stride[0])


#: Layers that `TINY` cannot hold at once, by what splits them.
LARGE = {
    "weights": {"in_channels": 64, "out_channels": 80},
    "channels": {"in_channels": 8, "out_channels": 72},
    "groups": {"in_channels": 96, "out_channels": 96, "groups": 96, "kernel": 3, "padding": 1},
    "two groups": {"in_channels": 96, "out_channels": 64, "groups": 2, "kernel": 1},
    "wide rows": {"width": 90, "in_channels": 12, "out_channels": 8, "kernel": 3, "padding": 1},
    "wide results": {"width": 40, "in_channels": 4, "out_channels": 64, "kernel": 1},
    "stride": {
        "width": 91, "in_channels": 12, "out_channels": 8, "kernel": 3, "padding": 1, "stride": 2
    },
    "dilation": {
        "width": 91, "in_channels": 12, "out_channels": 8, "kernel": 3, "padding": 2, "dilation": 2
    },
}  # fmt: skip


def large(
    seed, *, in_channels, out_channels, width=5, kernel=1, padding=0, groups=1, stride=1, dilation=1
):
    from macaw.arch import Conv2dShape
    from macaw.compiler.layer import Conv2dLayer

    rng = np.random.default_rng(seed)
    shape = Conv2dShape(
        height=6, width=width, in_channels=in_channels, out_channels=out_channels,
        kernel_height=kernel, kernel_width=kernel, padding=(padding,) * 4, groups=groups,
        stride=(stride,) * 2, dilation=(dilation,) * 2,
    )  # fmt: skip
    size = (out_channels, kernel, kernel, in_channels // groups)
    layer = Conv2dLayer(
        shape=shape,
        weights=rng.integers(-128, 128, size).astype(np.int8),
        input_zero_point=int(rng.integers(-128, 128)),
        weight_zero_point=tuple(int(n) for n in rng.integers(-3, 4, out_channels)),
        requantization=Requantization(
            mode=Mode.FLOAT32,
            bias=tuple(int(n) for n in rng.integers(-5000, 5000, out_channels)),
            multiplier=tuple(int(n) for n in rng.integers(1 << 23, 1 << 24, out_channels)),
            shift=tuple(int(n) for n in rng.integers(32, 36, out_channels)),
            zero_point=3,
            minimum=-128,
            maximum=127,
        ),
    )
    return layer, rng.integers(-128, 128, (6, width, in_channels)).astype(np.int8)


def golden(layer, image):
    return conv2d(
        image,
        layer.weights,
        shape=layer.shape,
        input_zero_point=layer.input_zero_point,
        weight_zero_point=layer.weight_zero_point,
        requantization=layer.requantization,
    )


@pytest.mark.parametrize("name", LARGE)
def test_large_layers_are_split_until_they_fit(name):
    layer, image = large(5, **LARGE[name])
    parts = list(compile_parts(whole(layer), TINY))
    assert len(parts) > 1
    result = np.zeros(golden(layer, image).shape, np.int8)
    written = np.zeros(result.shape, int)
    for part in parts:
        result[part.result] = golden(part.program.layer, np.ascontiguousarray(image[part.image]))
        written[part.result] += 1
    assert (written == 1).all()
    np.testing.assert_array_equal(result, golden(layer, image))


def test_a_layer_that_no_split_makes_fit_is_refused():
    layer, _ = large(1, in_channels=2000, out_channels=4)
    with pytest.raises(TooLarge, match="weight words must be at most 128 on tiny"):
        list(compile_parts(whole(layer), TINY))


def test_a_band_of_nothing_but_padding_is_none():
    layer, _ = large(1, in_channels=4, out_channels=4, padding=3)
    assert output_band(whole(layer), Split.ROWS, 0, 2) is None
    assert output_band(whole(layer), Split.ROWS, 0, 4) is not None


def test_what_modes_a_network_needs():
    content, _ = CASES["CONV_2D int8"](np.random.default_rng(1))
    assert modes(from_tflite(content), requantization) == (Mode.FIXED_DOUBLE_AWAY,)


def test_fully_connected_layers_of_litert_are_refused():
    content, _ = CASES["FULLY_CONNECTED"](np.random.default_rng(1))
    graph = from_tflite(content, semantics=Semantics.LITERT)
    assert modes(graph, requantization) == ()
    [placement] = place(graph, TINY, requantization)
    assert placement.layer is None
    assert placement.refusal.endswith("round once, half away from zero, as no mode does")


def test_operators_without_weights_stay_on_the_host():
    content, _ = CASES["ADD int8"](np.random.default_rng(1))
    [placement] = place(from_tflite(content), TINY, requantization)
    assert (placement.layer, placement.refusal) == (None, "")
