# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The entries of the parameter memory in each mode, and layers of raw sums by their bytes."""

from dataclasses import replace

import numpy as np
import pytest
from conv2d_layers import random_layer, random_shape

from macaw.arch import Float32Bias, Mode, RawSums, RequantizerConfig, preset
from macaw.arch.core import check_fields, parameter_fields
from macaw.compiler.conv2d import compile_conv2d
from macaw.compiler.parameters import channel_parameters, split_bytes
from macaw.golden import conv2d

MODES = tuple(Mode)
TINY = replace(preset("tiny"), requantizer=RequantizerConfig(lanes=2, modes=MODES))


def layers(mode, count=20, seed=31):
    rng = np.random.default_rng(seed)
    kinds = ("dense", "grouped", "depthwise", "multiplied")
    while count:
        try:
            shape = random_shape(rng, kinds[count % 4])
        except ValueError:
            continue
        count -= 1
        yield random_layer(rng, shape, (mode,))


@pytest.mark.parametrize("mode", MODES)
def test_parameters_fit_their_fields(mode):
    for layer, _ in layers(mode):
        parameters = channel_parameters(layer, TINY)
        fields = parameter_fields(TINY)
        assert list(parameters) == [field.name for field in fields]
        for channel in range(layer.shape.out_channels):
            values = {name: int(entries[channel]) for name, entries in parameters.items()}
            check_fields(str(mode), fields, values)
        requantization = layer.requantization
        np.testing.assert_array_equal(parameters["bias"], layer.folded_bias(TINY))
        if mode in (Mode.FLOAT32_BIAS, Mode.FLOAT32_CHAIN):
            assert tuple(parameters["fixed_bias"]) == requantization.entries["fixed_bias"]
            assert parameters["fixed_bias"].any()
        else:
            assert not parameters["fixed_bias"].any()
        if mode is Mode.RAW:
            assert not parameters["multiplier"].any()
        else:
            assert tuple(parameters["shift"]) == requantization.entries["shift"]
            assert tuple(parameters["multiplier"]) == requantization.entries["multiplier"]


def test_a_real_bias_is_no_part_of_the_integer_one():
    for layer, _ in layers(Mode.FLOAT32_BIAS):
        without = replace(layer, requantization=RawSums(bias=(0,) * layer.shape.out_channels))
        np.testing.assert_array_equal(layer.folded_bias(TINY), without.folded_bias(TINY))


def test_raw_layers_have_a_channel_for_each_byte():
    depthwise = 0
    for layer, image in layers(Mode.RAW):
        split = split_bytes(layer)
        assert split.shape.out_channels == 4 * layer.shape.out_channels
        # Every byte's channel has the sums of its result.
        results = [
            conv2d(
                image, part.weights, shape=part.shape, requantization=part.requantization,
                input_zero_point=part.input_zero_point, weight_zero_point=part.weight_zero_point,
            )
            for part in (layer, split)
        ]  # fmt: skip
        assert results[0].dtype == np.int32
        np.testing.assert_array_equal(np.repeat(results[0], 4, axis=-1), results[1])
        shifts = channel_parameters(split, TINY)["shift"]
        np.testing.assert_array_equal(shifts, np.tile([0, 1, 2, 3], layer.shape.out_channels))
        depthwise += layer.windowed
    assert depthwise


def test_programs_say_what_their_results_are():
    config = replace(
        TINY, memory=replace(TINY.memory, weight_words=1024, parameter_entries=1024,
                             result_words=1024, activation_words=1024, step_entries=512)
    )  # fmt: skip
    for mode in (Mode.FIXED_SINGLE, Mode.RAW):
        layer, _ = next(layers(mode))
        program = compile_conv2d(layer, config)
        assert program.layer is layer
        assert program.result_bytes == (4 if mode is Mode.RAW else 1)
        assert program.shape.out_channels == layer.shape.out_channels * program.result_bytes
        assert config.requantizer.modes[program.descriptor["mode"]] is mode
    bounds = {name: program.descriptor[name] for name in ("zero_point", "minimum", "maximum")}
    assert bounds == {"zero_point": 0, "minimum": -128, "maximum": 127}
    assert program.output_signed
    assert not program.descriptor["output_unsigned"]


def test_parameters_beyond_the_hardware_are_refused_by_the_layers_name():
    layer, _ = next(layers(Mode.FLOAT32_BIAS))
    count = layer.shape.out_channels
    wrong = Float32Bias(
        bias=(0.0,) * count, bias_scale=(1.0,) * count, multiplier=(2.0,) * count,
        zero_point=0, minimum=0, maximum=255,
    )  # fmt: skip
    with pytest.raises(
        ValueError,
        match=r"^stem: multiplier must be at most 1 in mode float32_bias, not 2\.0: "
        r"use a larger scale of the result$",
    ):
        compile_conv2d(replace(layer, name="stem", requantization=wrong), TINY)
