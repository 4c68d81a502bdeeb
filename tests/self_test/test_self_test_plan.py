# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Plans of self-tests: what they exercise, what they expect, what they refuse."""

import re
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from macaw.arch import PRESETS, Mode, RequantizerConfig, preset
from macaw.arch.self_test import MessageKind
from macaw.self_test import make_plan
from macaw.self_test.plan import make_layers
from macaw.self_test.random_words import RandomWords

TINY = preset("tiny")


@pytest.fixture(scope="module", params=PRESETS)
def layers(request):
    return make_layers(preset(request.param))


def test_layers_leave_nothing_idle(layers):
    dense, depthwise = layers
    lanes = dense.program.config.array.lanes
    assert not dense.program.descriptor["window"]
    assert depthwise.program.descriptor["window"]
    assert dense.program.shape.padding == depthwise.program.shape.padding == (1, 1, 1, 1)
    assert (dense.program.input_signed, dense.program.output_signed) == (False, True)
    assert (depthwise.program.input_signed, depthwise.program.output_signed) == (True, False)
    # Rows of images and results that end within a word, and more than one group of columns.
    for layer in layers:
        assert layer.program.descriptor["row_bytes"] % lanes
        assert layer.program.descriptor["outer_groups"] + layer.program.descriptor["inner_groups"]
    # Nearly all values of a byte, none of them often: not saturated, and no two layers alike.
    for layer in layers:
        values, counts = np.unique(layer.result, return_counts=True)
        assert len(values) > 130
        assert counts.max() < layer.result.size // 20
    assert dense.crc != depthwise.crc


def test_random_bytes_run_on(layers):
    """Weights and images are the words of one sequence, zeros where no weight stands."""
    random = RandomWords(layers[0].program.config.array.lanes)
    for layer in layers:
        words = random.take(layer.mask.shape[0] * layer.mask.shape[1]).reshape(layer.mask.shape)
        np.testing.assert_array_equal(
            layer.program.weights[layer.mask], words.view(np.int8)[layer.mask]
        )
        assert not layer.program.weights[~layer.mask].any()
        assert layer.mask.sum() == layer.program.layer.weights.size
        np.testing.assert_array_equal(layer.image_words, random.take(len(layer.image_words)))
        rows = layer.image_words.reshape(len(layer.image), -1)
        pixels = layer.image.view(np.uint8).reshape(len(layer.image), -1)
        np.testing.assert_array_equal(rows[:, : pixels.shape[1]], pixels)


def test_expectations():
    plan, layers = make_plan(TINY), make_layers(TINY)
    expectations = [each.values for each in plan.messages if each.kind is MessageKind.EXPECTATION]
    assert plan.layers == len(expectations) == len(layers)
    for layer, expectation in zip(layers, expectations, strict=True):
        row = layer.result[0].size
        words = -(-row // 8)
        text = b""
        for line in layer.result:
            text += line.tobytes().ljust(8 * words, b"\0")
        assert expectation["crc"] == zlib.crc32(text)
        assert f"{expectation['result_words']:x}" == str(words * len(layer.result))
        assert expectation["row_words"] == words - 1
        assert expectation["last_bytes"] == (1 << (row - 1) % 8 + 1) - 1
        assert expectation["image_words"] == len(layer.image_words)


def test_line_of_the_readme():
    """The line that the README shows is what such a core sends."""
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    [shown] = re.findall(
        r"^macaw (\S+) (\S+) (\w+) layer (\d) crc (\w+) words (\d+) pass", readme, re.M
    )
    version, name, digest, number, crc, words = shown
    layer = make_layers(preset(name))[int(number) - 1]
    assert (version, digest) == (make_plan(TINY).version, preset(name).digest)
    assert (crc, int(words)) == (f"{layer.crc:08x}", len(layer.result_words))


def test_plans_are_equal():
    assert make_plan(TINY) == make_plan(TINY)


def test_first_known_mode_is_taken():
    modes = (Mode.FLOAT32_BIAS, Mode.FIXED_SINGLE, Mode.FLOAT32)
    config = replace(TINY, requantizer=replace(TINY.requantizer, modes=modes))
    for layer in make_layers(config):
        assert layer.program.descriptor["mode"] == 1


def test_other_modes_are_refused():
    config = replace(TINY, requantizer=RequantizerConfig(lanes=2, modes=(Mode.RAW,)))
    sentence = (
        "^modes of tiny must include one of float32, fixed_double_away, fixed_double_up, "
        "fixed_single for a self-test, not only raw$"
    )
    with pytest.raises(ValueError, match=sentence):
        make_plan(config)


def test_small_memories_are_refused():
    config = replace(TINY, memory=replace(TINY.memory, weight_words=16))
    with pytest.raises(ValueError, match="^self-test layer 1: weight words must be at most 16 on"):
        make_plan(config)
