# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The importer of TensorFlow Lite files: what it makes of them, and what it refuses."""

import struct

import numpy as np
import pytest
from nn_graphs import network, network_file, parts, streaming_file
from tflite_files import FileOperator, FileTensor, Writer, constant, write_file

from macaw.nn import ModelError, Semantics, from_tflite, load
from macaw.nn.graph import DType
from macaw.nn.graph.operators import Activation, Conv2d, Reshape, Slice
from macaw.nn.tflite.flatbuffer import FileBytes
from macaw.nn.tflite.schema import IDENTIFIER, OPERATOR, OPERATOR_CODE, TENSOR


def test_network():
    graph = network()
    first, second = graph.operators[:2]
    assert isinstance(first, Conv2d)
    assert (first.stride, first.padding) == ((2, 2), (0, 1, 0, 1))
    assert (first.activation, first.groups) == (Activation.RELU, 1)
    assert second.groups == 4
    weights = graph.tensors[second.inputs[1]]
    assert (weights.shape, weights.quantization.axis) == ((4, 3, 3, 1), 0)
    # The same name twice: the second tensor has its index behind it.
    assert second.inputs[2] == "bias#5"
    assert graph.tensors["image"].zero_point == 3
    assert graph.tensors["bias"].dtype == DType.INT32
    assert graph.macs == 4 * 4 * 4 * 18 + 4 * 4 * 4 * 9 + 5 * 16
    assert graph.semantics == Semantics.TFLITE


def test_load(tmp_path):
    file = tmp_path / "small.tflite"
    file.write_bytes(network_file())
    graph = load(file, semantics=Semantics.LITERT)
    assert (graph.name, graph.semantics) == ("small", Semantics.LITERT)
    (tmp_path / "other.pt").write_bytes(b"PK\x03\x04 something")
    with pytest.raises(ModelError, match="other.pt, a PyTorch file, needs example_inputs"):
        load(tmp_path / "other.pt")
    (tmp_path / "other.pt2").write_bytes(b"something else")
    with pytest.raises(ModelError, match="other.pt2 must be a TensorFlow Lite file, .* or a Mac"):
        load(tmp_path / "other.pt2")
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "gone.tflite")


def test_weights_are_not_copied():
    graph = network()
    assert not graph.tensors["matrix"].data.flags.owndata
    assert not graph.tensors["matrix"].data.flags.writeable
    assert not graph.tensors["depthwise#by_channel"].data.flags.owndata


def test_arithmetic_on_shapes_is_folded():
    """SHAPE, then STRIDED_SLICE, MUL and PACK, give RESHAPE its target."""
    tensors = [
        FileTensor(shape=(1, 4, 6), scale=0.5),
        FileTensor(shape=(3,), dtype="int32"),
        constant([1]),
        constant([2]),
        constant([1]),
        FileTensor(shape=(), dtype="int32"),
        constant(6),
        FileTensor(shape=(), dtype="int32"),
        FileTensor(shape=(1,), dtype="int32"),
        FileTensor(shape=(24,), scale=0.5),
    ]
    masks = {"shrink_axis_mask": 1}
    operators = [
        FileOperator(kind="SHAPE", inputs=[0], outputs=[1]),
        FileOperator(kind="STRIDED_SLICE", inputs=[1, 2, 3, 4], outputs=[5], options=masks),
        FileOperator(kind="MUL", inputs=[5, 6], outputs=[7]),
        FileOperator(kind="PACK", inputs=[7], outputs=[8], options={"values_count": 1}),
        FileOperator(kind="RESHAPE", inputs=[0, 8], outputs=[9]),
    ]
    graph = from_tflite(write_file(tensors, operators, [0], [9]))
    assert [type(operator) for operator in graph.operators] == [Reshape]
    assert set(graph.tensors) == {"t0", "t9"}
    tensors[6] = constant(5)
    with pytest.raises(ModelError, match=r"shape \(20,\) must be that of the output, \(24,\)"):
        from_tflite(write_file(tensors, operators, [0], [9]))


def test_variables_are_states():
    graph = from_tflite(streaming_file())
    (state,) = graph.states
    assert (state.name, state.read, state.written) == ("memory", "memory#read", "kept")
    assert [type(operator).__name__ for operator in graph.operators] == [
        "Reshape", "Concat", "Slice",
    ]  # fmt: skip


def test_slices_keep_python_s_rules():
    def sliced(begin, end, strides, shape, **masks):
        tensors = [
            FileTensor(shape=(5, 6), scale=0.5),
            *(constant(values) for values in (begin, end, strides)),
            FileTensor(shape=shape, scale=0.5),
        ]
        operator = FileOperator(
            kind="STRIDED_SLICE", inputs=[0, 1, 2, 3], outputs=[4], options=masks
        )
        (found,) = from_tflite(write_file(tensors, [operator], [0], [4])).operators
        assert isinstance(found, Slice)
        return found.starts, found.steps, found.sizes, found.removed

    assert sliced([1, 0], [-1, 100], [2, 1], (2, 6)) == ((1, 0), (2, 1), (2, 6), ())
    assert sliced([4], [0], [-3], (2, 6)) == ((4, 0), (-3, 1), (2, 6), ())
    assert sliced([-1], [0], [1], (6,), shrink_axis_mask=1) == ((4, 0), (1, 1), (1, 6), (0,))


def spoilt(change):
    """The file of the network after ``change(tensors, operators)``."""
    tensors, operators, inputs, outputs = parts()
    change(tensors, operators)
    return write_file(tensors, operators, inputs, outputs)


def option(index, **options):
    return lambda tensors, operators: operators[index].options.update(options)


def on_operator(index, **attributes):
    return lambda tensors, operators: vars(operators[index]).update(attributes)


def on_tensor(index, **attributes):
    return lambda tensors, operators: vars(tensors[index]).update(attributes)


CODE = OPERATOR_CODE["builtin_code"], OPERATOR_CODE["deprecated_builtin_code"]

#: How the network's file is spoilt, and what is said of it.
SPOILT = [
    (on_operator(0, version=9), "operator 0, CONV_2D: version must be in 1 ... 8, not 9"),
    (on_operator(0, code={CODE[0]: ("i", 16), CODE[1]: ("b", 16)}), "operator with number 16 is n"),
    (
        on_operator(0, code={CODE[0]: ("i", 32), CODE[1]: ("b", 32), 1: "Mine"}),
        "operator 0: the custom operator 'Mine' is not supported",
    ),
    (
        on_operator(0, extra={OPERATOR["opcode_index"]: ("I", 99)}),
        "opcode must be one of 8, not 99",
    ),
    (
        on_operator(0, extra={OPERATOR["custom_options"]: np.zeros(3, np.uint8)}),
        "operator 0, CONV_2D: custom_options is not supported",
    ),
    (
        on_operator(0, extra={OPERATOR["builtin_options_type"]: ("B", 5)}),
        "options must be Conv2DOptions, not number 5",
    ),
    (
        on_operator(0, extra={OPERATOR["builtin_options"]: {0: ("b", 0), 7: ("b", 1)}}),
        "operator 0, CONV_2D: the attribute with number 7 is not supported",
    ),
    (on_operator(0, inputs=[0, 99]), "inputs must be indices of 16 tensors"),
    (on_operator(0, inputs=[0]), "operator 0, CONV_2D: inputs must be 2 ... 3 tensors, not 1"),
    (on_operator(0, inputs=[-1, 1]), "inputs must not be left out"),
    (on_operator(0, outputs=[]), "outputs must be 1 tensors, not 0"),
    (on_operator(0, inputs=[0, 0]), "weights 'image' must be constant"),
    (on_operator(0, inputs=[0, 11]), "'matrix' must have 4 axes, not shape"),
    (
        option(0, activation="tanh"),
        "operator 0, CONV_2D: the fused activation tanh is not supported",
    ),
    (option(0, activation=99), "the fused activation number 99 is not supported"),
    (option(0, stride_h=0), "operator 0, CONV_2D: stride_h must be in 1 ... 65536, not 0"),
    (option(0, dilation_w=-1), "dilation_w must be in 1 ... 65536, not -1"),
    (option(0, padding=3), "padding must be SAME or VALID, not number 3"),
    (option(1, depth_multiplier=2), "depth_multiplier 2 must lead from 4 channels to the 4"),
    (option(5, weights_format=1), "operator 5, FULLY_CONNECTED: weights_format must be DEFAULT"),
    (on_tensor(0, dtype="int16"), "tensor 'image': type int16 is not supported"),
    (on_tensor(0, shape=(-1, 8, 8, 2)), "tensor 'image': shape must be fixed"),
    (on_tensor(13, shape=(1,) * 70), "tensor 'scores': shape must have at most 8 axes"),
    (on_tensor(9, shape=(0, 1 << 30, 1 << 30), data=np.int32([])), "must be constant integers"),
    (on_tensor(0, extra={TENSOR["sparsity"]: {}}), "tensor 'image': sparsity is not supported"),
    (on_tensor(0, extra={TENSOR["is_variable"]: ("?", True)}), "is_variable is not supported"),
    (on_tensor(0, extra={TENSOR["buffer"]: ("I", 99)}), "'image': buffer must be one of 8, not 99"),
    (on_tensor(0, extra={TENSOR["quantization"]: {4: ("B", 2)}}), "quantisation of kind 2 is not"),
    (
        on_tensor(0, scale=float("nan")),
        "tensor 'image': scale must be positive and finite, not nan",
    ),
    (on_tensor(0, zero_point=300), "tensor 'image': zero_point must be in -128 ... 127, not 300"),
    (on_tensor(1, shape=(4, 3, 3, 3)), "'weights': buffer must have 108 bytes for int8 of shape"),
    (on_tensor(1, zero_point=1), "weights 'weights' must have zero point 0"),
    (on_tensor(1, axis=1), "weights 'weights' must have scales along axis 0, not 1"),
    (on_tensor(1, scale=None), "weights 'weights' must be constant, and have a scale"),
    (on_tensor(1, scale=[0.5] * 3), "scale and zero_point must have 4 entries, not 3"),
    (on_tensor(9, data=None), "operator 4, RESHAPE: shape must be constant integers"),
    (
        on_tensor(9, data=np.int32([1, 15])),
        "shape \\(1, 15\\) must be that of the output, \\(1, 16",
    ),
    (on_tensor(13, shape=(1, 6)), "FULLY|Linear to 'scores': outputs must have the shapes"),
    (on_tensor(14, scale=0.5), "the result must have scale 0.00390625 and zero point -128"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "sentence"), SPOILT)
def test_wrong_file_is_refused(change, sentence):
    with pytest.raises(ModelError, match=sentence):
        from_tflite(spoilt(change))


def one(kind, tensors, count, options=None, version=1):
    """A file of one operator whose last tensor is the result."""
    last = len(tensors) - 1
    operator = FileOperator(
        kind=kind, inputs=list(range(last)), outputs=[last], options=options or {}, version=version
    )
    return write_file(tensors, [operator], list(range(count)), [last])


X = FileTensor(shape=(2, 6), scale=0.5)
Y = FileTensor(shape=(2, 3), scale=0.5)
IMAGE = FileTensor(shape=(1, 4, 4, 2), scale=0.5)
WEIGHTS = constant(np.ones((3, 2, 2, 2)), "int8", scale=0.5)
FLOAT = FileTensor(shape=(2, 6), dtype="float32")

#: Files of one operator that are refused.
SINGLE = [
    (one("CONCATENATION", [X, X, Y], 2, {"axis": 2}), "axis must be in -2 ... 1, not 2"),
    (one("CONCATENATION", [X, X, Y], 2, {"activation": "relu"}), "fused activation relu is not s"),
    (one("GATHER", [X, constant([1]), Y], 1, {"batch_dims": 1}), "batch_dims must be 0, not 1"),
    (one("STRIDED_SLICE", [X, *[constant([0])] * 3, Y], 1), "must have an entry for each axis"),
    (
        one("STRIDED_SLICE", [X, *[constant([1])] * 3, Y], 1, {"new_axis_mask": 1}),
        "STRIDED_SLICE: new_axis_mask is not supported",
    ),
    (one("SLICE", [X, *[constant([1])] * 2, Y], 1), "begin and size must have 2 entries"),
    (
        one("SPLIT_V", [X, constant([3, 3]), constant([0, 1]), Y], 1),
        "axis must be one integer, not",
    ),
    (
        one("SPLIT", [constant(1), constant(np.zeros((2, 0)), "int8"), Y], 0),
        "tensor 't1': shape must be at most 8 positive",
    ),
    (one("TRANSPOSE", [X, constant([0, 7]), Y], 1), "axis must be in -2 ... 1, not 7"),
    (one("SQUEEZE", [X, Y], 1), "the output's shape must differ in sizes of 1 only"),
    (one("PADV2", [X, constant([[0, 0], [0, 1]]), X, Y], 1), "the value must be one constant int8"),
    (
        one("PADV2", [FLOAT, constant([[0, 0], [0, 1]]), constant(0, "float32"), FLOAT], 1),
        "padding of float32 is not supported",
    ),
    (
        one("PAD", [FileTensor(shape=(2,)), constant([[0, 1]]), Y], 1),
        "input must have a zero point",
    ),
    (one("MIRROR_PAD", [X, constant([[0, 0], [0, 1]]), Y], 1, {"mode": 2}), "not number 2"),
    (one("TILE", [X, constant([1, 2]), Y], 1), "outputs must have the shapes"),
    (one("TILE", [X, X, Y], 1), "multiples must be constant integers"),
    (
        one("DEPTH_TO_SPACE", [IMAGE, IMAGE], 1, {"block_size": -2}),
        "DEPTH_TO_SPACE: block_size must be in 1 ... 65536, not -2",
    ),
    (
        one("SPACE_TO_BATCH_ND", [FileTensor(shape=(1, 4, 4, 2)), *[constant([2])] * 2, Y], 1),
        "input must have a zero point",
    ),
    (one("BATCH_TO_SPACE_ND", [IMAGE, IMAGE, constant([[0, 0]] * 2), Y], 1), "block_shape must b"),
    (one("RESIZE_BILINEAR", [IMAGE, constant([4]), IMAGE], 1), "size must be 2 integers"),
    (
        one("CONV_2D", [IMAGE, constant(np.ones((3, 2, 2, 3)), "int8", scale=0.5), Y], 1),
        "must divide",
    ),
    (
        one("TRANSPOSE_CONV", [constant([1, -8, 8, 3]), WEIGHTS, IMAGE, Y], 0,
            {"stride_h": 1, "stride_w": 1}),
        "output_shape must be 4 positive integers",
    ),
    (one("READ_VARIABLE", [X, Y], 1), "READ_VARIABLE: a variable must have a handle"),
    (one("CALL_ONCE", [X, Y], 1), "CALL_ONCE: init_subgraph_index must be below 1, not 0"),
    (one("ADD", [FLOAT, X, X], 2), "must be of type float32, not int8"),
    (
        one("CONV_2D", [FileTensor(shape=(1, 4, 4, 0)), WEIGHTS, Y], 1),
        "must have 4 axes, not shape",
    ),
    (one("MEAN", [X, constant(np.zeros(5000)), Y], 1), "axes must be at most 4096 integers"),
]  # fmt: skip


@pytest.mark.parametrize(("content", "sentence"), SINGLE)
def test_wrong_operator_is_refused(content, sentence):
    with pytest.raises(ModelError, match=sentence):
        from_tflite(content)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "the file must hold what it refers to, but has 0 bytes"),
        (b"\0\0\0\0TFL3", "version of the file must be 3, not 0"),
        (b"\xff\0\0\0TFL3", "the file must hold what it refers to, but has 8 bytes, and 4 at 255"),
        (b"\0\0\0\0ONNX", "must have the identifier b'TFL3', not b'ONNX'"),
        (write_file([], [], [], [], version=2), "version of the file must be 3, not 2"),
        (write_file([], [], [5], []), "inputs must be indices of 0 tensors"),
        (write_file([X], [], [-1], []), "inputs and outputs of a graph must be tensors"),
        (write_file([X], [], [0], [0]), None),
        (struct.pack("<I4sHHi", 12, b"TFL3", 4, 4, 4), "the file must hold a graph|version"),
    ],
)
def test_damaged_file_is_refused(content, sentence):
    if sentence is None:
        assert from_tflite(content).operators == ()
        return
    with pytest.raises(ModelError, match=sentence):
        from_tflite(content)


def test_same_bytes_again_and_again_are_refused():
    file = FileBytes(Writer().file({0: "x" * 1000}))
    table = file.root(IDENTIFIER)
    with pytest.raises(ModelError, match="must not refer to the same bytes over and over"):
        for _ in range(2000):
            table.string(0)
