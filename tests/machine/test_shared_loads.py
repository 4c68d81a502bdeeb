# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The machine loads once what several column groups or passes of a layer need."""

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


def in_parts(shape, *counts: int) -> QuantizedGraph:
    """Layers of kernels of 3x3 pixels, with as many channels as ``counts`` says."""
    graph = Growing(rng=np.random.default_rng(5), semantics=Semantics.TFLITE, dtype=DType.INT8)
    last = graph.input(shape)
    for count in counts:
        last = layers.convolution(
            graph, kernel=(3, 3), outputs=count, source=last, padding=(1, 1, 1, 1)
        )
    return graph.finished("parts")


#: By what makes several passes of a layer: columns; images; columns, and weights of more than their
#: memory holds.
PARTS = {
    "columns": in_parts((1, 3, 80, 4), 4, 8, 4),
    "images": in_parts((2, 5, 6, 4), 4, 8, 4),
    "channels": in_parts((1, 2, 36, 24), 27),
}


def loaded(graph: QuantizedGraph) -> dict[str, list[int]]:
    """By the names of the layers the weight words that each of their passes loads."""
    [segment] = compile_network(graph, TINY, requantization, evaluate, transposed=False).segments
    found: dict[str, list[int]] = {}
    for each, of_pass in zip(segment.passes, segment.loads, strict=True):
        words = sum(load.words for load in of_pass if load.target == LoadTarget.WEIGHTS)
        found.setdefault(each.operator, []).append(words)
    return found


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("columns", [[20, 0], [40, 0], [36, 0, 0, 0]]),
        ("images", [[20, 0], [40, 0], [36, 0]]),
        ("channels", [[216, 0, 216, 0, 216, 0, 108, 0]]),
    ],
)
def test_passes_with_the_same_weights_load_them_once(name, expected):
    assert list(loaded(PARTS[name]).values()) == expected


@pytest.mark.parametrize("name", PARTS)
@pytest.mark.parametrize("how", [in_python, on_rtl(2)], ids=["python", "rtl"])
def test_results_of_passes_with_the_same_weights(name, how):
    check_all_tensors(PARTS[name], TINY, how)


@pytest.mark.parametrize("how", [in_python, on_rtl(2)], ids=["python", "rtl"])
def test_results_are_those_of_golden(how):
    check_all_tensors(graph_of(), TINY, how)


def test_the_mutant_that_always_shares_is_found(monkeypatch):
    monkeypatch.setattr(Groups, "alike", lambda *_: True)
    with pytest.raises(AssertionError):
        check_all_tensors(graph_of(), TINY, in_python)
