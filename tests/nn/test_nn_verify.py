# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The verifier takes a right graph, and refuses each way to be wrong in one sentence."""

import time
from dataclasses import replace

import numpy as np
import pytest
from nn_graphs import network, streaming_file
from nn_single import FLOATS, WHOLE, indices, of, scaled, tensor

from macaw.nn import ModelError, from_tflite, verify
from macaw.nn.graph import DType, State
from macaw.nn.graph.operators import (
    Activation,
    Add,
    ArgMax,
    BatchToSpace,
    BroadcastTo,
    Cast,
    Concat,
    ConvTranspose2d,
    DepthToSpace,
    Divide,
    FloorDivide,
    Gather,
    GatherNd,
    LeakyRelu,
    Maximum,
    Mean,
    MirrorPad,
    Operator,
    Pack,
    Pad,
    Quantize,
    Requantize,
    Reshape,
    ResizeNearest,
    Slice,
    Softmax,
    SpaceToBatch,
    SpaceToDepth,
    Split,
    Sqrt,
    Tile,
    Transpose,
    Unpack,
)
from macaw.nn.types import check_operands


def with_tensor(graph, key, **changes):
    return replace(graph, tensors={**graph.tensors, key: replace(graph.tensors[key], **changes)})


def with_operator(graph, index, **changes):
    operators = list(graph.operators)
    operators[index] = replace(operators[index], **changes)
    return replace(graph, operators=tuple(operators))


def test_right_graphs_pass():
    graph = network()
    assert verify(graph) is graph
    assert verify(from_tflite(streaming_file())).states


def test_verify_is_cheap():
    graph = network()
    start = time.process_time()
    for _ in range(20):
        verify(graph)
    assert time.process_time() - start < 1.0


CONV, DEPTHWISE, ADD, POOL, RESHAPE, LINEAR, SOFTMAX, DEQUANTIZE = range(8)

#: How a graph is spoilt, and what is said of it.
SPOILT = [
    (lambda g: replace(g, inputs=("gone",)), "tensor 'gone', an input, must be defined"),
    (lambda g: replace(g, outputs=("gone",)), "tensor 'gone', an output, must be defined"),
    (
        lambda g: replace(g, inputs=("image", "image")),
        "tensor 'image', an input, must be written o",
    ),
    (
        lambda g: replace(g, operators=g.operators[1:]),
        "Conv2d to 'second': tensor 'first', an input, mu",
    ),
    (lambda g: replace(g, operators=g.operators[::-1]), "must be written before it is read"),
    (lambda g: replace(g, operators=g.operators[:1] * 2), "operator 1, .* must be written once"),
    (
        lambda g: with_operator(g, CONV, outputs=("weights",)),
        "'weights', an output, must be written",
    ),
    (lambda g: with_operator(g, CONV, inputs=("image",)), "inputs must be 2 ... 3 tensors, not 1"),
    (lambda g: with_operator(g, CONV, stride=(0, 1)), "Conv2d to 'first': stride must be in 1"),
    (lambda g: with_operator(g, CONV, padding=(0, 1)), "padding must be a tuple of 4"),
    (lambda g: with_operator(g, CONV, groups=3), "in_channels must be a multiple of groups"),
    (lambda g: with_operator(g, CONV, groups=2), "weights must have 1 input channels, not 2"),
    (lambda g: with_operator(g, CONV, dilation=(9, 9)), "kernel must fit into the padded image"),
    (lambda g: with_operator(g, CONV, stride=(1, 1)), "outputs must have the shapes"),
    (lambda g: with_operator(g, POOL, kernel=(9, 9)), "kernel must fit into the padded image"),
    (lambda g: with_operator(g, POOL, padding=(2, 0, 0, 0)), "padding must be smaller than the k"),
    (lambda g: with_operator(g, POOL, stride=(2,)), "stride must be 2 integers in 1"),
    (lambda g: with_operator(g, RESHAPE, shape=(2, 9)), "shape must hold as many values as"),
    (lambda g: with_operator(g, RESHAPE, shape=(-1, -16)), "shape must be 2 integers in 1"),
    (lambda g: with_operator(g, LINEAR, keep_dimensions=True), "^$"),
    (lambda g: with_operator(g, SOFTMAX, beta=float("nan")), "attributes must be finite, not nan"),
    (lambda g: with_operator(g, SOFTMAX, beta=-1.0), "beta must be positive, not -1.0"),
    (
        lambda g: with_tensor(g, "image", name="other"),
        "tensor 'image' must be called so, not 'other'",
    ),
    (lambda g: with_tensor(g, "image", shape=(1, 8, 0, 2)), "shape must be at most 8 positive in"),
    (lambda g: with_tensor(g, "image", shape=(1,) * 9), "shape must be at most 8 positive"),
    (lambda g: with_tensor(g, "image", shape=(1 << 16,) * 4), "less than 2\\*\\*31 values"),
    (lambda g: with_tensor(g, "image", shape=(1, 8, 8, 3)), "weights must have 3 input channels"),
    (lambda g: with_tensor(g, "image", shape=(8, 8, 2)), "image must have 4 axes"),
    (lambda g: with_tensor(g, "image", dtype="int16"), "type must be known, not 'int16'"),
    (lambda g: with_tensor(g, "first", dtype=DType.UINT8), "must be of type int8"),
    (lambda g: with_tensor(g, "image", dtype=DType.FLOAT32), "must be of type int8 or uint8"),
    (lambda g: with_tensor(g, "image", quantization=None), "'image' must have one scale, not 0"),
    (
        lambda g: with_tensor(g, "image", quantization=scaled(float("nan"))),
        "scale must be positive",
    ),
    (lambda g: with_tensor(g, "image", quantization=scaled(0.0)), "positive and finite, not 0.0"),
    (lambda g: with_tensor(g, "image", quantization=scaled(-1.0)), "positive and finite, not -1.0"),
    (lambda g: with_tensor(g, "image", quantization=scaled((0.1,))), "must be a float32, not 0.1"),
    (lambda g: with_tensor(g, "image", quantization=scaled(0.5, 128)), "in -128 ... 127, not 128"),
    (lambda g: with_tensor(g, "image", quantization=scaled(0.5, 1.0)), "zero_point must be in"),
    (lambda g: with_tensor(g, "image", quantization=scaled((0.5, 0.5), 0)), "must have 1 entries"),
    (
        lambda g: with_tensor(g, "image", quantization=scaled((0.5, 0.5), (0, 0), 3)),
        "have one scale",
    ),
    (
        lambda g: with_tensor(g, "image", quantization=scaled(axis=4)),
        "axis of the scales must be in",
    ),
    (lambda g: with_tensor(g, "weights", data=None), "must be written before it is read"),
    (
        lambda g: with_tensor(g, "weights", data=np.zeros((4, 3, 3, 2), np.int16)),
        "data must be int8",
    ),
    (lambda g: with_tensor(g, "weights", quantization=None), "weights 'weights' must have a scale"),
    (
        lambda g: with_tensor(g, "weights", quantization=scaled((0.5,) * 3, (0,) * 3, 1)),
        "weights 'weights' must have scales along axis 0, not 1",
    ),
    (
        lambda g: with_tensor(g, "bias", shape=(2, 2), data=np.zeros((2, 2), np.int32)),
        "bias must have",
    ),
    (
        lambda g: with_tensor(g, "bias", dtype=DType.INT64, data=np.zeros(4, np.int64)),
        "'bias' must be of type int32, not int64",
    ),
    (lambda g: with_tensor(g, "pooled", quantization=scaled(0.07)), "must have the same scale"),
    (lambda g: with_tensor(g, "second", shape=(1, 4, 4, 5)), "outputs must have the shapes"),
    (lambda g: with_tensor(g, "shares", quantization=scaled(0.5)), "result must have scale 0.0039"),
    (lambda g: with_tensor(g, "result", dtype=DType.INT32), "must be of type float32, not int32"),
]  # fmt: skip


@pytest.mark.parametrize(("spoil", "sentence"), SPOILT)
def test_wrong_graph_is_refused(spoil, sentence):
    if sentence == "^$":
        # The one change of the list that leaves the graph right.
        assert verify(spoil(network()))
        return
    with pytest.raises(ModelError, match=sentence):
        verify(spoil(network()))


SLICE = {"starts": (0, 0), "steps": (1, 1), "sizes": (2, 3)}

#: Graphs of one operator, and what is said of them; None for right ones.
SINGLE = [
    (of(Add, (2, 3), (3,)), None),
    (of(Add, (2, 3), (2,)), "shapes must fit each other"),
    (of(Add, (2, 3)), "inputs must be 2 ... 2 tensors, not 1"),
    (of(Add, WHOLE, WHOLE, dtype=DType.INT32), None),
    (of(Add, WHOLE, WHOLE, dtype=DType.INT32, activation=Activation.RELU), "activation must be no"),
    (of(Divide, (2, 3), (2, 3)), "must be of type float32, not int8"),
    (of(FloorDivide, WHOLE, WHOLE, dtype=DType.INT32), "divisor 'x' must be constant"),
    (of(FloorDivide, WHOLE, indices(1, 0, 2), dtype=DType.INT32), "nowhere 0"),
    (
        of(Maximum, (2, 3), tensor("x", (2, 3), quantization=scaled(0.5))),
        "must have the same scale",
    ),
    (of(Mean, (2, 3, 4), axes=(2,)), None),
    (of(Mean, (2, 3, 4), axes=(3,)), "axes must be 1 integers in 0 ... 2, not \\(3,\\)"),
    (of(Mean, (2, 3, 4), axes=(2, 2)), "axes must be 1 integers"),
    (of(Pad, (2, 2), padding=((0, 0), (0, 1)), value=3), None),
    (of(Pad, (2, 2), padding=((0, 1),), value=3), "padding must have a pair for each of 2 axes"),
    (of(Pad, (2, 2), padding=((0, 0), (-1, 2)), value=3), "padding must be 2 integers in 0"),
    (of(MirrorPad, (2, 2), padding=((0, 0), (0, 1)), symmetric=False), None),
    (
        of(MirrorPad, (2, 2), padding=((0, 0), (0, 2)), symmetric=False),
        "padding must be at most the 1 values that a mirror shows, not \\(0, 2\\)",
    ),
    (of(MirrorPad, (2, 1), padding=((0, 0), (1, 1)), symmetric=True), None),
    (of(MirrorPad, (2, 1), padding=((0, 0), (2, 0)), symmetric=True), "at most the 1 values"),
    (of(MirrorPad, (2, 2), padding=((0, 1),), symmetric=True), "padding must have a pair for eac"),
    (of(Tile, (1, 3), multiples=(2, 1)), None),
    (of(Tile, (1, 3), multiples=(2,)), "multiples must be 2 integers in 1"),
    (of(Tile, (1, 3), multiples=(2, 0)), "multiples must be 2 integers in 1"),
    (of(BroadcastTo, (3,), shape=(2, 3)), None),
    (of(BroadcastTo, (2,), shape=(2, 3)), "shapes must fit each other"),
    (of(BroadcastTo, (2, 3), shape=(1, 3)), "shape must be one that \\(2, 3\\) stretches to"),
    (of(BroadcastTo, (3,), shape=(0, 3)), "shape must be 2 integers in 1"),
    (
        of(BroadcastTo, tensor("x", (3,), quantization=scaled(0.5)), shape=(2, 3)),
        "must have the same scale",
    ),
    (of(DepthToSpace, (1, 1, 2, 4), y=(1, 2, 4, 1), block=2), None),
    (of(DepthToSpace, (1, 1, 2, 6), block=2), "channels must be a multiple of 4, not 6"),
    (of(DepthToSpace, (1, 2, 4), block=2), "image must have 4 axes"),
    (of(DepthToSpace, (1, 1, 2, 4), block=0), "block must be 1 integers in 1"),
    (of(SpaceToDepth, (1, 2, 4, 1), y=(1, 1, 2, 4), block=2), None),
    (of(SpaceToDepth, (1, 2, 3, 1), block=2), "sizes \\(2, 3\\) must be multiples of the bloc"),
    (
        of(SpaceToBatch, (1, 3, 2), y=(2, 2, 2), block=(2,), padding=((0, 1),), value=3),
        None,
    ),
    (
        of(SpaceToBatch, (1, 3, 2), block=(2,), padding=((0, 0),), value=3),
        "sizes \\(3,\\) must be multiples of the block's \\(2,\\)",
    ),
    (of(SpaceToBatch, (2, 3), block=(), padding=(), value=3), "image must have 3 or 4 axes"),
    (of(BatchToSpace, (2, 2, 2), y=(1, 3, 2), block=(2,), crops=((0, 1),)), None),
    (of(BatchToSpace, (3, 2, 2), block=(2,), crops=((0, 1),)), "batch must be a multiple of 2, n"),
    (of(BatchToSpace, (2, 2, 2), block=(2,), crops=((3, 1),)), "crops must leave some pixels"),
    (of(BatchToSpace, (2, 2, 2), block=(2, 1), crops=((0, 1),)), "block must be 1 integers in 1"),
    (of(Concat, (2, 1), (2, 2), axis=1), None),
    (of(Concat, (2, 1), (3, 2), axis=1), "inputs must differ along axis 1 only"),
    (of(Concat, (2,), (2, 3), axis=0), "inputs must differ along axis 0 only"),
    (of(Concat, (2, 1), (2, 2), axis=2), "axis must be in 0 ... 1, not 2"),
    (of(Pack, (3,), (3,), axis=0), None),
    (of(Pack, (3,), (4,), axis=0), "inputs must have one shape"),
    (of(Transpose, (3, 2), permutation=(1, 0)), None),
    (of(Transpose, (3, 2), permutation=(1, 1)), "permutation must be of the axes"),
    (of(Slice, (2, 3), **SLICE), None),
    (
        of(Slice, (2, 3), **{**SLICE, "starts": (0, 1)}),
        "slice must lie within the 3 values of axis 1",
    ),
    (of(Slice, (2, 3), **{**SLICE, "steps": (1, 0)}), "in steps of 0"),
    (of(Slice, (2, 3), **SLICE, removed=(0,)), "removed axes must have one value"),
    (of(Split, (4, 3), axis=0, sizes=(2, 2), outputs=("y", "z")), None),
    (of(Split, (4, 3), axis=0, sizes=(2, 1), outputs=("y", "z")), "sizes must sum to the 4 values"),
    (of(Unpack, (2, 2, 3), axis=0, outputs=("y", "z")), None),
    (of(Unpack, (2, 2, 3), axis=0), "outputs must be the 2 slices of axis 0, not 1"),
    (of(Gather, (2, 4), indices(0, 3, 1), axis=1), None),
    (of(Gather, (2, 4), indices(0, 4, 1), axis=1), "indices 'i' must lie within the values' shape"),
    (of(Gather, (2, 4), (3,), axis=1), "must be of type int32 or int64, not int8"),
    (of(GatherNd, (4, 3), indices([1], [3])), None),
    (of(GatherNd, (4, 3), indices([1, 1, 1])), "indices must name at most 2 axes"),
    (of(Requantize, (2, 3), dtype=DType.UINT8), None),
    (of(Quantize, (2, 3)), "must be of type float32, not int8"),
    (of(Quantize, FLOATS), None),
    (of(Cast, (2, 3), dtype=DType.FLOAT32), None),
    (of(Sqrt, FLOATS), "must be of type float32, not int8"),
    (of(LeakyRelu, (2, 3), alpha=float("inf")), "attributes must be finite, not inf"),
    (of(ArgMax, (2, 3, 4), axis=2, dtype=DType.INT64), None),
    (of(ArgMax, (2, 3, 4), axis=2), "must be of type int32 or int64"),
    (of(ResizeNearest, (1, 2, 2, 1), y=(1, 4, 4, 1), size=(4, 4)), None),
    (of(ResizeNearest, (1, 2, 2, 1), size=(0, 4)), "size must be 2 integers in 1"),
    (
        of(ResizeNearest, (1, 2, 2, 1), size=(1, 4), align_corners=True, half_pixel_centers=True),
        "align_corners must not be combined",
    ),
    (of(Reshape, (3, 2), shape=(2, 3)), None),
    (
        of(ConvTranspose2d, (1, 2, 2, 3), (5, 2, 2, 4), output_size=(4, 4)),
        "weights must have 3 input channels, not 4",
    ),
    (of(Softmax, tensor("x", (2, 3), quantization=scaled((0.5,) * 2, (0,) * 2, 0))), "one scale"),
]  # fmt: skip


@pytest.mark.parametrize(("graph", "sentence"), SINGLE)
def test_single_operator(graph, sentence):
    if sentence is None:
        assert verify(graph) is graph
        return
    with pytest.raises(ModelError, match=sentence):
        verify(graph)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"written": "gone"}, "tensor 'gone', a state, must be defined"),
        ({"written": "all"}, "state 'memory' must keep its shape and type"),
        ({"read": "kept"}, "'memory#read', an input, must be written before it is read"),
        ({"initial": np.zeros((1, 2), np.int32)}, "state 'memory' must start with int8 of shape"),
    ],
)
def test_wrong_state_is_refused(changes, sentence):
    graph = from_tflite(streaming_file())
    states = (replace(graph.states[0], **changes),)
    with pytest.raises(ModelError, match=sentence):
        verify(replace(graph, states=states))


def test_tensor_without_one_scale_has_none():
    with pytest.raises(ValueError, match="tensor weights must have one scale"):
        _ = network().tensors["weights"].scale


def test_every_rule_of_types_stands_for_an_operator():
    """What no rule names moves values about."""
    x = tensor("x", (2,))
    check_operands(Operator(inputs=("x",), outputs=("x",)), [x], [x])
    with pytest.raises(ModelError, match="must have the same scale"):
        check_operands(
            Operator(inputs=("x",), outputs=("y",)), [x], [replace(x, quantization=scaled(0.1))]
        )


def test_state_is_a_copy():
    graph = from_tflite(streaming_file())
    assert isinstance(graph.states[0], State)
    graph.initial_state()["memory"][:] = 0
    assert graph.initial_state()["memory"].tolist() == [[7, 8]]
