# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""What the hardware takes of each recipe's parameters, and what is refused."""

from dataclasses import replace
from fractions import Fraction

import pytest
from arch_refusals import refused

from macaw.arch import Float32Bias, Float32Chain, Mode, RawSums, Requantization
from macaw.arch.parameters import FIXED_BIAS_BITS, FIXED_BIAS_FRACTION

BIASED = Float32Bias(
    bias=(0.0,), bias_scale=(1.0,), multiplier=(0.5,), zero_point=0, minimum=0, maximum=255
)
UNIT = 2.0**-FIXED_BIAS_FRACTION


@pytest.mark.parametrize(
    ("bias", "scale", "fixed"),
    [
        (0.0, 1.0, 0),
        (1.0, 1.0, 1 << 26),
        (-1.5, 2.0, -3 << 26),
        (UNIT, 1.0, 1),
        # What is lost makes the last bit one, whichever the sign.
        (2.0**-149, 1.0, 1),
        (-(2.0**-149), 1.0, -1),
        (2.5 * UNIT, 1.0, 3),
        (-2.5 * UNIT, 1.0, -3),
        (3.5 * UNIT, 1.0, 3),
        # Products are exact: 2**-47 below the last bit that float32 would keep.
        (1 + 2.0**-23, 1 - 2.0**-24, (1 << 26) + 3),
        (2.0**31 - 128, 1.0, ((1 << 31) - 128) << 26),
        (-(2.0**31) + 128, 1.0, -((1 << 31) - 128) << 26),
    ],
)
def test_fixed_bias(bias, scale, fixed):
    entries = replace(BIASED, bias=(bias,), bias_scale=(scale,)).entries
    assert entries["fixed_bias"] == (fixed,)
    assert -(1 << (FIXED_BIAS_BITS - 1)) < fixed < 1 << (FIXED_BIAS_BITS - 1)
    distance = abs(Fraction(bias) * Fraction(scale) / Fraction(UNIT) - fixed)
    assert distance < 1
    assert distance == 0 or fixed % 2 == 1


def test_entries_of_a_real_bias():
    taken = replace(BIASED, bias=(1.0, 2.0), bias_scale=(1.0, 1.0), multiplier=(1.0, 2.0**-60))
    assert taken.mode is Mode.FLOAT32_BIAS
    assert taken.entries == {
        "bias": (0, 0),
        "multiplier": (1 << 23, 1 << 23),
        "shift": (23, 63),
        "fixed_bias": (1 << 26, 2 << 26),
    }


@pytest.mark.parametrize("sign", [1, -1])
def test_a_bias_beyond_the_hardware(sign):
    sentence = (
        "bias must be below 2**31 in units of the accumulator, "
        f"not {sign * 2.0**31!r}: use larger scales of input or weights"
    )
    with refused(ValueError, sentence):
        assert replace(BIASED, bias=(sign * 2.0**30,), bias_scale=(2.0,)).entries


def test_a_multiplier_beyond_the_hardware():
    assert replace(BIASED, multiplier=(1.0,)).entries["shift"] == (23,)
    sentence = (
        "multiplier must be at most 1 in mode float32_bias, not 1.5: "
        "use a larger scale of the result"
    )
    with refused(ValueError, sentence):
        assert replace(BIASED, multiplier=(1.5,)).entries
    with refused(ValueError, "multiplier must be positive and finite, not 0.0"):
        assert replace(BIASED, multiplier=(0.0,)).entries


def test_entries_of_integers():
    taken = Requantization(
        mode=Mode.FLOAT32, bias=(5,), multiplier=(1 << 23,), shift=(24,), zero_point=0,
        minimum=0, maximum=1,
    )  # fmt: skip
    assert taken.entries == {"bias": (5,), "multiplier": (1 << 23,), "shift": (24,)}


def test_raw_sums():
    taken = RawSums(bias=[-(1 << 31), (1 << 31) - 1])
    assert (taken.mode, taken.out_channels) == (Mode.RAW, 2)
    assert taken.entries == {"bias": (-(1 << 31), (1 << 31) - 1)}
    with refused(ValueError, "bias must be in -2147483648 ... 2147483647, not 2147483648"):
        RawSums(bias=(1 << 31,))
    with refused(TypeError, "bias must be an integer, not 1.0"):
        RawSums(bias=(1.0,))
    with refused(ValueError, "bias must have one entry per output channel, not 0"):
        RawSums(bias=())


CHAIN = Float32Chain(
    input_scale=1.0, weight_scale=(1.0,), bias=(0.0,), output_multiplier=1.0, zero_point=0,
    minimum=0, maximum=255,
)  # fmt: skip


@pytest.mark.parametrize(
    ("input_scale", "weight_scale", "output_multiplier"),
    [
        (1.0, 1.0, 1.0),
        (0.75, 2.0**-20, 3.0),
        (1 + 2.0**-23, 1 - 2.0**-24, 2.0**-30),
        (2.0**-63, 2.0**63, 1.5),
        (2.0**17, 1 - 2.0**-24, 1.0),
    ],
)
def test_the_chains_integers_are_its_scales(input_scale, weight_scale, output_multiplier):
    bias = 3 / 4 / output_multiplier if output_multiplier != 3.0 else 0.25
    taken = replace(
        CHAIN, input_scale=input_scale, weight_scale=(weight_scale,), bias=(bias,),
        output_multiplier=output_multiplier,
    )  # fmt: skip
    assert taken.mode is Mode.FLOAT32_CHAIN
    entries, layer = taken.entries, taken.layer_entries
    [multiplier], [shift], [fixed_bias] = (
        entries[name] for name in ("multiplier", "shift", "fixed_bias")
    )
    assert entries["bias"] == (0,)
    assert all(1 << 23 <= bits < 1 << 24 for bits in (multiplier, *layer.values()))
    # The layer's unit, in which the last multiplier is below one.
    unit = Fraction(layer["output_multiplier"], 1 << 24) / Fraction(output_multiplier)
    product = Fraction(layer["input_multiplier"] * multiplier) / Fraction(2) ** (shift + 27)
    assert product == Fraction(input_scale) * Fraction(weight_scale) / unit
    assert Fraction(fixed_bias, 1 << 27) == Fraction(bias) / unit


def test_ends_of_the_chains_entries():
    # Half a unit and what is below its last bit; a shift beyond which nothing is left.
    taken = replace(CHAIN, bias=(-(2.0**-149),), weight_scale=(2.0**-63,), input_scale=2.0**-63)
    assert taken.entries["fixed_bias"] == (-1,)
    assert taken.entries["shift"] == (127,)
    largest = replace(CHAIN, bias=(2.0**27 - 8,))
    assert largest.entries["fixed_bias"] == ((1 << 55) - (16 << 27),)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"input_scale": 2.0**-64}, "input_scale must be in 2**-63 ... 2**63, not {!r}"),
        ({"output_multiplier": -1.0}, "output_multiplier must be in 2**-63 ... 2**63, not {!r}"),
        ({"weight_scale": (2.0**64,)}, "weight_scale must be in 2**-63 ... 2**63, not {0[0]!r}"),
        (
            {"bias": (-(2.0**27),)},
            (
                "bias must be below 2**27 in units of the result, not about {0[0]!r}: "
                "use a larger scale of the result"
            ),
        ),
        (
            {"weight_scale": (2.0**19,)},
            (
                "input_scale * weight_scale * output_multiplier must be below 2**19 in mode "
                "float32_chain, not {0[0]!r}: use a larger scale of the result"
            ),
        ),
    ],
)
def test_chains_beyond_the_hardware(changes, sentence):
    [value] = changes.values()
    with refused(ValueError, sentence.format(value)):
        assert replace(CHAIN, **changes).entries
