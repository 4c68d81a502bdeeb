# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The machine loads the weights of a mean once for all its column groups."""

import numpy as np
import pytest
import random_layers as layers
from growing_graph import Growing
from machine_fuzz import check_all_tensors, in_python, on_rtl

from macaw.arch.machine import LoadTarget
from macaw.arch.machines import machine_preset
from macaw.compiler.machine import compile_network
from macaw.compiler.steps import Groups
from macaw.golden import evaluate, requantization
from macaw.nn import QuantizedGraph
from macaw.nn.graph import DType, Semantics
from macaw.nn.graph import operators as op

TINY = machine_preset("tiny")
CHANNELS = 20


def graph_of() -> QuantizedGraph:
    """A mean, and a layer with weights of its own in front of another mean."""
    graph = Growing(rng=np.random.default_rng(3), semantics=Semantics.TFLITE, dtype=DType.INT8)
    image = graph.input((1, 5, 4, CHANNELS))
    same = layers.convolution(graph, kernel=(1, 1), outputs=CHANNELS, source=image)
    for source in image, same:
        result = graph.like(source, (1, CHANNELS))
        graph.add(op.Mean(inputs=(source,), outputs=(result,), axes=(1, 2)))
    return graph.finished("means")


def weight_words() -> list[int]:
    """Weight words that each pass loads."""
    [segment] = compile_network(graph_of(), TINY, requantization, evaluate).segments
    return [
        sum(load.units for load in of_pass if load.target == LoadTarget.WEIGHTS)
        // TINY.core.array.columns
        for of_pass in segment.loads
    ]


def test_a_mean_loads_one_groups_weights(monkeypatch):
    shared = weight_words()
    monkeypatch.setattr(Groups, "alike", lambda *_: False)
    own = weight_words()
    # Twenty channels are three column groups in window mode; the convolution shares nothing.
    assert sorted(mine // found for found, mine in zip(shared, own, strict=True)) == [1, 3, 3]


@pytest.mark.parametrize("how", [in_python, on_rtl(2)], ids=["python", "rtl"])
def test_results_are_those_of_golden(how):
    check_all_tensors(graph_of(), TINY, how)


def test_the_mutant_that_always_shares_is_found(monkeypatch):
    monkeypatch.setattr(Groups, "alike", lambda *_: True)
    with pytest.raises(AssertionError):
        check_all_tensors(graph_of(), TINY, in_python)
