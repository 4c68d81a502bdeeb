# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Kernels as large as their image: its pixels are taken in rows of another length where that is
faster, and the results stay what they are."""

import re
from dataclasses import replace

import numpy as np
import pytest
import random_layers as layers
from growing_graph import Growing
from machine_fuzz import check_all_tensors, in_python, on_rtl

from macaw.arch.machines import machine_preset
from macaw.compiler import network, whole_image
from macaw.compiler.lower import Lowered
from macaw.compiler.machine import compile_network
from macaw.compiler.network import place
from macaw.golden import evaluate, requantization
from macaw.nn import QuantizedGraph
from macaw.nn.graph import DType, Semantics
from macaw.nn.graph import operators as op

TINY = machine_preset("tiny")


def graph_of(shape, kernel=None, padding=(0, 0, 0, 0)) -> QuantizedGraph:
    """A depthwise layer, by default of the whole image."""
    graph = Growing(rng=np.random.default_rng(5), semantics=Semantics.TFLITE, dtype=DType.INT8)
    layers.convolution(
        graph,
        kernel=kernel or shape[1:3],
        padding=padding,
        groups=shape[3],
        outputs=shape[3],
        source=graph.input(shape),
    )
    return graph.finished("graph")


def pooling_of(shape, kernel, padding) -> QuantizedGraph:
    """An average of one window, beyond which the image may have pixels that nothing reads."""
    graph = Growing(rng=np.random.default_rng(5), semantics=Semantics.TFLITE, dtype=DType.INT8)
    source = graph.input(shape)
    result = graph.like(source, (shape[0], 1, 1, shape[3]))
    graph.add(
        op.AveragePool2d(
            inputs=(source,), outputs=(result,), kernel=kernel, stride=kernel, padding=padding
        )
    )
    return graph.finished("graph")


def placed(graph: QuantizedGraph, **memory: int):
    core = replace(TINY.core, memory=replace(TINY.core.memory, **memory))
    [placement] = place(graph, core, requantization, whole_words=True)
    assert placement.layer is not None
    return placement.layer


def is_equal(graph: QuantizedGraph, how=in_python) -> None:
    check_all_tensors(graph, TINY, how, transposed=False)


@pytest.mark.parametrize("shape", [(1, 5, 12, 8), (2, 5, 8, 8), (1, 6, 8, 16)])
def test_rows_that_fill_the_fours(shape, monkeypatch):
    """Five rows are two times four of them, as six are; ten rows are three times four."""
    graph = graph_of(shape)
    found = placed(graph)
    monkeypatch.setattr(whole_image, "_fits", lambda *_: False)
    as_it_is = placed(graph)
    assert as_it_is.image_shape == shape
    assert found.image_shape != shape
    assert np.prod(found.image_shape) == np.prod(shape)
    [[fast], [slow]] = ([part.program for part in each.parts] for each in (found, as_it_is))
    assert fast.walk.pixel_cycles < slow.walk.pixel_cycles
    assert len(fast.weights) <= len(slow.weights)
    monkeypatch.undo()
    is_equal(graph)


def test_an_image_without_its_last_columns_is_refused(monkeypatch):
    """What `Lowered.alone` sees to is seen again where buffers are placed."""
    monkeypatch.setattr(Lowered, "alone", property(lambda lowered: lowered.parts[0].layer))
    graph = pooling_of((1, 2, 4, 8), kernel=(3, 3), padding=(0, 1, 0, 0))
    refusals = compile_network(graph, TINY, requantization, evaluate).refusals
    [sentence] = refusals.values()
    assert re.search(r"width=4, .* must be seen whole, not as .*height=3, width=2", sentence)


def test_on_the_rtl():
    is_equal(graph_of((2, 5, 8, 8)), on_rtl(2))


@pytest.mark.parametrize(
    "graph",
    [
        graph_of((1, 8, 4, 8)),
        graph_of((1, 7, 7, 8)),
        graph_of((1, 5, 12, 9)),
        graph_of((1, 5, 12, 8), kernel=(4, 12)),
        graph_of((1, 5, 12, 8), kernel=(5, 13), padding=(0, 0, 1, 0)),
        pooling_of((1, 2, 4, 8), kernel=(3, 3), padding=(0, 1, 0, 0)),
        pooling_of((1, 4, 2, 8), kernel=(3, 3), padding=(0, 0, 0, 1)),
    ],
    ids=[
        "fours",
        "more weights",
        "pixels of parts of words",
        "a part of the image",
        "padding",
        "a column that nothing reads",
        "a row that nothing reads",
    ],
)
def test_what_stays(graph):
    assert placed(graph).image_shape == graph.tensors[graph.inputs[0]].shape
    is_equal(graph)


def test_the_next_image_keeps_its_half_of_the_line_buffer():
    graph = graph_of((1, 5, 11, 8))
    assert placed(graph, activation_words=128).image_shape == (1, 11, 5, 8)
    assert placed(graph, activation_words=64).image_shape == (1, 5, 11, 8)


@pytest.mark.parametrize(
    "mutate",
    [
        lambda right: lambda lowered, config: transposed_weights(right(lowered, config)),
        lambda right: (
            lambda lowered, config: replace(right(lowered, config), image_shape=lowered.image_shape)
        ),
    ],
    ids=["weights in another order", "another layer than image"],
)
def test_mutants_are_found(mutate, monkeypatch):
    monkeypatch.setattr(network, "whole_image", mutate(network.whole_image))
    with pytest.raises((AssertionError, ValueError)):
        is_equal(graph_of((1, 5, 12, 8)))


def transposed_weights(lowered):
    [part] = lowered.parts
    weights = part.layer.weights
    other = weights.transpose(0, 2, 1, 3).reshape(weights.shape)
    return replace(lowered, parts=(replace(part, layer=replace(part.layer, weights=other)),))
