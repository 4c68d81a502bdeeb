# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""What an ONNX file says by operators on constants, and constants that are refused."""

import numpy as np
import pytest
from onnx_files import OnnxWriter
from onnx_graphs import MEANING

from macaw.nn import ModelError, from_onnx
from macaw.nn.graph import operators as op

BYTES, REAL = np.uint8, np.float32


@pytest.fixture(autouse=True)
def _library(oracle):
    oracle("onnx")


def whole(*numbers):
    return np.array(numbers, np.int64)


#: How a file may compute the shape (4, 6), and the kind of operator that is tried so.
SHAPES = {
    "value": lambda f, x: f.node("Constant", [], value=f.onnx.numpy_helper.from_array(whole(4, 6))),
    "value_ints": lambda f, x: f.node("Constant", [], value_ints=[4, 6]),
    "value_int": lambda f, x: f.node(
        "Concat",
        [f.node("Unsqueeze", [f.node("Constant", [], value_int=4), whole(0)]), whole(6)],
        axis=0,
    ),
    "Shape": lambda f, x: f.node("Mul", [f.node("Shape", [x], start=1, end=3), whole(2, 2)]),
    "Slice": lambda f, x: f.node(
        "Slice", [whole(9, 4, 9, 6), whole(1), whole(4), whole(0), whole(2)]
    ),
    "Transpose": lambda f, x: f.node(
        "Reshape", [f.node("Transpose", [whole(4, 6).reshape(1, 2)], perm=[1, 0]), whole(-1)]
    ),
    "backwards": lambda f, x: f.node(
        "Slice", [whole(6, 4), whole(-1), whole(-3), whole(0), whole(-1)]
    ),
    "ConstantOfShape": lambda f, x: f.node(
        "Add",
        [
            f.node("ConstantOfShape", [whole(2)], value=f.onnx.numpy_helper.from_array(whole(2))),
            whole(2, 4),
        ],
    ),
    "Expand": lambda f, x: f.node("Mul", [f.node("Expand", [whole(2), whole(2)]), whole(2, 3)]),
    "Tile": lambda f, x: f.node("Mul", [f.node("Tile", [whole(2), whole(2)]), whole(2, 3)]),
    "Gather": lambda f, x: f.node("Gather", [whole(9, 6, 4), whole(2, 1)]),
    "Cast": lambda f, x: f.node("Cast", [np.array([4, 6], np.int32)], to=7),
    "Add": lambda f, x: f.node("Add", [whole(1, 2), whole(3, 4)]),
    "Sub": lambda f, x: f.node("Sub", [whole(5, 8), whole(1, 2)]),
    "Div": lambda f, x: f.node("Div", [whole(9, 13), whole(2)]),
    "Reshape": lambda f, x: f.node("Reshape", [whole(4, 6).reshape(1, 2), whole(-1)]),
    "Squeeze": lambda f, x: f.node("Squeeze", [whole(4, 6).reshape(1, 2), whole(0)]),
    "Identity": lambda f, x: f.node("Identity", [whole(4, 6)]),
}


@pytest.mark.parametrize("name", SHAPES)
def test_shape_is_folded(name):
    file = OnnxWriter()
    x = file.input("x", BYTES, (1, 2, 3, 4))
    file.node("Reshape", [x, SHAPES[name](file, x)], "y")
    graph = from_onnx(file.file({"y": BYTES}, 15))
    assert graph.operators == (op.Reshape(inputs=("x",), outputs=("y",), shape=(4, 6)),)


def test_scales_may_be_operators():
    """As exporters write them that have no constants but such ones."""
    file = OnnxWriter()
    x = file.input("x", REAL, (4,))
    scale = file.node("Constant", [], value_float=0.5)
    zero_point = file.onnx.numpy_helper.from_array(np.array(3, np.int8))
    file.node("QuantizeLinear", [x, scale, file.node("Constant", [], value=zero_point)], "y")
    graph = from_onnx(file.file({"y": np.int8}))
    assert (graph.tensors["y"].scale, graph.tensors["y"].zero_point) == (0.5, 3)


ONES = np.ones((2, 3), np.int8)
REFUSED = [
    (
        lambda f: f.node("QLinearSigmoid", ["x", REAL(1e-12), MEANING[1], *MEANING]),
        r"scale of 'x' must be in 2\*\*-32 ... 2\*\*32, not 9.99",
    ),
    (lambda f: f.node("Constant", [], value_string="text"), "must be numbers, not value_string"),
    (lambda f: f.node("Constant", []), "the constant must have one value"),
    (lambda f: f.node("Div", [whole(-3), whole(2)]), "constant operands must fit each other"),
    (lambda f: f.node("Gather", [whole(1, 2), whole(7)]), "constant operands must fit each other"),
    (lambda f: f.node("ConstantOfShape", [whole(99, 99)]), "must be at most 64 integers"),
    (lambda f: f.node("Tile", [whole(1, 2), whole(99)]), "repeats must be 1 of at most 64, not"),
    (lambda f: f.node("Expand", [whole(1, 2), whole(3)]), "constant operands must fit each other"),
    (lambda f: f.node("Expand", [whole(1), whole(1 << 40)]), "shape must be 1 integers in 1"),
    (lambda f: f.node("Cast", [whole(1)], to=1), "to must be 6 or 7, not 1"),
    (
        lambda f: f.dequantize(ONES, [1, 2, 3], np.zeros(3, np.int8), axis=0),
        "scales must be one for each index of axis 0, not 3",
    ),
    (
        lambda f: f.dequantize(ONES, [1, 2], np.zeros(3, np.int8), axis=0),
        "the zero points must be 2",
    ),
    (lambda f: f.dequantize(ONES, 1, np.uint8(0)), "the zero point must be int8, not uint8"),
    (
        lambda f: f.dequantize(ONES, 1, np.int8(0), block_size=2),
        "scales of blocks are not supported",
    ),
    (
        lambda f: f.dequantize("x", [1, 2, 3, 4], np.zeros(4, np.uint8), axis=0),
        "must be int8 or uint8 with one scale, or constant",
    ),
    (lambda f: f.quantize(f.constant(np.array([np.nan, 1], REAL)), *MEANING), "must be numbers"),
    (
        lambda f: f.quantize(f.constant(np.ones((2, 3), REAL)), [1, 2], np.zeros(2, np.int8)),
        "one for each index of axis 1, not 2",
    ),
    (
        lambda f: f.quantize(f.constant(np.ones(2, REAL)), 1, np.int32(0)),
        "must be int8 or uint8, not int32",
    ),
    (lambda f: f.quantize("x", *MEANING), "input 'x' must be float32, not uint8"),
    (
        lambda f: f.node("QLinearSigmoid", ["x", np.array(1.0), MEANING[1], *MEANING]),
        "must be float32, int8, uint8",
    ),
    (
        lambda f: f.node("QLinearSigmoid", ["x", *MEANING, MEANING[0], np.int32(0)]),
        "the result must be int8 or uint8, not int32",
    ),
    (
        lambda f: f.node(
            "QLinearSigmoid", ["x", np.array([1, 2, 3, 4], REAL), np.zeros(4, BYTES), *MEANING]
        ),
        "the scale must be one number here",
    ),
    (lambda f: f.node("Clip", ["x", np.array([1, 2], BYTES)]), "min must be one number, not 2"),
    (
        lambda f: f.node("Slice", ["x", whole(0, 0), whole(1, 1), whole(0, 0)]),
        "axes must be different",
    ),
    (lambda f: f.node("Unsqueeze", ["x", whole(0, 0)]), "axes must be different ones of 3"),
    (
        lambda f: f.node("Pad", ["x", whole(1, 1), np.array([1, 2], BYTES)]),
        "the value must be one number, not 2",
    ),
    (
        lambda f: f.node("Pad", ["x", whole(1, 1, 1)]),
        "pads must have two numbers for each of 1 axes",
    ),
    (
        lambda f: f.node("Pad", ["x", whole(1, 1)], mode="edge"),
        "mode must be 'constant', not 'edge'",
    ),
    (
        lambda f: f.node(
            "Resize",
            ["x", "", np.ones(1, REAL)],
            mode="nearest",
            nearest_mode="floor",
            coordinate_transformation_mode="asymmetric",
        ),
        "must be an image of 8 bits",
    ),
    (lambda f: f.node("DepthToSpace", ["x"], blocksize=2), "must have 4 axes, not shape \\(4,\\)"),
    (
        lambda f: f.node("DepthToSpace", ["x"], blocksize=2, mode="RCD"),
        "mode must be 'DCR' or 'CRD', not 'RCD'",
    ),
    (lambda f: f.node("Tile", ["x", whole(1, 2)]), "repeats must be 1 integers, not \\(1, 2\\)"),
    (lambda f: f.node("Expand", ["x", whole(3)]), "shapes must fit each other"),
    (lambda f: f.node("Expand", ["x", whole(0, 4)]), "shape must be 2 integers in 1"),
    (lambda f: f.node("Softmax", ["x"]), "let the file end at 'x'"),
    (
        lambda f: f.node("ReduceMean", ["x"]),
        "over height and width, GlobalAveragePool does it in integers",
    ),
    (lambda f: f.node("Sigmoid", ["x"]), "input 'x' must come from a DequantizeLinear"),
]


@pytest.mark.parametrize(("build", "sentence"), REFUSED)
def test_constant_is_refused(build, sentence):
    file = OnnxWriter()
    file.input("x", BYTES, (4,))
    with pytest.raises(ModelError, match=sentence):
        from_onnx(file.file({build(file): BYTES}))
