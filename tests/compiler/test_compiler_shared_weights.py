# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Column groups whose channels have the same weights have them in memory once."""

from dataclasses import replace

import numpy as np
import pytest
from compiler_machine import Machine
from conv2d_layers import shared_case

from macaw.arch import Conv2dShape, preset
from macaw.compiler.conv2d import compile_conv2d
from macaw.golden.conv2d import accumulate_conv2d

#: With room for the words of all groups.
TINY = replace(preset("tiny"), memory=replace(preset("tiny").memory, weight_words=512))


def depthwise(channels, height, width, **values):
    kernel = {"kernel_height": height, "kernel_width": width, **values}
    return Conv2dShape(
        height=7, width=7, in_channels=channels, out_channels=channels, groups=channels, **kernel
    )


SHAPES = {
    "mean": depthwise(24, 7, 7),
    "the last group in part": depthwise(19, 3, 3, stride=(2, 1), padding=(1, 1, 1, 0)),
    "taps apart": depthwise(17, 5, 3, dilation=(1, 2)),
    "grouped": Conv2dShape(
        height=5, width=6, in_channels=21, out_channels=14, kernel_height=3, kernel_width=2,
        padding=(1, 0, 1, 1), groups=7,
    ),
    "groups of several columns": Conv2dShape(
        height=4, width=5, in_channels=4, out_channels=24, kernel_height=2, kernel_width=2,
        groups=2,
    ),
    "one group": Conv2dShape(
        height=3, width=5, in_channels=5, out_channels=10, kernel_height=1, kernel_width=2
    ),
}  # fmt: skip


def sums_of(program, image):
    """What the machine finds, without the constant that the bias takes off."""
    layer = program.layer
    zero_point = layer.input_zero_point_int8 + layer.excess(program.config)
    return Machine(program, image).run() - zero_point * layer.differences.sum(axis=(1, 2, 3))


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_the_sums_stay_what_they_are(shape):
    seen = 0
    for seed in range(4):
        case = shared_case(seed, shape, TINY)
        program, layer = case.program, case.layer
        groups = len(list(program.walk.groups))
        assert groups > 1
        assert program.descriptor["weights_shared"] == 1
        golden = accumulate_conv2d(
            case.image,
            layer.weights,
            shape=shape,
            input_zero_point=layer.input_zero_point,
            weight_zero_point=layer.weight_zero_point,
        )
        np.testing.assert_array_equal(sums_of(program, case.image), golden, str(case))
        # With words for each group, what stands behind those of the first one counts.
        behind = np.repeat(np.zeros_like(program.weights), groups - 1, axis=0)
        rival = replace(
            program,
            descriptor=program.descriptor | {"weights_shared": 0},
            weights=np.concatenate([program.weights, behind]),
        )
        seen += bool((sums_of(rival, case.image) != golden).any())
    assert seen > 1


@pytest.mark.parametrize("channels", [1024, 1000])
def test_a_mean_over_many_channels_has_the_weights_of_one_group(channels):
    config = preset("ecp5_85f")
    one, many = (
        compile_conv2d(replace(case.layer, weights=np.ones_like(case.layer.weights)), config)
        for case in (
            shared_case(3, depthwise(each, 7, 7), config) for each in (config.array.lanes, channels)
        )
    )
    assert len(list(many.walk.groups)) == -(-channels // config.array.lanes)
    np.testing.assert_array_equal(one.weights, many.weights)
    # One group has nothing to share.
    assert (one.descriptor["weights_shared"], many.descriptor["weights_shared"]) == (0, 1)


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_one_weight_that_differs_gives_each_group_its_own(shape):
    case = shared_case(2, shape, TINY)
    weights = case.layer.weights.copy()
    weights[-1, -1, -1, -1] ^= 1
    program = compile_conv2d(replace(case.layer, weights=weights), TINY)
    assert program.descriptor["weights_shared"] == 0
    assert len(program.weights) == len(list(program.walk.groups)) * len(case.program.weights)


@pytest.mark.parametrize("name", ["up5k", "gw1nr9"])
@pytest.mark.parametrize("shape", [SHAPES["the last group in part"], SHAPES["grouped"]], ids=str)
def test_narrow_cores_have_the_weights_of_each_group(name, shape):
    config = preset(name)
    program = shared_case(1, shape, config).program
    assert "weights_shared" not in program.descriptor
    assert not program.walk.weights_shared
    assert len(program.weights) % len(list(program.walk.groups)) == 0
