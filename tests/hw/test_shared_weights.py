# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Layers whose column groups share their weights, on the core, among others whose groups do not."""

from dataclasses import replace

import numpy as np
import pytest
from conv2d_layers import Case, case_of, paths, shared_case

from macaw.arch import Conv2dShape, Mode, Requantization, float32_multiplier, preset
from macaw.compiler.conv2d import compile_conv2d
from macaw.compiler.layer import Conv2dLayer
from macaw.sim.compare import check_equal
from macaw.sim.conv2d import run_conv2d_sequence

TINY = preset("tiny")
COMPACT = replace(TINY, name="compact", compact=True)


def depthwise(channels, **values):
    return Conv2dShape(in_channels=channels, out_channels=channels, groups=channels, **values)


#: Three column groups of 8 channels or of 4, or two; the last one is whole in the first shape only.
SHAPES = (
    depthwise(24, height=7, width=7, kernel_height=7, kernel_width=7),
    depthwise(19, height=6, width=5, kernel_height=3, kernel_width=2, padding=(1, 0, 1, 0)),
    depthwise(9, height=6, width=7, kernel_height=2, kernel_width=3, stride=(2, 2)),
    Conv2dShape(
        height=4, width=6, in_channels=10, out_channels=10, kernel_height=2, kernel_width=2,
        groups=5,
    ),
    Conv2dShape(
        height=3, width=5, in_channels=5, out_channels=10, kernel_height=1, kernel_width=2
    ),
)  # fmt: skip
OTHER = Conv2dShape(
    height=4, width=5, in_channels=8, out_channels=10, kernel_height=2, kernel_width=1
)


def mean(shape, config):
    """The mean of each kernel's bytes."""
    taps, channels = shape.kernel_height * shape.kernel_width, shape.in_channels
    multiplier, shift = float32_multiplier(float(np.float32(1 / taps)))
    layer = Conv2dLayer(
        shape=shape,
        weights=np.ones((channels, shape.kernel_height, shape.kernel_width, 1), np.int8),
        requantization=Requantization(
            mode=Mode.FLOAT32, bias=(0,) * channels, multiplier=(multiplier,) * channels,
            shift=(shift,) * channels, zero_point=5, minimum=-128, maximum=127,
        ),
        input_zero_point=5,
    )  # fmt: skip
    rng = np.random.default_rng(7)
    image = rng.integers(-128, 128, (shape.height, shape.width, channels)).astype(np.int8)
    return Case(seed=7, program=compile_conv2d(layer, config), image=image)


def with_room(config):
    """With room for the words of all groups, which a layer is first compiled with."""
    return replace(config, memory=replace(config.memory, weight_words=512))


def results(cases, pauses):
    return run_conv2d_sequence(
        [case.program for case in cases],
        [case.image for case in cases],
        idle=pauses,
        stall=pauses,
        quiet_cycles=20_000,
    )


@pytest.mark.parametrize("config", [TINY, COMPACT], ids=lambda config: config.name)
@pytest.mark.parametrize("pauses", [0.0, 0.3])
def test_equal(config, pauses):
    config = with_room(config)
    cases = []
    for seed, shape in enumerate(SHAPES, start=10):
        cases += [shared_case(seed, shape, config), case_of(seed, OTHER, config)]
    cases += [mean(SHAPES[0], config), mean(SHAPES[1], config)]
    taken = ["shared weights" in paths(case.program) for case in cases]
    assert taken == [True, False] * len(SHAPES) + [True, True]
    assert sum(len(np.unique(case.expected)) > 15 for case in cases) > 8
    for case, result in zip(cases, results(cases, pauses), strict=True):
        check_equal(case.expected, result, what=str(case), seed=case.seed)


def test_words_of_their_own_are_others():
    case = mean(SHAPES[1], with_room(TINY))
    program = case.program
    # Zeros behind the first group's words.
    weights = np.concatenate([program.weights, np.repeat(np.zeros_like(program.weights), 2, 0)])
    rival = replace(program, descriptor=program.descriptor | {"weights_shared": 0}, weights=weights)
    [right, wrong] = results([case, replace(case, program=rival)], 0.0)
    check_equal(case.expected, right, what=str(case), seed=case.seed)
    np.testing.assert_array_equal(wrong[..., :8], right[..., :8])
    assert (wrong[..., 8:] != right[..., 8:]).any()
