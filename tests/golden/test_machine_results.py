# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Results out of the integers that the hardware takes, against the recipes in real numbers."""

from dataclasses import replace

import numpy as np
import pytest

from macaw.arch import Float32Bias, Float32Chain, Mode, RequantizerConfig, preset
from macaw.arch.core import parameter_fields
from macaw.golden import requantize
from macaw.golden.machine.results import results

CONFIG = replace(preset("tiny"), requantizer=RequantizerConfig(lanes=2, modes=tuple(Mode)))


def layer_of(requantization) -> dict[str, int]:
    flip = 0 if requantization.signed else 128
    values = {
        "mode": list(Mode).index(requantization.mode),
        "zero_point": requantization.zero_point - flip,
        "minimum": requantization.minimum - flip,
        "maximum": requantization.maximum - flip,
        "output_unsigned": int(not requantization.signed),
        "input_multiplier": 0,
        "output_multiplier": 0,
    }
    return values | getattr(requantization, "layer_entries", {})


def machine_results(requantization, sums, **fields):
    """By the machine, as the result's type."""
    entries = requantization.entries
    zeros = np.zeros(requantization.out_channels, np.int64)
    parameters = {
        field.name: np.array(entries.get(field.name, zeros), np.int64)
        for field in parameter_fields(CONFIG)
    }
    found = results(CONFIG, layer_of(requantization) | fields, parameters, sums)
    return found if requantization.signed else found.view(np.uint8) ^ 128


def chain(rng, *, signed, scale, channels=64):
    """Scales whose product is about ``scale``."""
    input_scale, output_multiplier = np.float32(2.0 ** rng.uniform(-9, 9, 2))
    scales = scale * rng.uniform(0.5, 2, channels) / (float(input_scale) * output_multiplier)
    low = -128 if signed else 0
    return Float32Chain(
        input_scale=float(input_scale),
        weight_scale=tuple(np.float32(scales).tolist()),
        bias=tuple(np.float32(rng.normal(0, 60, channels) / output_multiplier).tolist()),
        output_multiplier=float(output_multiplier),
        zero_point=low + int(rng.integers(0, 256)),
        minimum=low,
        maximum=low + 255,
        signed=signed,
    )


@pytest.mark.parametrize("signed", [True, False])
@pytest.mark.parametrize("bits", [8, 16, 24, 31])
def test_chains(signed, bits):
    rng = np.random.default_rng(bits + signed)
    sums = rng.integers(-(1 << bits), 1 << bits, (2000, 64))
    for scale in (100 / (1 << bits), 8.0):
        requantization = chain(rng, signed=signed, scale=scale)
        expected = requantize(sums, requantization)
        np.testing.assert_array_equal(machine_results(requantization, sums), expected)
        if scale < 1:
            zero_point = layer_of(requantization)["zero_point"]
            other = machine_results(requantization, sums, zero_point=zero_point ^ 1)
            assert (other != expected).any()


def single(input_scale, bias, *, zero_point=0, signed=True, output_multiplier=1.0):
    low = -128 if signed else 0
    return Float32Chain(
        input_scale=input_scale, weight_scale=(1.0,), bias=(bias,),
        output_multiplier=output_multiplier, zero_point=zero_point, minimum=low,
        maximum=low + 255, signed=signed,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("requantization", "total", "result"),
    [
        # The product is a little more than half a place of the bias, which is half an integer.
        (single(2.0**-23 * (1 + 2.0**-23), 2.5), 1, 3),
        (single(2.0**-23, 2.5), 1, 2),
        # Beyond every integer that fits.
        (single(2.0**18, 2.0**26), (1 << 31) - 1, 127),
        (single(2.0**18, 2.0**26), -(1 << 31), -128),
        # The zero point of uint8 has one more bit than int8's: a tie comes of the sum with it.
        (single(0.5 - 2.0**-20, 0.0, zero_point=200, signed=False), 1, 200),
        (single(0.5 - 2.0**-20, 0.0, zero_point=201, signed=False), 1, 202),
    ],
)
def test_single_steps_of_a_chain(requantization, total, result):
    sums = np.array([[total]])
    expected = requantize(sums, requantization)
    np.testing.assert_array_equal(machine_results(requantization, sums), expected)
    assert int(expected[0, 0]) == result


def test_biases_in_fixed_point():
    rng = np.random.default_rng(5)
    for factor in (1.0, 0.7310585975646973):
        requantization = Float32Bias(
            bias=tuple(np.float32(rng.normal(0, 1e5, 64)).tolist()),
            bias_scale=(factor,) * 64,
            multiplier=tuple(np.float32(rng.uniform(1e-4, 1e-3, 64)).tolist()),
            zero_point=3,
            minimum=0,
            maximum=255,
        )
        sums = rng.integers(-200_000, 200_000, (5000, 64))
        expected = requantize(sums, requantization)
        np.testing.assert_array_equal(machine_results(requantization, sums), expected)
        assert len(np.unique(expected)) > 100
        other = replace(requantization, bias=tuple(2 * value for value in requantization.bias))
        assert (machine_results(other, sums) != expected).any()
