# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""A pointwise layer takes what the layer before makes tile by tile: nothing between leaves the
chip."""

from dataclasses import replace

import numpy as np
import pytest
import random_layers as layers
from growing_graph import Growing
from machine_fuzz import Findings, check, in_python, on_rtl
from random_graphs import random_inputs

from macaw.arch.machine import LoadTarget, Space
from macaw.arch.machines import machine_preset
from macaw.compiler.machine import compile_network, emit
from macaw.golden import evaluate, requantization, run
from macaw.nn import QuantizedGraph
from macaw.nn.graph import DType, Semantics
from macaw.nn.graph import operators as op

TINY = replace(machine_preset("tiny"), tensor_words=64)
SLOW = 0.25  # bytes that a memory moves in a clock


def pair(shape, channels, outputs, *, semantics=Semantics.TFLITE, more=None, **first):
    """A layer and a pointwise one behind it; ``more`` adds to the graph."""
    graph = Growing(rng=np.random.default_rng(3), semantics=semantics, dtype=DType.INT8)
    image = graph.input(shape)
    between = layers.convolution(graph, outputs=channels, source=image, **first)
    result = layers.convolution(graph, kernel=(1, 1), outputs=outputs, source=between)
    if more:
        more(graph, between, result)
    return graph.finished("pair")


def pooled() -> QuantizedGraph:
    """A max pooling in the place of the first layer."""
    graph = Growing(rng=np.random.default_rng(3), semantics=Semantics.TFLITE, dtype=DType.INT8)
    image = graph.input((1, 13, 13, 8))
    between = graph.like(image, (1, 7, 12, 8))
    graph.add(
        op.MaxPool2d(
            inputs=(image,), outputs=(between,), kernel=(3, 2), stride=(2, 1), padding=(1, 1, 0, 0)
        )
    )
    layers.convolution(graph, kernel=(1, 1), outputs=12, source=between)
    return graph.finished("pooled")


def flattened() -> QuantizedGraph:
    """A fully connected layer of all of a row."""
    graph = Growing(rng=np.random.default_rng(3), semantics=Semantics.TFLITE, dtype=DType.INT8)
    image = graph.input((1, 1, 9, 16))
    between = layers.convolution(graph, kernel=(1, 2), outputs=100, source=image)
    weights, _ = layers._weights(graph, between, (4, 800))
    result = graph.like(between, (1, 4))
    graph.add(op.Linear(inputs=(between, weights), outputs=(result,)))
    return graph.finished("flattened")


def read_twice(graph, between, result):
    layers.convolution(graph, kernel=(1, 1), outputs=4, source=between)


def pointwise_behind(graph, between, result):
    return layers.convolution(graph, kernel=(1, 1), outputs=4, source=result)


def two_behind(graph, between, result):
    layers.convolution(
        graph, kernel=(1, 1), outputs=6, source=pointwise_behind(graph, between, result)
    )


def depthwise(channels: int = 8, **more):
    return {"kernel": (3, 3), "groups": channels, "padding": (1, 1, 1, 1), **more}


#: Layers between which more than 64 words of 8 bytes lie.
PAIRS = {
    "depthwise": pair((1, 12, 10, 8), 8, 12, **depthwise()),
    "stride": pair((1, 15, 16, 8), 8, 12, **depthwise(stride=(2, 2))),
    "sides": pair((1, 15, 9, 8), 8, 5, **depthwise(stride=(1, 2), padding=(0, 2, 1, 0))),
    "dilation": pair((1, 13, 12, 8), 8, 8, **depthwise(dilation=(2, 2), padding=(2, 2, 2, 2))),
    "dense": pair((1, 11, 10, 5), 9, 7, kernel=(3, 2), padding=(1, 1, 0, 1)),
    "pointwise": pair((1, 9, 11, 4), 10, 7, kernel=(1, 1)),
    "groups": pair((1, 10, 9, 6), 12, 8, kernel=(3, 3), groups=3, padding=(1, 1, 1, 1)),
    "pool": pooled(),
    "three layers": pair((1, 9, 11, 8), 8, 8, more=pointwise_behind, **depthwise()),
    "four layers": pair((1, 9, 11, 8), 8, 8, more=two_behind, **depthwise()),
    "uneven channels": pair((1, 14, 13, 5), 5, 3, **depthwise(5)),
    "onnxruntime": pair(
        (1, 12, 10, 8), 8, 12, semantics=Semantics.ONNXRUNTIME, **depthwise(stride=(2, 1))
    ),
}


def network_of(graph: QuantizedGraph, **options):
    return compile_network(
        graph, TINY, requantization, evaluate, memory_bytes=SLOW, transposed=False, **options
    )


def tiles_of(network) -> list[str]:
    return [each for segment in network.segments for each in segment.lives if ", tile " in each]


@pytest.mark.parametrize("how", [in_python, on_rtl(1), on_rtl(4)], ids=["python", "rtl", "slow"])
@pytest.mark.parametrize("name", PAIRS)
def test_tiles_give_the_same_bits(name, how):
    """Whether they are faster or not: in tiles of three rows by four columns, and by five."""
    graph = PAIRS[name]
    inputs = random_inputs(graph, 7)
    tensors = inputs | run(graph, inputs, all_tensors=True)
    for size in ((3, 4), (2, 5)):
        assert len(tiles_of(network_of(graph, tiles=size))) > 1
        findings = Findings()
        assert not check(graph, tensors, TINY, how, findings, keep=False, tiles=size)
        assert findings.values
        assert findings.tiled


def test_a_tile_stays_on_the_chip():
    network = network_of(PAIRS["depthwise"])
    [segment] = network.segments
    between, result = (each.outputs[0] for each in network.graph.operators)
    tiles = tiles_of(network)
    assert len(tiles) > 1
    assert {segment.homes[each].space for each in tiles} == {Space.TENSOR}
    assert between not in segment.homes
    # Each tile is made, and then used.
    order = [
        (each.operator, each.sources[0].buffer.name, each.target.buffer.name)
        for each in segment.passes
    ]
    image = network.graph.inputs[0]
    assert order == [
        step
        for tile in tiles
        for step in ((between, image, tile), (result, tile, result))
    ]  # fmt: skip


def test_what_all_tiles_need_is_loaded_once():
    [segment] = network_of(PAIRS["depthwise"]).segments
    weights = [
        [load.words for load in of_pass if load.target == LoadTarget.WEIGHTS]
        for of_pass in segment.loads
    ]
    assert all(sum(each) for each in weights[:2])
    assert not any(sum(each) for each in weights[2:])


@pytest.mark.parametrize(
    ("graph", "options"),
    [
        (PAIRS["depthwise"], {"keep": True}),
        (PAIRS["depthwise"], {"tiles": False}),
        (replace(PAIRS["depthwise"], outputs=PAIRS["depthwise"].operators[0].outputs
                 + PAIRS["depthwise"].outputs), {}),
        (pair((1, 12, 10, 8), 8, 12, more=read_twice, **depthwise()), {}),
        (pair((1, 4, 6, 8), 8, 12, **depthwise()), {}),
        (flattened(), {"tiles": (1, 1)}),
        # Five rows of three pixels are computed as three of five.
        (pair((1, 5, 3, 8), 8, 12, kernel=(5, 3), groups=8), {"tiles": (1, 1)}),
        (pair((2, 12, 10, 8), 8, 8, **depthwise()), {}),
    ],
    ids=["kept", "not asked for", "an output", "read twice", "small", "flattened", "one pixel",
         "two images"],
)  # fmt: skip
def test_what_is_needed_whole_is_made_whole(graph, options):
    assert not tiles_of(network_of(graph, **options))


def test_programs_of_too_many_instructions_are_made_of_whole_layers(monkeypatch):
    graph = PAIRS["depthwise"]
    assert len(tiles_of(network_of(graph, tiles=(2, 5)))) == 12
    monkeypatch.setattr(emit, "WAIT_BITS", 3)
    assert not tiles_of(network_of(graph, tiles=(2, 5)))
    monkeypatch.setattr(emit, "WAIT_BITS", 1)
    with pytest.raises(ValueError, match="a program must have at most 1 "):
        network_of(graph)


def test_a_fast_memory_needs_no_tiles():
    graph = PAIRS["depthwise"]
    fast = compile_network(graph, TINY, requantization, evaluate, transposed=False)
    assert not tiles_of(fast)
    assert tiles_of(network_of(graph))
