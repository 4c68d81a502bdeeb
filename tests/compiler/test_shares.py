# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Parts of a layer have as many weights as are fastest beside a memory."""

import nn_graphs
import numpy as np
import pytest

from macaw.arch.machines import machine_preset
from macaw.arch.requantization import Mode, Requantization
from macaw.arch.shapes import Conv2dShape
from macaw.compiler.layer import Conv2dLayer
from macaw.compiler.machine import compile_network, shares
from macaw.compiler.machine.shares import share_of_weights
from macaw.compiler.parts import compile_parts, whole
from macaw.golden import evaluate, requantization

MACHINE = machine_preset("ecp5_25f")
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
        # 64 column groups of 256 words on an image of 100 KB: two at once, so that the next two
        # come meanwhile, and beside a slow memory four.
        (layer_of(7, 7, 2048, 512), (WORDS // 2, WORDS)),
        # Sums take longer than the image: 32 groups of 288 words.
        (layer_of(14, 14, 256, 256, kernel=3), (USUAL, USUAL)),
        # An image of 4 KB, which never leaves the machine.
        (layer_of(2, 2, 1024, 1024), (USUAL, USUAL)),
        # Weights that fit into three eighths; a column group of more words than there are; groups.
        (layer_of(56, 56, 64, 64), (USUAL, USUAL)),
        (layer_of(7, 7, 1024, 64, kernel=3), (USUAL, USUAL)),
        (layer_of(56, 56, 64, 64, kernel=3, groups=64), (USUAL, USUAL)),
    ],
    ids=["large image", "many sums", "image inside", "few weights", "large kernel", "depthwise"],
)
def test_larger_parts_where_the_image_would_be_fetched_too_often(layer, words):
    assert share_of_weights(layer, MACHINE, MACHINE.word_bytes) == words[0]
    assert share_of_weights(layer, MACHINE, 2) == words[1]


@pytest.mark.parametrize("memory_bytes", [0.5, 1, 2, 4, 8])
def test_no_other_share_is_faster_by_more_than_the_gain(memory_bytes):
    layer, words = layer_of(7, 7, 1024, 1024), 128
    share = share_of_weights(layer, MACHINE, memory_bytes)
    assert share <= WORDS
    clocks = [
        shares._clocks(layer, MACHINE, memory_bytes, -(-128 // groups))
        for groups in range(1, WORDS // words + 1)
    ]
    chosen = clocks[share // words - 1]
    assert chosen == min(clocks) or share == USUAL
    assert (1 - shares._GAIN) * chosen <= min(clocks)


@pytest.mark.parametrize("memory_bytes", [0, -1, float("nan")])
def test_a_memory_that_moves_nothing_is_refused(memory_bytes):
    with pytest.raises(ValueError, match="memory_bytes must be positive"):
        compile_network(
            nn_graphs.network(), MACHINE, requantization, evaluate, memory_bytes=memory_bytes
        )


def test_clocks_of_parts_are_their_sums_or_what_is_moved():
    """Of 8 column groups of 128 words. Two parts of four have their places beside each other."""
    layer = layer_of(16, 16, 1024, 64)
    sums, image = 16 * 16 * 512, 16 * 16 * 1024
    result, weights = 16 * 16 * 32, 512 * 64
    assert shares._clocks(layer, MACHINE, 8, 2) == 2 * sums
    moved = image + result + weights
    assert shares._clocks(layer, MACHINE, 1, 2) == 2 * moved
    # One part of all: no weights come while it is computed.
    assert shares._clocks(layer, MACHINE, 1, 1) == image + 2 * result + 2 * weights


@pytest.mark.parametrize(
    ("words", "sizes"), [(288, [8] * 16), (700, [16] * 8), (1000, [24] * 5 + [8])]
)
def test_parts_are_as_many_whole_column_groups_as_there_is_room_for(words, sizes):
    """16 column groups of 288 words: no part is split again, and none is left smaller."""
    layer = layer_of(14, 14, 256, 128, kernel=3)
    found = list(compile_parts(whole(layer), MACHINE.core, weight_words=words))
    assert [part.result[2].stop - part.result[2].start for part in found] == sizes
    assert max(len(part.program.weights) for part in found) <= words
