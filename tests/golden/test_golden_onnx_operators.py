# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Single operators of ONNX files against ONNX Runtime, live."""

from dataclasses import replace

import numpy as np
import pytest
from onnx_cases import CASES
from onnx_files import OnnxWriter, runtime_results

from macaw.golden import (
    engines,
    movement,
    onnxruntime_elementwise,
    onnxruntime_pool,
    onnxruntime_tables,
    pool,
    run,
)
from macaw.golden.float32 import fma32
from macaw.golden.kernels import onnxruntime
from macaw.golden.quantize import quantize, tflite_quantize
from macaw.nn import from_onnx

FILES = 20


def differences(runtime, maker, count):
    """How many values differ, over some files of one maker."""
    total = 0
    for index in range(count):
        content, inputs = maker(np.random.default_rng([5, index]))
        graph = from_onnx(content)
        ours = run(graph, inputs)
        for name, expected in runtime_results(runtime, content, inputs).items():
            assert (ours[name].shape, ours[name].dtype) == (expected.shape, expected.dtype)
            total += np.count_nonzero(ours[name] != expected)
    return total


@pytest.fixture
def runtime(oracle):
    return oracle("onnx")


@pytest.mark.parametrize("name", CASES)
def test_equal_to_onnxruntime(runtime, name):
    assert differences(runtime, CASES[name], FILES) == 0


@pytest.mark.full
@pytest.mark.parametrize("name", CASES)
def test_equal_to_onnxruntime_on_many_files(runtime, name):
    assert differences(runtime, CASES[name], 300) == 0


def unfused(a, b, c):
    """A rival of `fma32`: two roundings."""
    return np.float32(np.float32(a) * np.float32(b)) + np.float32(c)


def reciprocal(values, scale, zero_point, *, dtype):
    """A rival of `onnxruntime_quantize`: PyTorch's."""
    return quantize(values, scale, zero_point, signed=dtype == np.int8)


def multiply(first, second, *, operands, result):
    """A rival of QLinearMul: the zero point after the rounding, as QLinearConv has it."""
    (a, a_zero), (b, b_zero) = operands
    factor = np.float32(a) * np.float32(b) / np.float32(result.scale)
    product = (first.astype(np.int32) - a_zero) * (second.astype(np.int32) - b_zero)
    rounded = np.rint(product.astype(np.float32) * factor) + result.zero_point
    limits = np.iinfo(first.dtype)
    return np.clip(rounded, limits.min, limits.max).astype(first.dtype)


def exact_mean(images, *, operand, result):
    """A rival of QLinearGlobalAveragePool: the mean, dequantised and quantised."""
    mean = images.mean(axis=(1, 2), keepdims=True, dtype=np.float64) - operand.zero_point
    rounded = np.rint(mean * operand.scale / result.scale) + result.zero_point
    limits = np.iinfo(images.dtype)
    return np.clip(rounded, limits.min, limits.max).astype(images.dtype)


def exact_average(images, *, operand, result, kernel, stride, padding, count_padding):
    """A rival of QLinearAveragePool: sums of integers, and one factor."""
    less = images.astype(np.float32) - operand.zero_point
    total = sum(pool.taps(less, kernel, stride, padding, 0), np.float32(0))
    ones = np.ones((1, *images.shape[1:3], 1), np.float32)
    count = sum(pool.taps(ones, kernel, stride, padding, 0), np.float32(0))
    count = np.float32(kernel[0] * kernel[1]) if count_padding else np.maximum(count, 1)
    factor = np.float32(operand.scale) / np.float32(result.scale)
    limits = np.iinfo(images.dtype)
    rounded = np.rint(total / count * factor) + result.zero_point
    return np.clip(rounded, limits.min, limits.max).astype(images.dtype)


def half_away(values, scale, zero_point, *, dtype):
    """A rival of `onnxruntime_quantize`: TensorFlow Lite's."""
    with np.errstate(over="ignore"):
        return tflite_quantize(values, scale, zero_point, dtype=dtype)


depth_to_space = movement.depth_to_space


def other_order(values, block, *, planar):
    """A rival of DepthToSpace: the other order of channels."""
    return depth_to_space(values, block, planar=not planar)


#: Operator, and what is put in the place of what.
RIVALS = [
    ("QLinearAdd, uint8", onnxruntime_elementwise, "fma32", unfused),
    ("QLinearAdd, int8", onnxruntime_elementwise, "fma32", unfused),
    ("QLinearMul, uint8", onnxruntime_elementwise, "multiply", multiply),
    ("QLinearConcat, uint8", onnxruntime_tables, "onnxruntime_quantize", reciprocal),
    ("QLinearLeakyRelu, int8", onnxruntime_tables, "onnxruntime_quantize", half_away),
    ("QuantizeLinear, int8", onnxruntime, "onnxruntime_quantize", half_away),
    ("Relu in pairs, uint8", onnxruntime_tables, "onnxruntime_quantize", half_away),
    ("QLinearGlobalAveragePool, uint8", onnxruntime_pool, "mean", exact_mean),
    ("QLinearAveragePool, uint8", onnxruntime_pool, "average_pool2d", exact_average),
    ("DepthToSpace, uint8", movement, "depth_to_space", other_order),
    ("DepthToSpace planar, int8", movement, "depth_to_space", other_order),
    (
        "Tile in pairs, int8",
        np,
        "tile",
        lambda values, count: np.resize(values, np.multiply(values.shape, count)),
    ),
]


@pytest.mark.parametrize(("name", "module", "attribute", "rival"), RIVALS)
def test_rival_is_noticed(runtime, monkeypatch, name, module, attribute, rival):
    monkeypatch.setattr(module, attribute, rival)
    assert differences(runtime, CASES[name], 10 * FILES) > 0


@pytest.mark.parametrize("name", ["Conv, uint8", "QGemm, uint8", "QLinearMatMul, uint8"])
def test_rival_requantisation_is_noticed(runtime, monkeypatch, name):
    """The reciprocal of the result's scale, as PyTorch's qnnpack has it."""

    def rival(*, bias, **parameters):
        made = engines.onnxruntime_requantization(bias=bias, **parameters)
        other = engines.qnnpack_requantization(bias=None, **parameters)
        return replace(made, multiplier=other.multiplier, shift=other.shift)

    monkeypatch.setattr(onnxruntime, "onnxruntime_requantization", rival)
    assert differences(runtime, CASES[name], 10 * FILES) > 0


def exact_logistic(x):
    return 1 / (1 + np.exp(-x))


def fused_hard_swish(x):
    inner = fma32(x, np.float32(1 / 6), np.float32(0.5))
    return np.float32(x) * np.clip(inner, np.float32(0), np.float32(1))


@pytest.mark.parametrize(
    ("kind", "function", "rival"),
    [
        ("Sigmoid", onnxruntime_tables.logistic32, exact_logistic),
        ("Tanh", onnxruntime_tables.tanh32, np.tanh),
        ("HardSwish", onnxruntime_tables.hard_swish32, fused_hard_swish),
    ],
)
def test_function_is_that_of_the_runtime(runtime, kind, function, rival):
    """In float32, before a table hides most of its bits."""
    file = OnnxWriter()
    file.node(kind, [file.input("x", np.float32, (100_000,))], "y")
    values = np.random.default_rng(3).normal(0, 4, 100_000).astype(np.float32)
    expected = runtime_results(runtime, file.file({"y": np.float32}, 14), [values])["y"]
    assert np.array_equal(function(values), expected)
    other = np.asarray(rival(values.astype(np.float64)), np.float32)
    assert np.count_nonzero(other != expected) > 1000


def test_reciprocal_is_noticed(runtime):
    """PyTorch's quantisation of the same numbers is another."""
    count = 0
    for index in range(FILES):
        content, inputs = CASES["QuantizeLinear, uint8"](np.random.default_rng([5, index]))
        graph = from_onnx(content)
        (result,) = graph.outputs
        tensor, finite = graph.tensors[result], np.abs(inputs[0]) < 1e6
        other = reciprocal(inputs[0][finite], tensor.scale, tensor.zero_point, dtype=np.uint8)
        count += np.count_nonzero(other != run(graph, inputs)[result][finite])
    assert count > 0
