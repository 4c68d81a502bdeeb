# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""What the importer of ONNX files makes of them, and what it refuses in one sentence."""

import builtins

import numpy as np
import pytest
from onnx_files import OnnxWriter
from onnx_graphs import MEANING, integers_file, pairs_file

from macaw.golden import run
from macaw.nn import ModelError, Semantics, from_onnx, from_tflite, load
from macaw.nn.graph import operators as op

BYTES, REAL = np.uint8, np.float32


@pytest.fixture(autouse=True)
def _library(oracle):
    oracle("onnx")


def kinds(graph):
    return [type(operator).__name__ for operator in graph.operators]


def test_only_borders_are_turned():
    graph = from_onnx(integers_file(), name="small")
    assert (graph.name, graph.semantics) == ("small", Semantics.ONNXRUNTIME)
    assert kinds(graph) == [
        "Transpose",
        "Conv2d",
        "MaxPool2d",
        "Add",
        "Mean",
        "Reshape",
        "Reshape",
        "Linear",
    ]
    # The file's names stand for the images with their channels last; the input is the file's own.
    assert graph.tensors["x"].shape == (1, 2, 8, 8)
    assert graph.tensors["x#nhwc"].shape == (1, 8, 8, 2)
    assert graph.tensors["both"].shape == (1, 4, 4, 4)
    assert graph.tensors["first"].quantization.zero_point == (3,)


def test_outputs_are_in_the_layout_of_the_file():
    graph = from_onnx(integers_file(("y", "first", "mean")))
    assert graph.outputs == ("y", "first", "mean")
    assert graph.tensors["first#nhwc"].shape == (1, 4, 4, 4)
    assert graph.tensors["mean"].shape == (1, 4, 1, 1)
    # An image of one pixel needs no transposition.
    assert kinds(graph).count("Transpose") == 2


def test_pairs_become_operators_of_integers():
    graph = from_onnx(pairs_file())
    assert kinds(graph) == [
        "Quantize",
        "Transpose",
        "Conv2d",
        "Slice",
        "Logistic",
        "Dequantize",
        "Transpose",
    ]
    assert graph.tensors["x"].shape == (1, 2, 8, 8)
    assert graph.operators[3].sizes == (1, 8, 8, 2)
    assert graph.macs == 64 * 4 * 18


def test_one_tensor_with_two_meanings():
    """Each operator says what integers mean, so two may differ: the integers are the same."""
    file = OnnxWriter()
    x = file.input("x", BYTES, (4,))
    other = (np.float32(0.5), np.uint8(7))
    file.node("QLinearAdd", [x, *MEANING, x, *other, *other], "y")
    graph = from_onnx(file.file({"y": BYTES}))
    assert kinds(graph) == ["Cast", "Add"]
    assert run(graph, [np.uint8([0, 7, 8, 200])])["y"].tolist() == [0, 7, 8, 220]


def test_aliases():
    """A result that is an input by another name, and one that is there in the other layout."""
    file = OnnxWriter()
    x = file.input("x", BYTES, (1, 2, 3, 4))
    file.node("Identity", [x], "same")
    turned = file.node("Transpose", [x], perm=[0, 3, 1, 2])
    file.node("Transpose", [turned], "back", perm=[0, 2, 3, 1])
    graph = from_onnx(file.file({"same": BYTES, "back": BYTES}))
    assert set(kinds(graph)) == {"Reshape"}
    values = np.arange(24, dtype=np.uint8).reshape(1, 2, 3, 4)
    for result in run(graph, [values]).values():
        assert np.array_equal(result, values)


def test_shapes_are_folded():
    file = OnnxWriter()
    x = file.input("x", BYTES, ("batch", 2, 3, 4))
    size = file.node("Gather", [file.node("Shape", [x]), np.array(0)])
    shape = file.node(
        "Concat", [file.node("Unsqueeze", [size, np.array([0])]), np.array([-1])], axis=0
    )
    file.node("Reshape", [x, shape], "y")
    graph = from_onnx(file.file({"y": BYTES}))
    assert graph.operators == (op.Reshape(inputs=("x",), outputs=("y",), shape=(1, 24)),)


def test_weights_are_quantised_in_the_file():
    """As files of quantisation-aware training have them: float32, and a pair."""
    file = OnnxWriter()
    x = file.dequantize(file.input("x", BYTES, (1, 1, 2, 2)), *MEANING)
    scales, zeros = np.array([0.5, 0.25], REAL), np.zeros(2, np.int8)
    weights = np.array([0.75, -100.0], REAL).reshape(2, 1, 1, 1)
    quantised = file.node("QuantizeLinear", [weights, scales, zeros], axis=0)
    file.quantize(
        file.node("Conv", [x, file.dequantize(quantised, scales, zeros, axis=0)]), *MEANING, "y"
    )
    graph = from_onnx(file.file({"y": BYTES}))
    assert graph.tensors[graph.operators[-2].inputs[1]].data.ravel().tolist() == [2, -128]


def conv(file, x, bias=None, scales=0.01, **attributes):
    weights = file.dequantize(
        np.ones((2, 2, 1, 1), np.int8), scales, np.zeros(np.shape(scales), np.int8), axis=1
    )
    return file.node("Conv", [x, weights] + ([] if bias is None else [bias]), **attributes)


def image(file):
    return file.dequantize(file.input("x", BYTES, (1, 2, 4, 4)), *MEANING)


def refused_pairs(build):
    """A file that ``build`` makes from a writer and a dequantised image, ending in float32."""

    def make():
        file = OnnxWriter()
        name = build(file, image(file))
        dtype = BYTES if name == "y" else REAL
        return file.file({name: dtype})

    return make


def quantised(file, name, *meaning):
    return file.quantize(name, *(meaning or MEANING), "y")


def twice(file, x):
    y = conv(file, x)
    file.node("Relu", [y])
    return quantised(file, y)


NARROW = (np.float32(0.05), np.uint8(9))


def pair(file, name):
    return file.dequantize(file.quantize(name, *MEANING), *MEANING)


LARGE = np.array([1e9, 0], REAL)
PAIRS = [
    (lambda f, x: conv(f, x), "output 't2', of Conv, must be quantised"),
    (twice, "'t2' must be read by one operator only, so that it can be fused"),
    (
        lambda f, x: quantised(f, f.node("Relu", [conv(f, x)]), *NARROW),
        "Relu behind Conv must be covered by the range",
    ),
    (
        lambda f, x: quantised(f, f.node("Flatten", [conv(f, x)])),
        "must stand between Conv and Flatten",
    ),
    (lambda f, x: quantised(f, conv(f, f.node("Flatten", [x]))), "not from Flatten: put a Quant"),
    (
        lambda f, x: quantised(f, pair(f, conv(f, x)), np.float32(0.5), np.uint8(3)),
        "must be quantised with the scale, zero point and type",
    ),
    (
        lambda f, x: quantised(f, conv(f, x), np.float32(1), np.int8(0)),
        "the result must be uint8, as the input is, not int8",
    ),
    (
        lambda f, x: quantised(f, conv(f, x, scales=np.array([0.1, 0.2], REAL))),
        "must have scales along axis 0, not 2 along axis 1",
    ),
    (
        lambda f, x: quantised(f, conv(f, x, np.array([1, 2, 3], REAL))),
        "the bias must be 2 constants",
    ),
    (lambda f, x: quantised(f, conv(f, x, LARGE)), r"the bias must be less than 2\*\*31 times"),
    (
        lambda f, x: quantised(
            f, conv(f, x, f.dequantize(np.array([1, 2], np.int32), 0.1, np.int32(0)))
        ),
        "the bias's scale must be input scale times weight scale",
    ),
    (
        lambda f, x: quantised(f, conv(f, x, np.array([1, 2]))),
        "the bias must be float32, or int32 dequantised",
    ),
    (
        lambda f, x: f.node("Softmax", [x]),
        "let the file end at 't0'",
    ),
    (lambda f, x: f.node("Erf", [x]), "operator 1, 'Erf' to 't1': the operator is not supported"),
    (
        lambda f, x: quantised(f, f.node("Clip", [x, REAL(0.5), REAL(3)])),
        "bounds 0.5 ... 3.0 are not supported here",
    ),
    (
        lambda f, x: quantised(f, f.node("Add", [x, REAL(2)])),
        "'constant2' must come from a DequantizeLinear",
    ),
    (lambda f, x: quantised(f, f.node("Gemm", [x, x], alpha=2.0)), "alpha must be 1.0, not 2.0"),
    (
        lambda f, x: quantised(f, f.node("MaxPool", [x], kernel_shape=[2, 2], dilations=[2, 2])),
        "dilations must be",
    ),
    (lambda f, x: quantised(f, f.node("AveragePool", [x])), "kernel_shape must be given"),
    (
        lambda f, x: quantised(f, f.node("Pad", [x, np.array([0, 0, 0, 0, 0, 0, 1, 1]), REAL(1)])),
        "the value must be 0",
    ),
    (
        lambda f, x: quantised(
            f, f.node("Resize", [x, "", np.array([1, 1, 1.5, 2], REAL)], mode="nearest")
        ),
        "scales must be 4 whole numbers",
    ),
    (
        lambda f, x: quantised(
            f, f.node("Resize", [x, "", np.array([1, 1, 2, 2], REAL)], mode="linear")
        ),
        "mode must be 'nearest', not 'linear'",
    ),
    (lambda f, x: quantised(f, conv(f, x, auto_pad="SAME")), "auto_pad must be"),
    (
        lambda f, x: quantised(f, f.node("Reshape", [x, np.array([3, -1])])),
        "shape must hold as many values",
    ),
]


@pytest.mark.parametrize(("build", "sentence"), PAIRS)
def test_pairs_are_refused(build, sentence):
    with pytest.raises(ModelError, match=sentence):
        from_onnx(refused_pairs(build)())


def integer_operator(kind, *operands, dtype=BYTES, shape=(1, 2, 4, 4), **attributes):
    file = OnnxWriter()
    file.node(kind, [file.input("x", dtype, shape), *operands], "y", **attributes)
    return file.file({"y": dtype})


KERNEL = np.ones((2, 2, 1, 1), np.int8)
INTEGERS = [
    (
        lambda: integer_operator(
            "QLinearConv", *MEANING, KERNEL, REAL(1), np.int8(0), *MEANING, shape=(1, 2, 4)
        ),
        "the image must have 4 axes",
    ),
    (
        lambda: integer_operator(
            "QLinearConv", *MEANING, KERNEL, REAL(1), np.int8(0), *MEANING, group=3
        ),
        "in_channels must be a multiple of groups",
    ),
    (
        lambda: integer_operator("QLinearConv", *MEANING, KERNEL, REAL(-1), np.int8(0), *MEANING),
        "the scale must be positive and finite",
    ),
    (
        lambda: integer_operator(
            "QLinearConv", MEANING[0], np.int8(0), KERNEL, REAL(1), np.int8(0), *MEANING
        ),
        "the zero point of 'x' must be uint8, not int8",
    ),
    (
        lambda: integer_operator("QLinearConv", *MEANING, "x", REAL(1), np.uint8(0), *MEANING),
        "must be constant",
    ),
    (lambda: integer_operator("QLinearConv", *MEANING), "inputs must be 8 ... 9 tensors, not 3"),
    (
        lambda: integer_operator(
            "QLinearConv",
            REAL(1),
            np.int8(0),
            KERNEL.astype(np.uint8),
            REAL(1),
            np.uint8(0),
            REAL(1),
            np.int8(0),
            dtype=np.int8,
        ),
        "must be of type int8, not uint8",
    ),
    (
        lambda: integer_operator("QLinearAdd", *MEANING, "gone", *MEANING, *MEANING),
        "tensor 'gone' must be written before it is read",
    ),
    (
        lambda: integer_operator("QLinearSigmoid", *MEANING, MEANING[0], np.int8(0)),
        "inputs and result must be of one type, not int8 and uint8",
    ),
    (
        lambda: integer_operator("MaxPool", kernel_shape=[2, 2], dtype=REAL),
        "'x' must be int8 or uint8, not float32",
    ),
    (lambda: integer_operator("MaxPool", kernel_shape=[2]), "kernel_shape must be 2 integers"),
    (lambda: integer_operator("Transpose", perm=[0, 1, 2, 2]), "perm must be of 4 axes"),
    (lambda: integer_operator("Flatten", axis=9), "axis must be in -4 ... 4, not 9"),
    (
        lambda: integer_operator("Split", axis=1, num_outputs=3),
        "num_outputs must be the number of outputs, 1",
    ),
    (
        lambda: integer_operator("Identity", shape=(1, "height", 3)),
        "input 'x' must have a fixed shape",
    ),
    (lambda: integer_operator("Squeeze", np.array([1])), "axes must have one value each"),
    (
        lambda: integer_operator(
            "Slice", np.array([0]), np.array([1]), np.array([0]), np.array([0])
        ),
        "no step 0",
    ),
    (
        lambda: integer_operator("Concat", MEANING[1], axis=0),
        "inputs must differ along axis 0 only",
    ),
]


@pytest.mark.parametrize(("make", "sentence"), INTEGERS)
def test_integers_are_refused(make, sentence):
    with pytest.raises(ModelError, match=sentence):
        from_onnx(make())


def spoilt(change):
    """The small file, changed as a message."""
    onnx = OnnxWriter().onnx
    model = onnx.load_model_from_string(integers_file())
    change(model)
    return model.SerializeToString()


FILES = [
    (lambda m: m.graph.ClearField("node"), "it has no operators"),
    (lambda m: setattr(m.opset_import[0], "version", 9), "version must be in 10 ... 25"),
    (lambda m: setattr(m.graph.node[1], "domain", "org.example"), "of the domain 'org.example'"),
    (lambda m: setattr(m.graph.initializer[0], "data_location", 1), "must be in the file itself"),
    (lambda m: setattr(m.graph.initializer[0], "data_type", 10), "must be float32, int8, uint8"),
    (lambda m: m.graph.initializer[2].dims.append(2), "must hold 144 values of int8"),
    (lambda m: m.graph.initializer.append(m.graph.initializer[0]), "must be defined once"),
    (lambda m: setattr(m.graph.output[0], "name", "gone"), "'gone', an output, must be written"),
    (lambda m: m.graph.node.append(m.graph.node[0]), "'first' must be written once"),
    (lambda m: m.graph.input[0].type.tensor_type.ClearField("shape"), "must have a shape"),
    (lambda m: setattr(m.graph.input[0].type.tensor_type, "elem_type", 8), "input 'x' must be f"),
]


@pytest.mark.parametrize(("change", "sentence"), FILES)
def test_files_are_refused(change, sentence):
    with pytest.raises(ModelError, match=sentence):
        from_onnx(spoilt(change))


def test_no_file():
    with pytest.raises(ModelError, match="must be an ONNX file, but it cannot be parsed"):
        from_onnx(b"\x08\x07 something else")
    with pytest.raises(ModelError, match="semantics must be tflite or litert, not onnxruntime"):
        from_tflite(b"", semantics=Semantics.ONNXRUNTIME)


def test_kind_of_file_is_recognised(tmp_path):
    (tmp_path / "model.bin").write_bytes(integers_file())
    assert load(tmp_path / "model.bin").semantics == Semantics.ONNXRUNTIME


def test_package_is_named_where_it_is_absent(monkeypatch):
    content, original = integers_file(), builtins.__import__

    def without(name, *rest):
        if name == "onnx":
            raise ImportError(name)
        return original(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ModelError, match=r"need the package onnx: pip install macaw\[onnx\]"):
        from_onnx(content)
