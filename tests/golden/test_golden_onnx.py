# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Golden layers against ONNX Runtime: results of QLinearConv and QLinearMatMul, accumulators."""

import importlib
from dataclasses import replace

import numpy as np
from golden_layers import Layer, make_layer

from macaw.golden import (
    accumulate_conv2d,
    accumulate_linear,
    onnxruntime_requantization,
    qnnpack_requantization,
    requantize,
)
from macaw.golden.engines import qnnpack_bias

SEED = 77
LAYERS = 84
OUTPUTS = 12_000


def _layer(index: int) -> Layer:
    """A difficult layer; with weight zero points every third one is per tensor with its own."""
    layer = make_layer(SEED, index, weight_zero_points=False, outputs=OUTPUTS)
    if index % 3 == 1 and np.ndim(layer.weight_scales) == 0:
        return replace(layer, weight_zero_points=index % 50 - 25)
    return layer


def _accumulate(layer: Layer, inputs, zero_point: int, weight_zero_point=0):
    zero_points = {"input_zero_point": zero_point, "weight_zero_point": weight_zero_point}
    if layer.shape is None:
        return accumulate_linear(inputs, layer.weights, **zero_points)
    return accumulate_conv2d(inputs, layer.weights, shape=layer.shape, **zero_points)


def test_equal_to_onnxruntime(oracle) -> None:
    runtime = oracle("onnx")
    onnx = importlib.import_module("onnx")
    run_integer, run_quantised = (
        getattr(importlib.import_module("golden_onnx"), name)
        for name in ("run_integer", "run_quantised")
    )
    compared, sums, reciprocal_wrong = 0, 0, 0
    for index in range(LAYERS):
        layer = _layer(index)
        # int8 activations are the uint8 ones less 128.
        offset = 128 if index % 4 >= 2 else 0
        dtype = np.int8 if offset else np.uint8
        inputs = (layer.inputs.astype(np.int16) - offset).astype(dtype)
        zero_points = layer.input_zero_point - offset, layer.output_zero_point - offset
        bias = None
        if layer.bias is not None and layer.shape is not None:
            bias = qnnpack_bias(
                input_scale=layer.input_scale, weight_scales=layer.weight_scales, bias=layer.bias
            )
        parameters = {
            "input_scale": layer.input_scale,
            "weight_scales": layer.weight_scales,
            "output_scale": layer.output_scale,
            "zero_point": zero_points[1],
            "signed": offset > 0,
            "out_channels": layer.out_channels,
        }
        accumulators = _accumulate(layer, inputs, zero_points[0], layer.weight_zero_points)
        requantization = onnxruntime_requantization(**parameters, bias=bias)
        ours = requantize(accumulators, requantization)
        expected = run_quantised(onnx, runtime, layer, inputs, zero_points, bias)
        different = np.argwhere(ours != expected)
        assert len(different) == 0, (
            f"seed {SEED}, {layer.label}, {layer.shape}, {sorted(layer.classes)}, {dtype}: "
            f"{len(different)} of {expected.size} differ, first at {different[0].tolist()}"
        )
        compared += expected.size
        other = qnnpack_requantization(**parameters, bias=None)
        rival = replace(requantization, multiplier=other.multiplier, shift=other.shift)
        reciprocal_wrong += np.count_nonzero(requantize(accumulators, rival) != expected)

        exact = run_integer(onnx, runtime, layer, inputs, zero_points[0])
        np.testing.assert_array_equal(_accumulate(layer, inputs, zero_points[0]), exact)
        sums += exact.size
    print(f"\n{compared} results, {sums} accumulators, 0 mismatches, seed {SEED}")
    print(f"the reciprocal of the output's scale instead of a quotient: {reciprocal_wrong} wrong")
    assert compared > 500_000
    assert reciprocal_wrong > 0
