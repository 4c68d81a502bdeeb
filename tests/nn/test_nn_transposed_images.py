# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Transposed images: each operator makes what it made, in the other order, or is refused."""

import re
from dataclasses import replace

import numpy as np
import pytest

from macaw.golden import run
from macaw.nn import ModelError, QuantizedGraph, verify
from macaw.nn.graph import DType, Quantization, State, Tensor
from macaw.nn.graph import operators as op
from macaw.nn.shapes import output_shapes
from macaw.nn.transposed_images import transposed_images

UNIT = Quantization(scale=(0.0625,), zero_point=(3,))
RNG = np.random.default_rng(20261129)


def tensor(name, shape, *, constant=False, quantization=UNIT):
    data = RNG.integers(-128, 128, shape).astype(np.int8) if constant else None
    return Tensor(name=name, shape=shape, dtype=DType.INT8, quantization=quantization, data=data)


def graph_of(operator: op.Operator, *operands: Tensor) -> QuantizedGraph:
    """A graph of one operator, whose operands are these tensors."""
    shapes = output_shapes(operator, [each.shape for each in operands])
    results = [tensor(name, shape) for name, shape in zip(operator.outputs, shapes, strict=True)]
    return verify(
        QuantizedGraph(
            name="graph",
            tensors={each.name: each for each in (*operands, *results)},
            operators=(operator,),
            inputs=tuple(each.name for each in operands if each.data is None),
            outputs=operator.outputs,
        )
    )


def weights(outputs, height, width, inputs):
    unit = Quantization(scale=tuple([0.03125] * outputs), zero_point=(0,) * outputs, axis=0)
    return tensor("w", (outputs, height, width, inputs), constant=True, quantization=unit)


def one(kind, *operands, names=("y",), **attributes):
    """A graph of an operator of ``operands``, by default an image of seven rows of five pixels."""
    given = operands or (tensor("x", (2, 7, 5, 6)),)
    names = {"inputs": tuple(each.name for each in given), "outputs": names}
    return graph_of(kind(**names, **attributes), *given)


IMAGE = tensor("x", (2, 7, 5, 6))

#: By what is tried, the graph of one operator.
GRAPHS = {
    "strides": one(op.Conv2d, IMAGE, weights(4, 3, 2, 6), stride=(1, 2), padding=(0, 1, 2, 3)),
    "dilations": one(op.Conv2d, IMAGE, weights(4, 2, 3, 6), dilation=(3, 1)),
    "multiplier": one(op.Conv2d, IMAGE, weights(12, 2, 3, 1), groups=6, padding=(1, 0, 0, 2)),
    "transposed convolution": one(
        op.ConvTranspose2d, IMAGE, weights(4, 2, 3, 6), stride=(3, 2), offset=(0, 1),
        output_size=(20, 9),
    ),
    "largest": one(op.MaxPool2d, kernel=(3, 2), stride=(2, 1), padding=(0, 2, 1, 0)),
    "average": one(op.AveragePool2d, kernel=(2, 3), stride=(2, 1), padding=(1, 1, 0, 2)),
    "adaptive": one(op.AdaptiveAveragePool2d, size=(7, 1)),
    "nearest": one(op.ResizeNearest, size=(14, 15)),
    "mean": one(op.Mean, axes=(1, 2)),
    "mean that keeps": one(op.Mean, axes=(1, 2), keep_dimensions=True),
    "greatest": one(op.ReduceMax, axes=(0, 1, 2)),
    "total": one(op.Sum, axes=(1, 2), keep_dimensions=True),
    "function": one(op.HardSwish),
    "slopes of channels": one(op.Prelu, IMAGE, tensor("z", (6,), constant=True)),
    "slopes of columns": one(op.Prelu, IMAGE, tensor("z", (1, 1, 5, 1), constant=True)),
    "sum": one(op.Add, IMAGE, tensor("z", (2, 7, 5, 6))),
    "sum with a constant": one(op.Add, IMAGE, tensor("z", (2, 7, 5, 6), constant=True)),
    "sum with rows": one(op.Subtract, IMAGE, tensor("z", (1, 7, 1, 1), constant=True)),
    "sum with channels": one(op.Add, tensor("z", (6,), constant=True), IMAGE),
    "rows joined": one(op.Concat, IMAGE, tensor("z", (2, 1, 5, 6)), axis=1),
    "columns joined": one(op.Concat, IMAGE, tensor("z", (2, 7, 2, 6)), axis=2),
    "channels joined": one(op.Concat, IMAGE, tensor("z", (2, 7, 5, 1)), axis=3),
    "split": one(op.Split, names=("y", "z"), axis=2, sizes=(1, 4)),
    "padding": one(op.Pad, padding=((0, 0), (1, 0), (2, 3), (4, 0)), value=-7),
    "slice": one(op.Slice, starts=(0, 1, 0, 2), steps=(1, 2, 3, 1), sizes=(2, 3, 2, 4)),
    "axes": one(op.Transpose, permutation=(0, 3, 1, 2)),
    "same shape": one(op.Reshape, shape=(2, 7, 5, 6)),
    "one row": one(op.Reshape, tensor("x", (1, 1, 5, 6)), shape=(30,)),
    "to one column": one(op.Reshape, tensor("x", (30,)), shape=(1, 5, 1, 6)),
    "vectors": one(op.Linear, IMAGE, tensor("w", (3, 6), constant=True), keep_dimensions=True),
    "flat": one(op.Reshape, tensor("x", (4, 6)), shape=(24,)),
}  # fmt: skip


def turned(values: np.ndarray) -> np.ndarray:
    return values.swapaxes(1, 2) if values.ndim == 4 else values


#: Those that this runtime does not have.
_NOT_RUN = ("adaptive",)


@pytest.mark.parametrize("name", GRAPHS)
def test_results_are_transposed(name):
    graph = GRAPHS[name]
    found = verify(transposed_images(graph))
    for each, tensor in graph.tensors.items():
        assert found.tensors[each].shape == turned(np.empty(tensor.shape)).shape
    if name in _NOT_RUN:
        return
    images = [RNG.integers(-128, 128, graph.tensors[each].shape).astype(np.int8)
              for each in graph.inputs]  # fmt: skip
    expected = run(graph, images)
    results = run(found, [turned(each) for each in images])
    for each, values in expected.items():
        assert len(np.unique(values)) > 2
        np.testing.assert_array_equal(results[each], turned(values))


@pytest.mark.parametrize("name", GRAPHS)
def test_transposed_twice_is_the_graph(name):
    graph = GRAPHS[name]
    twice = transposed_images(transposed_images(graph))
    assert twice == graph
    for each, tensor in graph.tensors.items():
        if tensor.data is not None:
            np.testing.assert_array_equal(twice.tensors[each].data, tensor.data)


def test_which_graphs_change():
    """Those with other sizes for rows and columns: others are equal, but for their constants."""
    assert transposed_images(GRAPHS["flat"]) == GRAPHS["flat"]
    square = one(op.Conv2d, tensor("x", (1, 5, 5, 6)), weights(4, 3, 3, 6))
    assert transposed_images(square) == square
    assert transposed_images(GRAPHS["function"]) != GRAPHS["function"]
    assert transposed_images(GRAPHS["adaptive"]).operators[0].size == (1, 7)


def test_scales_of_an_axis_and_states():
    graph = GRAPHS["function"]
    unit = Quantization(scale=(0.5,) * 7, zero_point=(0,) * 7, axis=1)
    initial = RNG.integers(-128, 128, IMAGE.shape).astype(np.int8)
    state = State(name="s", read="x", written="y", initial=initial)
    tensors = {**graph.tensors, "z": tensor("z", (2, 7, 5, 6), constant=True, quantization=unit)}
    found = transposed_images(replace(graph, tensors=tensors, inputs=(), states=(state,)))
    assert found.tensors["z"].quantization.axis == 2
    np.testing.assert_array_equal(found.states[0].initial, state.initial.swapaxes(1, 2))
    verify(found)


@pytest.mark.parametrize(
    ("graph", "sentence"),
    [
        (one(op.Reshape, shape=(2, 210)),
         ("Reshape must not depend on the order of rows and columns, "
          "as from (2, 7, 5, 6) to (2, 210)")),
        (one(op.Reshape, tensor("x", (2, 210)), shape=(2, 7, 5, 6)), "Reshape"),
        (one(op.Reshape, shape=(2, 7, 6, 5)), "Reshape"),
        (one(op.Mean, axes=(1,)), "Mean"),
        (one(op.Mean, axes=(2, 3)), "Mean"),
        (one(op.Mean, tensor("x", (2, 3, 4, 5, 6, 7)), axes=(1, 2)), "Mean"),
        (one(op.Sum, axes=(1,)), "Sum"),
        (one(op.Prelu, IMAGE, tensor("z", (5, 6), constant=True)), "Prelu"),
        (one(op.Add, IMAGE, tensor("z", (5, 6), constant=True)), "Add"),
        (one(op.Add, IMAGE, tensor("z", (7, 1, 6), constant=True)), "Add"),
        (one(op.Slice, starts=(0, 3, 0, 0), steps=(1,) * 4, sizes=(2, 1, 5, 6), removed=(1,)),
         "Slice"),
        (one(op.ResizeBilinear, size=(3, 4)), "ResizeBilinear"),
        (one(op.Unpack, names=("a", "b"), axis=0), "Unpack"),
        (one(op.Linear, IMAGE, tensor("w", (3, 210), constant=True)), "Linear"),
    ],
)  # fmt: skip
def test_what_is_refused(graph, sentence):
    with pytest.raises(ModelError, match=f"^{graph.outputs[0]}: {re.escape(sentence)}"):
        transposed_images(graph)
