# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Parts of a layer have as many weights as are fastest beside a memory."""

import math
from dataclasses import replace

import nn_graphs
import numpy as np
import pytest

from macaw.arch.machines import machine_preset
from macaw.arch.requantization import Mode, Requantization
from macaw.arch.shapes import Conv2dShape
from macaw.compiler.layer import Conv2dLayer
from macaw.compiler.machine import compile_network, shares
from macaw.compiler.machine.shares import share_of
from macaw.compiler.parts import Share, column_bands, compile_parts, whole
from macaw.golden import evaluate, requantization

MACHINE = replace(machine_preset("ecp5_25f"), tensor_words=1024)
WORDS = MACHINE.core.memory.weight_words
USUAL = 3 * WORDS // 8


def layer_of(height, width, inputs, outputs, *, kernel=1, stride=1, groups=1):
    shape = Conv2dShape(
        height=height, width=width, in_channels=inputs, out_channels=outputs, groups=groups,
        kernel_height=kernel, kernel_width=kernel, stride=(stride, stride),
        padding=(kernel // 2,) * 4,
    )  # fmt: skip
    rng = np.random.default_rng(outputs)
    weights = rng.integers(-5, 6, (outputs, kernel, kernel, inputs // groups)).astype(np.int8)
    requantization = Requantization(
        mode=Mode.FLOAT32, multiplier=(1 << 23,) * outputs, shift=(40,) * outputs,
        bias=(0,) * outputs, zero_point=0, minimum=-128, maximum=127,
    )  # fmt: skip
    return Conv2dLayer(shape=shape, weights=weights, requantization=requantization)


@pytest.mark.parametrize(
    ("layer", "words"),
    [
        # 64 column groups of 256 words on an image of 100 KB, in rows of a pixel: two at once, so
        # that the next two come meanwhile, and beside a slow memory four.
        (layer_of(49, 1, 2048, 512), (WORDS // 2, WORDS)),
        # Sums take longer than the image: 32 groups of 288 words. Rows of half an image come ahead.
        (layer_of(14, 14, 256, 256, kernel=3), ((USUAL, 2), (USUAL, 2))),
        # A third's do.
        (layer_of(7, 7, 512, 512, kernel=3), ((WORDS * 9 // 16, 3), (WORDS * 9 // 16, 3))),
        # An image of 4 KB, which never leaves the machine. Weights come all the time.
        (layer_of(2, 2, 1024, 1024), (WORDS * 5 // 8, WORDS * 7 // 8)),
        # Weights that fit into three eighths; a column group of more words than there are; groups.
        (layer_of(56, 56, 64, 64), (USUAL, USUAL)),
        (layer_of(7, 7, 1024, 64, kernel=3), (USUAL, USUAL)),
        (layer_of(56, 56, 64, 64, kernel=3, groups=64), (USUAL, USUAL)),
    ],
    ids=[
        "large image", "many sums", "few rows", "image inside", "few weights", "large kernel",
        "depthwise",
    ],
)  # fmt: skip
def test_larger_parts_where_the_image_would_be_fetched_too_often(layer, words):
    for memory_bytes, share in zip((MACHINE.word_bytes, 2), words, strict=True):
        weight_words, bands = share if isinstance(share, tuple) else (share, 1)
        found = share_of(layer, MACHINE, memory_bytes)
        assert found == Share(weight_words=weight_words, bands=bands)


@pytest.mark.parametrize("memory_bytes", [0.5, 1, 2, 4, 8])
def test_no_other_share_is_faster_by_more_than_the_gain(memory_bytes):
    layer, words = layer_of(7, 7, 1024, 1024), 128
    share = share_of(layer, MACHINE, memory_bytes)
    assert share.weight_words <= WORDS
    clocks = {
        (words * groups, bands): min(
            shares._clocks(layer, MACHINE, memory_bytes, -(-128 // groups), widths, kept)
            for kept in (0, WORDS if bands == 1 else 7 * 128)
        )
        for groups in range(1, WORDS // words + 1)
        for bands, widths in shares._widths(layer).items()
    }
    chosen = clocks[share.weight_words, share.bands]
    assert chosen == min(clocks.values()) or share == Share(weight_words=USUAL)
    assert (1 - shares.GAIN) * chosen <= min(clocks.values())


@pytest.mark.parametrize("memory_bytes", [0, -1, float("nan")])
def test_a_memory_that_moves_nothing_is_refused(memory_bytes):
    with pytest.raises(ValueError, match="memory_bytes must be positive"):
        compile_network(
            nn_graphs.network(), MACHINE, requantization, evaluate, memory_bytes=memory_bytes
        )


def test_clocks_of_parts_are_their_sums_or_what_is_moved():
    """Of 8 column groups of 128 words. Two parts of four have their places beside each other, but
    the first one, of 512 words, only three quarters of it beside the layer before."""
    layer, between = layer_of(256, 1, 1024, 64), shares._BETWEEN
    sums, image = 256 * 512, 256 * 1024
    result, weights = 256 * 32, 512 * 64
    assert shares._clocks(layer, MACHINE, 8, 2, [1]) == 2 * sums + weights // 4 / 8 + 2 * between
    moved = image + result + weights
    assert shares._clocks(layer, MACHINE, 1, 2, [1]) == 2 * moved + 2 * between
    # One part of all: no weights come while it is computed.
    moved = image + 2 * result + 2 * weights
    assert shares._clocks(layer, MACHINE, 1, 1, [1]) == moved + between
    # Three parts, of three, three and two groups: 768 words, twice 640.
    moved = 3 * image + 2 * result + 2 * weights
    assert shares._clocks(layer, MACHINE, 0.5, 3, [1]) == 2 * moved + 3 * between


def test_words_that_are_kept_come_once():
    """Of two parts; a hundred words, which are copied before."""
    layer = layer_of(256, 1, 1024, 64)
    all_words, kept = (shares._clocks(layer, MACHINE, 1, 2, [1], words) for words in (0, 100))
    assert all_words - kept == 100 * 8 - 100


def test_first_rows_that_are_kept_come_from_inside():
    """Two rows of 448 words in front of each of 8 parts of 288 words, of which one is kept."""
    layer = layer_of(14, 14, 256, 64, kernel=3)
    all_words, kept = (shares._clocks(layer, MACHINE, 4, 8, [14], words) for words in (0, 448))
    assert all_words - kept == 8 * (448 * 2 - 448) - 448


def test_clocks_in_front_of_a_part_are_those_of_rows_that_do_not_come_ahead():
    """Rows of 448 words of 8 bytes: of a half of 2,048 four rows take more, but in two bands."""
    layer = layer_of(14, 14, 256, 8, kernel=3)
    assert shares._widths(layer)[2] == [8, 8]
    sums, between = 14 * 14 * 288, shares._BETWEEN
    first_rows = 2 * 14 * 256 / 4
    assert shares._clocks(layer, MACHINE, 4, 1, [14]) == sums + between + first_rows
    assert shares._clocks(layer, MACHINE, 4, 1, [8, 8]) == sums + 2 * between
    assert shares._clocks(layer, MACHINE, 4, 1, [100]) == math.inf


def test_words_are_kept_beside_the_result():
    """Of 1,024 words a result of 49 pixels takes 784."""
    assert shares._kept(layer_of(49, 1, 512, 128), MACHINE, 1) == 240
    # The result does not fit; the image does; rows of it are left out.
    assert shares._kept(layer_of(49, 1, 512, 256), MACHINE, 1) == 1024
    assert shares._kept(layer_of(16, 1, 512, 256), MACHINE, 1) == 0
    assert shares._kept(layer_of(49, 1, 512, 256, stride=2), MACHINE, 1) == 0
    # Whole rows of 448 words of an image in bands.
    assert shares._kept(layer_of(14, 14, 256, 256, kernel=3), MACHINE, 1) == 1024
    assert shares._kept(layer_of(14, 14, 256, 256, kernel=3), MACHINE, 2) == 896


def test_rows_for_which_there_is_no_room_come_between_two_of_the_result():
    """Rows of 480 words, of which four fit: of five for two rows of the result one is late."""
    layer, between = layer_of(28, 15, 256, 8, kernel=3, stride=2), shares._BETWEEN
    sums, row = 14 * 8 * 288, 15 * 256
    assert shares._clocks(layer, MACHINE, 4, 1, [15]) == sums + (14 + 2) * row / 4 + between


def test_bands_are_of_about_one_size():
    layer = layer_of(6, 14, 16, 8, kernel=3)
    found = [band.result[1] for band in column_bands(whole(layer), 4)]
    assert found == [slice(0, 4), slice(4, 8), slice(8, 11), slice(11, 14)]
    few = replace(layer, shape=replace(layer.shape, width=3))
    found = [band.result[1] for band in column_bands(whole(few), 4)]
    assert found == [slice(0, 1), slice(1, 2), slice(2, 3)]
    # Bands of padding alone are none.
    padded = replace(layer, shape=replace(layer.shape, width=3, padding=(1, 1, 1, 20)))
    assert [band.result[1] for band in column_bands(whole(padded), 4)] == [slice(0, 22)]


@pytest.mark.parametrize(
    ("padding", "sizes", "widths"), [((1, 1), [4, 3], [8, 7]), ((0, 1), [3, 4], [7, 8])]
)
def test_the_widest_image_of_a_band_is_narrow(padding, sizes, widths):
    """Seven columns of every second one: beside padding stands the larger band."""
    layer = layer_of(14, 14, 8, 8, kernel=3, stride=2)
    layer = replace(layer, shape=replace(layer.shape, padding=(*padding, *padding)))
    found = list(column_bands(whole(layer), 2))
    assert [band.result[1].stop - band.result[1].start for band in found] == sizes
    assert [band.layer.shape.width for band in found] == widths


@pytest.mark.parametrize(
    ("words", "sizes"), [(288, [8] * 16), (700, [16] * 8), (1000, [24] * 4 + [16] * 2)]
)
def test_parts_are_as_many_whole_column_groups_as_there_is_room_for(words, sizes):
    """16 column groups of 288 words: no part is split again, and none is smaller by more than a
    group."""
    layer = layer_of(14, 14, 256, 128, kernel=3)
    found = list(compile_parts(whole(layer), MACHINE.core, weight_words=words))
    assert [part.result[2].stop - part.result[2].start for part in found] == sizes
    assert max(len(part.program.weights) for part in found) <= words
