# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Weights of more than their memory holds take turns around it, and come while others are used."""

import numpy as np
import pytest
import random_layers as layers
from growing_graph import Growing
from machine_fuzz import check_all_tensors, in_python, on_rtl

from macaw.arch.loading import load_format
from macaw.arch.machine import LoadTarget
from macaw.arch.machines import machine_preset
from macaw.compiler.machine import compile_network
from macaw.compiler.machine.stores import Store
from macaw.golden import evaluate, requantization
from macaw.nn import QuantizedGraph
from macaw.nn.graph import DType, Semantics

TINY = machine_preset("tiny")


def deep() -> QuantizedGraph:
    """Four layers, of 162, 18, 72 and 18 words of weights, on a memory of 128."""
    graph = Growing(rng=np.random.default_rng(3), semantics=Semantics.TFLITE, dtype=DType.INT8)
    last = graph.input((1, 3, 4, 24))
    for kernel in ((3, 3), (1, 1), (2, 2), (1, 1)):
        padding = (1, 1, 1, 1) if kernel == (3, 3) else (0, 0, 0, 0)
        last = layers.convolution(graph, kernel=kernel, outputs=24, source=last, padding=padding)
    return graph.finished("deep")


def weights_of(graph: QuantizedGraph):
    [segment] = compile_network(graph, TINY, requantization, evaluate).segments
    return [
        [load for load in of_pass if load.target == LoadTarget.WEIGHTS] for of_pass in segment.loads
    ]


def test_runs_follow_each_other_around_the_memory():
    store = Store(config=TINY, target=LoadTarget.WEIGHTS, sizes=(300, 300))
    assert not store.resident
    assert store.capacity == 512
    assert store.place(300) == (range(300),)
    assert store.place(300) == (range(300, 512), range(88))
    assert store.place(424) == (range(88, 512),)
    assert store.place(512) == (range(512),)


@pytest.mark.parametrize("target", [LoadTarget.PARAMETERS, LoadTarget.TABLE])
def test_others_are_in_one_run(target):
    store = Store(config=TINY, target=target, sizes=(50, 50))
    assert (store.place(50), store.place(50)) == ((range(50),), (range(50),))


def test_a_layer_whose_weights_end_where_their_memory_begins():
    graph = deep()
    loads = weights_of(graph)
    around = [each for each in loads if len(each) == 2]
    assert around
    for first, second in around:
        assert first.first + first.units == load_format(TINY, LoadTarget.WEIGHTS).capacity
        assert (second.first, second.word) == (0, first.word + first.words)
    for how in (in_python, on_rtl(2), on_rtl(4)):
        check_all_tensors(graph, TINY, how)


@pytest.mark.parametrize(("outputs", "words"), [(12, [27, 27, 27]), (20, [27] * 5)])
def test_parts_are_of_one_size_and_leave_room_for_the_next(outputs, words):
    """Three eighths of the memory are 48 words: of 81 three parts, one a column group."""
    graph = Growing(rng=np.random.default_rng(3), semantics=Semantics.TFLITE, dtype=DType.INT8)
    first = layers.convolution(
        graph, kernel=(3, 3), outputs=outputs, source=graph.input((1, 4, 4, 24))
    )
    layers.convolution(graph, kernel=(2, 2), outputs=36, source=first)
    columns = TINY.core.array.columns
    found = [
        sum(load.units for load in each) // columns for each in weights_of(graph.finished("parts"))
    ]
    assert found[: len(words)] == words
