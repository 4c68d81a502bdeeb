# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The compiler's programs, executed by a plain reading of their fields, give the golden sums."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from compiler_machine import Machine
from conv2d_layers import KINDS, case_of, paths, random_case, random_shape
from narrow_machine import NarrowMachine

from macaw.arch import ArrayConfig, Conv2dShape, RequantizerConfig, preset
from macaw.compiler.conv2d import compile_conv2d
from macaw.golden.conv2d import accumulate_conv2d
from macaw.sim.compare import check_equal

TINY = preset("tiny")
CONFIGS = [
    TINY,
    preset("up5k"),
    preset("gw1nr9"),
    replace(
        TINY,
        name="16x8",
        array=ArrayConfig(lanes=16, columns=8),
        requantizer=RequantizerConfig(lanes=8, modes=TINY.requantizer.modes),
    ),
]
SEEDS = 60


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config.name)
def test_sums_are_those_of_the_golden_model(config):
    taken = Counter()
    for seed in range(SEEDS):
        case = random_case(seed, config)
        layer = case.layer
        taken.update(paths(case.program))
        machine = (NarrowMachine if config.narrow else Machine)(case.program, case.image)
        sums = machine.run()
        golden = accumulate_conv2d(
            case.image,
            layer.weights,
            shape=layer.shape,
            input_zero_point=layer.input_zero_point,
            weight_zero_point=layer.weight_zero_point,
        ).astype(np.int64)
        zero_point = layer.input_zero_point_int8 + layer.excess(config)
        constant = zero_point * layer.differences.sum(axis=(1, 2, 3))
        check_equal(golden + constant, sums, what=str(case), seed=seed)
        # The bias takes the constant off, in the 32 bits of the requantiser.
        bias = case.program.parameters["bias"]
        wanted = golden + np.array(layer.requantization.bias, np.int64)
        assert not ((sums + bias - wanted) % (1 << 32)).any(), str(case)
        assert len(machine.used_words) == len(case.program.weights), str(case)
    names = {"dense unpaired", "block-diagonal", "wide groups", "split weights", "three parts"}
    if config.narrow:
        names |= {"window of channels"}
    else:
        names |= {"dense paired", "window of two rows", "window of one row", "shared weights"}
    assert not names - taken.keys(), f"no layer took {names - taken.keys()}"


def _distinct_weights(layer):
    """The layer with weights that no zero point equals, and that differ as far as int8 allows."""
    count = layer.weights.size
    values = 1 + np.arange(count) % 127
    weights = values.astype(np.int8).reshape(layer.weights.shape)
    return replace(layer, weights=weights, weight_zero_point=0)


@pytest.mark.parametrize("kind", range(len(KINDS)), ids=KINDS)
@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config.name)
def test_every_tap_stands_in_the_weights_once(config, kind):
    """Column by column: the taps of its channel, and nothing but the filler besides."""
    for seed in range(kind, 20 * len(KINDS), len(KINDS)):
        program = compile_conv2d(_distinct_weights(random_case(seed, config).layer), config)
        weights, shape = program.layer.weights, program.layer.shape
        found = {}
        array, groups = config.array, list(program.walk.groups)
        words = program.weights.reshape(len(groups), -1, array.columns, array.lanes)
        for (_, first, count), block in zip(groups, words, strict=True):
            if program.walk.window and config.narrow:
                lane = np.arange(array.lanes)
                columns = block[:, lane % 2, lane].T
                assert np.count_nonzero(block) == np.count_nonzero(columns)
            elif program.walk.window:
                phases = block.reshape(-1, array.phases, array.columns, array.lanes)
                half = array.pair_channels
                assert not phases[:, :, half:].any()
                columns = phases[:, :, :half].transpose(1, 2, 0, 3).reshape(array.lanes, -1)
            else:
                columns = block.transpose(1, 0, 2).reshape(array.columns, -1)
            assert not columns[count:].any()
            found |= {first + index: column for index, column in enumerate(columns[:count])}
        # Pixels that are computed together have channels of their own.
        together = 1 if program.walk.window else shape.output_width // program.walk.pixels
        assert sorted(found) == list(range(together * shape.out_channels))
        for channel, column in found.items():
            taps = np.sort(weights[channel % shape.out_channels].reshape(-1))
            assert np.array_equal(np.sort(column[column != 0]), taps), f"seed {seed}: {shape}"


def test_lanes_without_a_tap_hold_the_zero_point():
    rng = np.random.default_rng(8)
    shape = random_shape(rng, "dense")
    case = case_of(9, shape, TINY)
    layer = replace(
        case.layer,
        weights=np.full(case.layer.weights.shape, 255, np.uint8),
        weight_zero_point=37,
    )
    program = compile_conv2d(layer, TINY)
    assert program.descriptor["weight_offset"] == 37
    assert set(np.unique(program.weights)) == {37 - 128, 127}


@pytest.mark.parametrize(("channels", "reads"), [(4, 1), (8, 1), (3, 2), (5, 2), (12, 2)])
def test_four_rows_are_read_at_once_of_half_words_and_of_words(channels, reads):
    """Of a depthwise layer whose pixels begin with a word, or with half a word that is all theirs;
    others take two reads for a column of three rows."""
    shape = Conv2dShape(
        height=6, width=8, in_channels=channels, out_channels=channels, kernel_height=3,
        kernel_width=2, padding=(1, 1, 1, 1), groups=channels,
    )  # fmt: skip
    walk = case_of(1, shape, preset("tiny")).program.walk
    assert sum(step.reads for step in walk.prologue) == reads
    assert ("four" in walk.body[0].flags) == (reads == 1)


@pytest.mark.parametrize(
    ("kernel_width", "stride", "dilation", "before", "reads"),
    [
        (2, 1, 1, 1, 2), (2, 2, 1, 0, 4), (3, 1, 1, 2, 2), (3, 2, 1, 2, 4), (4, 2, 1, 2, 4),
        (4, 1, 1, 0, 8), (3, 3, 1, 0, 6), (3, 1, 2, 0, 6), (5, 2, 1, 0, 10),
    ],
)  # fmt: skip
def test_windows_of_one_or_two_blocks_slide(kernel_width, stride, dilation, before, reads):
    """On eight lanes, which take two columns: a pair reads each of its columns once, if blocks can
    follow each other by a stride, and evaluates every block once."""
    shape = Conv2dShape(
        height=6, width=16, in_channels=8, out_channels=8, kernel_height=3,
        kernel_width=kernel_width, stride=(1, stride), dilation=(1, dilation), groups=8,
    )  # fmt: skip
    walk = case_of(1, shape, replace(TINY, array=ArrayConfig(lanes=8, columns=8))).program.walk
    blocks = -(-kernel_width // 2)
    parts = len(walk.weights) // blocks
    evaluates = [step for step in walk.body if "evaluate" in step.flags]
    again = len(evaluates) - blocks
    assert sum(step.reads for step in walk.prologue) == before
    assert sum(step.reads for step in walk.body) == reads + again
    assert len(evaluates) == blocks * (parts // 2)
    keeps = [step for step in evaluates if "capture" in step.flags]
    assert len(keeps) == (2 if blocks == 2 and before else 0)


@pytest.mark.parametrize(
    ("requantizer_lanes", "kernel_width", "pair"),
    [(8, 2, 2), (8, 3, 4), (4, 2, 4), (4, 3, 4), (2, 3, 8), (1, 2, 16), (1, 3, 16), (4, 4, 8)],
)
def test_a_pair_takes_its_results_and_half_of_them_for_each_evaluation(
    requantizer_lanes, kernel_width, pair
):
    """Two phases of eight columns: each takes 8 // lanes clocks of the requantiser, half as many
    of an evaluation, and one at least."""
    config = replace(
        TINY,
        array=ArrayConfig(lanes=8, columns=8),
        requantizer=RequantizerConfig(lanes=requantizer_lanes, modes=TINY.requantizer.modes),
    )
    shape = Conv2dShape(
        height=6, width=16, in_channels=8, out_channels=8, kernel_height=3,
        kernel_width=kernel_width, groups=8,
    )  # fmt: skip
    layer = case_of(1, shape, config).layer
    weights = np.zeros(layer.weights.shape, np.int8)
    walk = compile_conv2d(replace(layer, weights=weights, weight_zero_point=0), config).walk
    assert walk.pixel_cycles == pair
