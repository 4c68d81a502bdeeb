# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Pointwise layers that step over pixels fetch only those that they see, where many parts do."""

from dataclasses import replace

import growing_graph
import numpy as np
import pytest
import random_layers as layers
from growing_graph import Growing
from machine_fuzz import Findings, check, check_all_tensors, in_python, on_rtl
from random_graphs import random_inputs

from macaw.arch.machines import machine_preset
from macaw.compiler.machine import compile_network, graph_passes
from macaw.compiler.machine.picking import picked
from macaw.compiler.network import modes
from macaw.golden import evaluate, requantization, run
from macaw.nn import QuantizedGraph
from macaw.nn.graph import DType, Semantics
from macaw.nn.graph import operators as op

TINY = replace(machine_preset("tiny"), tensor_words=64)


def strided(stride=(2, 2), kernel=(1, 1), *, shape=(1, 4, 6, 72), outputs=100, **more):
    """A layer whose weights are several times their memory."""
    graph = Growing(rng=np.random.default_rng(3), semantics=Semantics.TFLITE, dtype=DType.INT8)
    image = graph.input(shape)
    layers.convolution(graph, kernel=kernel, stride=stride, outputs=outputs, source=image, **more)
    return graph.finished("strided")


def sources(graph: QuantizedGraph, memory_bytes: float) -> list[str]:
    """What the passes of the graph read on `ecp5_25f`, each name once."""
    machine = machine_preset("ecp5_25f").with_modes(modes(graph, requantization))
    [segment] = compile_network(
        graph, machine, requantization, evaluate, memory_bytes=memory_bytes, transposed=False
    ).segments
    return list(dict.fromkeys(rows.buffer.name for each in segment.passes for rows in each.reads))


def test_pixels_are_picked_where_that_is_faster(monkeypatch):
    monkeypatch.setattr(growing_graph, "MOST_VALUES", 1 << 20)
    graph = strided(shape=(1, 14, 14, 1024), outputs=2048)
    image = graph.inputs[0]
    picked_pixels = f"{image}, every (2, 2)"
    kept = f"{picked_pixels} for {graph.outputs[0]}, 1536 words of rows from 0"
    assert sources(graph, 2) == [image, picked_pixels, kept]
    assert sources(graph, 100) == [image]
    # Few weights: one part fetches the image once.
    assert sources(strided(shape=(1, 14, 14, 1024), outputs=8), 2) == [image]


@pytest.mark.parametrize("how", [in_python, on_rtl(1), on_rtl(4)], ids=["python", "rtl", "slow"])
@pytest.mark.parametrize("shape", [(1, 4, 6, 72), (1, 5, 3, 72), (2, 3, 4, 40)], ids=str)
@pytest.mark.parametrize("stride", [(2, 2), (1, 2), (3, 2)], ids=str)
def test_picked_pixels_give_the_same_bits(shape, stride, how):
    graph = picked(strided(stride, shape=shape), strided(stride, shape=shape).operators[0])
    assert [type(each) for each in graph.operators] == [op.Slice, op.Conv2d]
    check_all_tensors(graph, TINY, how)


def test_the_layer_gives_the_same_bits_by_either_way(monkeypatch):
    """Whichever is faster."""
    graph = strided()
    inputs = random_inputs(graph, 7)
    tensors = inputs | run(graph, inputs, all_tensors=True)
    for one, other in ((1, 0), (0, 1)):
        clocks = iter((one, other) * 2)
        monkeypatch.setattr(graph_passes, "clocks_of", lambda *_, clocks=clocks: next(clocks))
        for how in (in_python, on_rtl(2)):
            findings = Findings()
            check(graph, tensors, TINY, how, findings, keep=False, transposed=False)
            assert findings.values == 2 * 3 * 100


@pytest.mark.parametrize(
    "graph",
    [
        strided((2, 1)),
        strided((2, 2), (1, 2)),
        strided((2, 2), padding=(0, 0, 1, 0)),
        strided((2, 2), groups=4),
    ],
    ids=["rows alone", "kernel", "padding", "groups"],
)
def test_others_are_left_as_they_are(graph):
    assert picked(graph, graph.operators[0]) is None
