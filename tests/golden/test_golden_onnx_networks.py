# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Whole networks from ONNX files against ONNX Runtime, at every tensor of 8 bits; and what it
fuses: pairs left out at random are refused, or the bits are equal."""

import numpy as np
import pytest
from onnx_files import OnnxWriter, runtime_kinds, runtime_results
from onnx_networks import exposed, image, network, quantised, random_pairs

from macaw.golden import onnxruntime_elementwise, run
from macaw.nn import ModelError, from_onnx, load
from macaw.nn.graph.operators import Transpose
from macaw.nn.onnx import real

#: What the runtime must not have left in float32, where a file of pairs was taken.
FLOAT = {
    "Add", "AveragePool", "Concat", "Conv", "FusedConv", "Gemm", "GlobalAveragePool", "LeakyRelu",
    "MatMul", "Mul",
}  # fmt: skip
IMAGES = 3


@pytest.fixture
def runtime(oracle):
    return oracle("onnx")


def differing(runtime, content, images):
    """(the names of tensors that differ, how many values were compared)."""
    graph = from_onnx(content)
    names, compared = set(), 0
    for values in images:
        ours = run(graph, [values])
        for name, expected in runtime_results(runtime, content, [values]).items():
            assert (ours[name].shape, ours[name].dtype) == (expected.shape, expected.dtype)
            names.update([name] if np.any(ours[name] != expected) else [])
            compared += expected.size
    return names, compared


NETWORKS = [
    ("Relu", "Gemm", "QDQ", False, False),
    ("Relu", "Gemm", "QDQ", True, True),
    ("Relu", "MatMul", "QOperator", False, True),
    ("Relu", "Gemm", "QOperator", True, False),
    ("Clip", "MatMul", "QDQ", False, True),
    ("LeakyRelu", "Gemm", "QDQ", True, False),
    ("LeakyRelu", "MatMul", "QOperator", False, False),
    ("SiLU", "Gemm", "QDQ", False, True),
    ("SiLU", "Gemm", "QOperator", True, True),
]


@pytest.mark.parametrize(("activation", "last", "form", "signed", "per_channel"), NETWORKS)
def test_network(runtime, tmp_path, activation, last, form, signed, per_channel):
    model = quantised(
        network(activation, last), tmp_path, form=form, signed=signed, per_channel=per_channel
    )
    images = [image(100 + index) for index in range(IMAGES)]
    names, compared = differing(runtime, exposed(model).SerializeToString(), images)
    assert (names, compared > 15_000) == (set(), True)
    # Exposed tensors are in the file's layout; in the file as it is, only the input is turned.
    graph = from_onnx(model.SerializeToString())
    assert sum(isinstance(operator, Transpose) for operator in graph.operators) == 1
    assert differing(runtime, model.SerializeToString(), images)[0] == set()


def test_network_rival_is_noticed(runtime, tmp_path, monkeypatch):
    """A sum whose steps round twice, where the runtime's are fused."""
    model = quantised(network("Relu", "Gemm"), tmp_path, form="QDQ", signed=False, per_channel=True)

    def unfused(a, b, c):
        return np.float32(np.float32(a) * np.float32(b)) + np.float32(c) + np.float32(0.001)

    monkeypatch.setattr(onnxruntime_elementwise, "fma32", unfused)
    images = [image(100 + index) for index in range(IMAGES)]
    assert differing(runtime, exposed(model).SerializeToString(), images)[0]


def test_load(runtime, tmp_path):
    model = quantised(network("Relu", "Gemm"), tmp_path, form="QDQ", signed=True, per_channel=True)
    graph = load(tmp_path / "quantised.onnx")
    assert (graph.name, graph.tensors["x"].shape) == ("quantised", (1, 3, 16, 16))
    with pytest.raises(ModelError, match="semantics of an ONNX file must be onnxruntime"):
        load(tmp_path / "quantised.onnx", semantics="tflite")
    assert model.graph.node


def taken(runtime, folder, seeds):
    """(files that were taken, those that differ or that the runtime leaves in float32)."""
    count, wrong = 0, []
    for seed in seeds:
        content, values = random_pairs(seed)
        try:
            names, _ = differing(runtime, content, [values])
        except ModelError:
            continue
        count += 1
        if names or FLOAT.intersection(runtime_kinds(runtime, content, folder)):
            wrong.append(seed)
    return count, wrong


def test_random_pairs(runtime, tmp_path):
    count, wrong = taken(runtime, tmp_path, range(100))
    assert count > 40
    assert wrong == []


@pytest.mark.full
def test_many_random_pairs(runtime, tmp_path):
    count, wrong = taken(runtime, tmp_path, range(1000, 6000))
    assert count > 2000
    assert wrong == []


@pytest.mark.parametrize("rule", ["_only_use", "_covered", "_hidden"])
def test_rule_of_fusing_is_needed(runtime, tmp_path, monkeypatch, rule):
    """Without one of the rules, files are taken that the runtime leaves in float32."""
    lax = {"_only_use": None, "_covered": True, "_hidden": ""}[rule]
    monkeypatch.setattr(real, rule, lambda *_: lax)
    for start in range(0, 2000, 100):
        if taken(runtime, tmp_path, range(start, start + 100))[1]:
            return
    raise AssertionError("the rule changes nothing")


@pytest.mark.parametrize("dtype", [np.uint8, np.int8])
def test_bounds_are_covered_where_the_runtime_says_so(runtime, tmp_path, dtype):
    """Scales at and beside 6 / 254.5, the last where 6 becomes the greatest integer, and lower
    bounds at and beside half a step."""
    lowest, taken = int(np.iinfo(dtype).min), set()
    cases = [(6 / steps, 0.0, 0) for steps in (200, 254, 254.49, 254.5, 254.51, 254.9, 255, 256)]
    cases += [(6 / 255, low, 0) for low in (-0.1, 0.0117, 0.0118)]
    cases += [(6 / 254, low, 1) for low in (0.0, -0.0117, -0.0119, -0.02)]
    for step, low, zero_point in cases:
        file = OnnxWriter()
        x = file.dequantize(file.input("x", dtype, (1, 1, 4, 4)), 0.1, dtype(3))
        weights = file.dequantize(np.ones((1, 1, 1, 1), np.int8), 0.1, np.int8(0))
        y = file.node("Clip", [file.node("Conv", [x, weights]), np.float32(low), np.float32(6)])
        file.quantize(y, step, dtype(lowest + zero_point), "y")
        content = file.file({"y": dtype})
        fused = "QLinearConv" in runtime_kinds(runtime, content, tmp_path)
        taken.add(fused)
        if fused:
            assert from_onnx(content).operators
            continue
        with pytest.raises(ModelError, match="must be covered by the range"):
            from_onnx(content)
    assert taken == {True, False}


def biased(bias, unit):
    """A convolution of pairs with one weight, whose bias is float32."""
    file = OnnxWriter()
    x = file.dequantize(file.input("x", np.uint8, (1, 1, 1, 2)), unit, np.uint8(0))
    count = len(bias)
    ones = np.ones((count, 1, 1, 1), np.int8)
    weights = file.dequantize(ones, np.full(count, 0.7), np.zeros(count, np.int8), axis=0)
    file.quantize(file.node("Conv", [x, weights, bias]), 0.7 * unit, np.uint8(128), "y")
    return file.file({"y": np.uint8})


def test_bias_is_rounded_as_the_runtime_does(runtime):
    """Biases beside halves of ``fl(s_x * s_w)``: the formula with a product that is not rounded,
    or with a reciprocal, gives other integers."""
    rng = np.random.default_rng(8)
    values, others = [np.uint8([[[[0, 1]]]])], 0
    for _ in range(20):
        unit = np.float32(rng.uniform(0.01, 0.1))
        product = unit * np.float32(0.7)
        bias = ((rng.integers(-60, 60, 64) + 0.5) * product).astype(np.float32)
        bias = np.nextafter(bias, np.float32(np.inf) * rng.choice([-1, 1], 64).astype(np.float32))
        content = biased(bias, unit)
        assert differing(runtime, content, values)[0] == set()
        exact = np.rint(bias.astype(float) / (float(unit) * float(np.float32(0.7))))
        reciprocal = np.rint(bias * (np.float32(1) / product))
        ours = np.rint(bias / product)
        others += np.any(ours != exact) and np.any(ours != reciprocal)
    assert others > 0
