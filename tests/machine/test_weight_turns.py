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
    contents = [(300, b"first"), (300, b"second"), (424, b"third"), (512, b"last")]
    store = Store(config=TINY, target=LoadTarget.WEIGHTS, contents=contents)
    assert not store.resident
    assert store.capacity == 512
    assert [store.place(each) for each in contents] == [
        ((range(300),), True),
        # What the pass before needs is in a run of its own, from its first unit on.
        ((range(300, 512), range(88)), True),
        ((range(88, 300), range(300, 512)), True),
        ((range(88), range(88, 512)), True),
    ]


def test_what_nothing_was_placed_over_is_still_there():
    contents = [(200, b"first"), (200, b"second"), (200, b"third")]
    first, second, third = contents
    store = Store(config=TINY, target=LoadTarget.WEIGHTS, contents=contents)
    found = [store.place(each) for each in (first, second, first, second, third, second, first)]
    assert found == [
        ((range(200),), True),
        ((range(200, 400),), True),
        ((range(200),), False),
        ((range(200, 400),), False),
        # The second one stays, the first one does not.
        ((range(400, 512), range(88)), True),
        ((range(200, 400),), False),
        ((range(88, 200), range(200, 288)), True),
    ]


@pytest.mark.parametrize("target", [LoadTarget.PARAMETERS, LoadTarget.TABLE])
def test_others_are_in_one_run(target):
    contents = [(50, b"first"), (50, b"second")]
    store = Store(config=TINY, target=target, contents=contents)
    assert [store.place(each) for each in contents] == [((range(50),), True)] * 2


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


@pytest.mark.parametrize(("outputs", "words"), [(12, [54, 27]), (20, [54, 54, 27])])
def test_parts_are_of_about_one_size(outputs, words):
    """Column groups of 27 words on a memory of 128: parts of two, as weights of three would come
    late, and parts of one would be too many."""
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
