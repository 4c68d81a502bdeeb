# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Pointwise layers are computed in rows so short that two results have room, and give what they
give."""

from dataclasses import replace

import numpy as np
import pytest
import random_layers as layers
from growing_graph import Growing
from machine_fuzz import check_all_tensors, in_python, on_rtl

from macaw.arch.machines import machine_preset
from macaw.compiler import network, short_rows
from macaw.compiler.machine import compile_network
from macaw.compiler.machine.cost import pass_cost
from macaw.compiler.network import place
from macaw.golden import evaluate, requantization
from macaw.nn import QuantizedGraph
from macaw.nn.graph import DType, Semantics

TINY = machine_preset("tiny")
#: Its result buffer has 64 words of 8 bytes: rows of 48 words, of which it holds one.
LONG = (1, 4, 24, 8), 16


def graph_of(shape, outputs, *, kernel=(1, 1), stride=(1, 1)) -> QuantizedGraph:
    graph = Growing(rng=np.random.default_rng(8), semantics=Semantics.TFLITE, dtype=DType.INT8)
    source = graph.input(shape)
    layers.convolution(graph, kernel=kernel, stride=stride, outputs=outputs, source=source)
    return graph.finished("graph")


def placed(graph: QuantizedGraph, *, whole_words: bool = True):
    [placement] = place(graph, TINY.core, requantization, whole_words=whole_words)
    assert placement.layer is not None
    return placement.layer


def is_equal(graph: QuantizedGraph, how=in_python) -> None:
    check_all_tensors(graph, TINY, how, transposed=False)


@pytest.mark.parametrize(
    ("shape", "outputs", "width"),
    [(*LONG, 16), ((2, 2, 24, 8), 16, 16), ((1, 3, 20, 16), 16, 15), ((1, 3, 20, 24), 24, 10)],
)
def test_two_rows_have_room(shape, outputs, width, monkeypatch):
    graph = graph_of(shape, outputs)
    layer = placed(graph)
    batch, height, columns, channels = layer.image_shape
    assert (batch, columns, channels) == (shape[0], width, shape[3])
    assert height * columns == shape[1] * shape[2]
    assert layer.result_shape == (batch, height, columns, outputs)
    [part] = layer.parts
    assert 2 * part.program.result_row_words <= TINY.core.memory.result_words
    is_equal(graph)

    def cycles() -> int:
        network = compile_network(graph, TINY, requantization, evaluate, transposed=False)
        [segment] = network.segments
        return sum(pass_cost(each, TINY).overlapped for each in segment.passes)

    fast = cycles()
    monkeypatch.setattr(short_rows, "_fits", lambda *_: False)
    assert placed(graph).image_shape == shape
    assert fast < cycles()


def test_on_the_rtl():
    is_equal(graph_of(*LONG), on_rtl(2))


@pytest.mark.parametrize(
    "graph",
    [
        graph_of((1, 4, 16, 8), 16),
        graph_of((1, 4, 24, 8), 3),
        graph_of((1, 4, 25, 9), 16),
        graph_of((1, 4, 24, 8), 16, kernel=(1, 2)),
        graph_of((1, 4, 40, 8), 16, stride=(2, 2)),
    ],
    ids=["two rows", "pixels together", "gaps", "kernel", "stride"],
)
def test_what_stays(graph):
    assert placed(graph).image_shape == graph.tensors[graph.inputs[0]].shape
    is_equal(graph)


def test_layers_by_themselves_stay():
    """Where layers are cropped, rows are those of the graph."""
    assert placed(graph_of(*LONG), whole_words=False).image_shape == LONG[0]


@pytest.mark.parametrize(
    "mutate",
    [
        lambda each, before: replace(each, image_shape=before.image_shape),
        lambda each, before: replace(each, result_shape=before.result_shape),
        lambda each, _: replace(each, image_shape=(each.image_shape[0], 4, *each.image_shape[2:])),
    ],
    ids=["another layer than image", "another layer than result", "rows left out"],
)
def test_mutants_are_found(mutate, monkeypatch):
    right = network.short_rows
    monkeypatch.setattr(
        network, "short_rows", lambda before, config: mutate(right(before, config), before)
    )
    with pytest.raises((AssertionError, ValueError)):
        is_equal(graph_of(*LONG))
