# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The engines' parameters: which mode they choose, small examples, and the refusals."""

from typing import Any

import numpy as np
import pytest

from macaw.arch import Mode, Requantization
from macaw.golden import (
    Activation,
    Float32Bias,
    Float32Chain,
    fbgemm_requantization,
    onednn_requantization,
    onnxruntime_requantization,
    qnnpack_requantization,
    tflite_requantization,
    x86_requantization,
)
from macaw.golden.engines import qnnpack_bias, x86_uses_onednn
from macaw.golden.tflite import activation_bounds

LAYER: dict[str, Any] = {
    "input_scale": 0.5,
    "weight_scales": (0.25, 0.125),
    "output_scale": 1.0,
    "bias": (1.0, -2.0),
    "zero_point": 7,
}
ENGINES = (
    qnnpack_requantization,
    fbgemm_requantization,
    onednn_requantization,
    onnxruntime_requantization,
    tflite_requantization,
)


def test_qnnpack() -> None:
    assert qnnpack_requantization(**LAYER, relu=True) == Requantization(
        mode=Mode.FLOAT32,
        bias=(8, -32),
        multiplier=(1 << 23, 1 << 23),
        shift=(26, 27),
        zero_point=7,
        minimum=7,
        maximum=255,
        signed=False,
    )
    signed = qnnpack_requantization(**LAYER, signed=True)
    assert (signed.minimum, signed.maximum) == (-128, 127)


def test_qnnpack_bias_rounds_to_even_and_saturates() -> None:
    bias = qnnpack_bias(input_scale=0.5, weight_scales=0.5, bias=[0.125, 0.375, -0.125, 1e9, -1e9])
    assert bias.dtype == np.int32
    assert bias.tolist() == [0, 2, 0, 2**31 - 1, -(2**31)]


def test_qnnpack_bias_takes_a_reciprocal() -> None:
    scales = {"input_scale": 0.05758145324224634, "weight_scales": 0.03286506971651827}
    product = np.float32(scales["input_scale"] * scales["weight_scales"])
    bias = np.float32(2.7241364)
    assert qnnpack_bias(**scales, bias=[bias]).tolist() == [1439]
    assert np.rint(bias / product) == 1440


def test_qnnpack_bias_multiplies_the_scales_in_float64() -> None:
    """PyTorch 2.13.0 gives 55 here, for weights per tensor and per channel."""
    scales = {"input_scale": 0.07322015953741584, "weight_scales": 0.054818874155076865}
    bias = np.float32(0.22276846)
    assert qnnpack_bias(**scales, bias=[bias]).tolist() == [55]
    product = np.float32(scales["input_scale"]) * np.float32(scales["weight_scales"])
    assert np.rint(bias * (np.float32(1) / product)) == 56


def test_fbgemm() -> None:
    bounds = {"zero_point": 7, "minimum": 0, "maximum": 255, "signed": False}
    assert fbgemm_requantization(**LAYER) == Float32Bias(
        bias=(8, -32), bias_scale=(1, 1), multiplier=(0.125, 0.0625), **bounds
    )
    assert fbgemm_requantization(**{**LAYER, "weight_scales": 0.25}) == Float32Bias(
        bias=(1, -2), bias_scale=(8, 8), multiplier=(0.125, 0.125), **bounds
    )
    without = fbgemm_requantization(**{**LAYER, "bias": None})
    assert without == qnnpack_requantization(**{**LAYER, "bias": None})


def test_onednn() -> None:
    assert onednn_requantization(**LAYER, relu=True) == Float32Chain(
        input_scale=0.5, weight_scale=(0.25, 0.125), bias=(1, -2), output_multiplier=1,
        zero_point=7, minimum=7, maximum=255, signed=False,
    )  # fmt: skip
    assert onednn_requantization(**{**LAYER, "bias": None}).bias == (0, 0)


def test_onednn_inverts_weight_scales_of_linear_layers_twice() -> None:
    rng = np.random.default_rng(3)
    scales = rng.uniform(0.001, 1, 300)
    once = np.float32(1) / (np.float32(1) / np.float32(scales))
    layer = {**LAYER, "weight_scales": scales, "bias": None}
    linear = onednn_requantization(**layer, linear=True)
    assert linear.weight_scale == tuple(once)
    assert linear.weight_scale != onednn_requantization(**layer).weight_scale
    for scale in scales[:20]:
        layer = {**LAYER, "weight_scales": scale, "bias": None, "out_channels": 1}
        double = np.float32(1) / np.float32(1.0 / scale)
        assert onednn_requantization(**layer, linear=True).weight_scale == (double,)


@pytest.mark.parametrize(
    ("changed", "onednn"),
    [
        ({}, True),
        ({"linear": True}, False),
        ({"groups": 100}, True),
        ({"groups": 101}, False),
        ({"weight_zero_point": (0, 1)}, False),
        ({"vnni": False}, False),
    ],
)
def test_x86_chooses(changed: dict[str, Any], onednn: bool) -> None:
    choice = {"linear": False, "groups": 1, "weight_zero_point": 0, "vnni": True} | changed
    assert x86_uses_onednn(**choice) == onednn
    other = onednn_requantization if onednn else fbgemm_requantization
    assert x86_requantization(**LAYER, **choice) == other(**LAYER)


def test_onnxruntime_takes_an_integer_bias() -> None:
    layer = {**LAYER, "bias": np.array([5, -6], np.int32)}
    ours = onnxruntime_requantization(**layer)
    assert (ours.mode, ours.bias, ours.shift) == (Mode.FLOAT32, (5, -6), (26, 27))
    with pytest.raises(TypeError, match="^bias must be integers, not float64"):
        onnxruntime_requantization(**LAYER)
    with pytest.raises(ValueError, match=r"^bias must have 2 entries, not shape \(2, 1\)"):
        onnxruntime_requantization(**{**LAYER, "bias": [[5], [6]]})


def test_quotient_and_reciprocal_differ() -> None:
    layer = {**LAYER, "output_scale": 0.3, "weight_scales": np.linspace(0.1, 0.2, 50), "bias": None}
    quotient = onnxruntime_requantization(**layer)
    assert quotient.multiplier != qnnpack_requantization(**layer).multiplier
    assert quotient == fbgemm_requantization(**layer)


def test_tflite() -> None:
    layer = {**LAYER, "bias": np.array([5, -6], np.int32)}
    ours = tflite_requantization(**layer, activation=Activation.RELU6)
    assert ours == Requantization(
        mode=Mode.FIXED_DOUBLE_AWAY,
        bias=(5, -6),
        multiplier=(1 << 30, 1 << 30),
        shift=(-2, -3),
        zero_point=7,
        minimum=7,
        maximum=13,
    )
    up = tflite_requantization(**layer, mode=Mode.FIXED_DOUBLE_UP)
    assert (up.mode, up.minimum) == (Mode.FIXED_DOUBLE_UP, -128)
    with pytest.raises(ValueError, match=r"^mode must be one of fixed_double_away, .*, not"):
        tflite_requantization(**layer, mode=Mode.FLOAT32)


def test_tflite_rounds_the_product_where_it_is_told_to() -> None:
    layer = {**LAYER, "bias": None, "input_scale": np.float32(0.3), "weight_scales": 0.7}
    exact, rounded = (
        tflite_requantization(**layer, out_channels=1, float32_product=product)
        for product in (False, True)
    )
    scales = float(np.float32(0.3)), float(np.float32(0.7))
    assert exact.multiplier == (round(scales[0] * scales[1] * 2**33),)
    assert rounded.multiplier == (round(float(np.float32(0.3) * np.float32(0.7)) * 2**33),)
    assert exact != rounded


@pytest.mark.parametrize(
    ("activation", "signed", "bounds"),
    [
        (Activation.NONE, True, (-128, 127)),
        (Activation.NONE, False, (0, 255)),
        (Activation.RELU, True, (5, 127)),
        (Activation.RELU6, False, (5, 20)),
        (Activation.RELU_N1_TO_1, True, (2, 8)),
    ],
)
def test_activation_bounds(activation: Activation, signed: bool, bounds: tuple[int, int]) -> None:
    """6 / 0.4 is 15; 1 / 0.4 is 2.5, rounded away from zero."""
    assert activation_bounds(activation, output_scale=0.4, zero_point=5, signed=signed) == bounds


def test_activation_refuses() -> None:
    with pytest.raises(ValueError, match=r"^activation must be one of none, relu, .*, not 'tanh'"):
        activation_bounds("tanh", output_scale=1.0, zero_point=0, signed=True)


@pytest.mark.parametrize("engine", ENGINES)
def test_engines_refuse(engine: Any) -> None:
    layer = {**LAYER, "bias": None}
    with pytest.raises(ValueError, match="^input_scale must be positive and finite, not 0"):
        engine(**{**layer, "input_scale": 0})
    with pytest.raises(ValueError, match="^output_scale must be positive and finite, not nan"):
        engine(**{**layer, "output_scale": float("nan")})
    with pytest.raises(ValueError, match="^weight_scales must be positive and finite, not "):
        engine(**{**layer, "weight_scales": (0.1, -0.1)})
    with pytest.raises(ValueError, match="^weight_scales must be positive and finite, not "):
        engine(**{**layer, "weight_scales": (0.1, 1e300)})
    with pytest.raises(ValueError, match="must agree on the number of output channels"):
        engine(**layer, out_channels=3)
    with pytest.raises(ValueError, match="must agree on the number of output channels"):
        engine(**{**layer, "weight_scales": 0.1})
    with pytest.raises(ValueError, match="must agree on the number of output channels"):
        engine(**{**layer, "weight_scales": ((0.1, 0.2),)})
    with pytest.raises(ValueError, match=r"^zero_point must be in .*, not 256"):
        engine(**{**layer, "zero_point": 256})


def test_float_bias_must_be_finite() -> None:
    for engine in ENGINES[:3]:
        with pytest.raises(ValueError, match="^bias must be finite, not"):
            engine(**{**LAYER, "bias": (1.0, float("inf"))})
        with pytest.raises(ValueError, match="must agree on the number of output channels"):
            engine(**{**LAYER, "bias": (1.0,)})
