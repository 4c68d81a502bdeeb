# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""What the cost model says of layers whose cycles can be counted by hand."""

from dataclasses import replace

import pytest
from conv2d_layers import case_of

from macaw.arch import Conv2dShape, RequantizerConfig, preset
from macaw.compiler.cost import model_clocks, model_cycles, utilisation

TINY = preset("tiny")


def shape_of(**values):
    return Conv2dShape(
        **{"height": 10, "width": 12, "in_channels": 32, "out_channels": 40, "kernel_height": 1,
           "kernel_width": 1, **values}
    )  # fmt: skip


def test_a_dense_pixel_takes_its_reads():
    program = case_of(1, replace(shape_of()), replace(TINY, weight_zero_point=True)).program
    parts = len(program.weights) // (10 * 4)
    assert program.walk.pixel_cycles == 4 * parts
    assert program.walk.groups.outer * program.walk.groups.inner == 10


def test_no_pixel_is_faster_than_its_results():
    slow = replace(TINY, requantizer=RequantizerConfig(lanes=1, modes=TINY.requantizer.modes))
    shape = shape_of(in_channels=8)
    for config, cycles in ((TINY, 2), (slow, 4)):
        assert case_of(3, shape, config).program.walk.pixel_cycles >= cycles


@pytest.mark.parametrize("height", [10, 11])
def test_one_more_row_costs_its_cycles(height):
    small = case_of(1, shape_of(height=height, out_channels=8), TINY).program
    large = case_of(1, shape_of(height=height + 1, out_channels=8), TINY).program
    row = 2 * 12 * small.walk.pixel_cycles
    assert model_cycles(large) - model_cycles(small) == row


def test_reads_begin_behind_the_first_words_and_end_before_the_last_results():
    program = case_of(1, shape_of(out_channels=8), TINY).program
    clocks = model_clocks(program)
    assert clocks.begin == program.image_row_words
    assert clocks.end - clocks.begin == 10 * program.walk.row_cycles
    assert clocks.sent == model_cycles(program) >= clocks.end + program.result_row_words


def test_utilisation_is_the_share_of_needed_products():
    program = case_of(1, shape_of(), TINY).program
    macs = 10 * 12 * 32 * 40
    assert utilisation(program, macs) == 1 / 32
    assert utilisation(program, macs // 32) == 1


def test_a_result_buffer_of_one_row_keeps_the_next_row_waiting():
    """A row of 60 words: the next one begins when the last of them has gone."""
    small = case_of(1, shape_of(height=10), TINY).program
    large = case_of(1, shape_of(height=11), TINY).program
    assert small.result_row_words == 60 > TINY.memory.result_words // 2
    row = 10 * 12 * small.walk.pixel_cycles
    assert model_cycles(large) - model_cycles(small) >= row + 60
    # Nothing is read then, which is no matter of what comes before or behind the layer.
    clocks = model_clocks(large)
    assert clocks.end - clocks.begin >= 11 * row + 10 * 60


@pytest.mark.parametrize("in_channels", [8, 16])
def test_a_narrow_pixel_takes_its_reads_or_its_channels(in_channels):
    """Of up5k, whose column groups have two channels, of which each takes two clocks."""
    shape = shape_of(in_channels=in_channels, out_channels=3)
    program = case_of(1, shape, preset("up5k")).program
    walk, reads = program.walk, len(program.weights) // 2
    assert [channels for _, _, channels in walk.groups] == [2, 1]
    # Behind a last step of a single read the loops need a clock.
    cycles = reads + (walk.body[-1].reads == 1)
    assert walk.pixel_cycles == cycles
    assert walk.row_cycles == 12 * (max(cycles, 4) + max(cycles, 2))
