# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Results are written over the image that they are made of, where the tensor memory has no room for
both."""

from dataclasses import replace

import numpy as np
import pytest
import random_layers as layers
from growing_graph import Growing
from machine_fuzz import Findings, check, in_python, on_rtl
from random_graphs import random_inputs

from macaw.arch.machine import Space
from macaw.arch.machines import machine_preset
from macaw.compiler.machine import compile_network, network
from macaw.compiler.machine.allocation import place_buffers
from macaw.golden import evaluate, requantization, run
from macaw.golden.machine import MachineError
from macaw.nn import QuantizedGraph
from macaw.nn.graph import DType, Semantics

TINY = replace(machine_preset("tiny"), tensor_words=64)
#: Kernel, stride, output channels and groups of layers on images of 8x7x8, of 56 words of 8 bytes.
LAYERS = {
    "pointwise": [((1, 1), 1, 8, 1)] * 3,
    "depthwise": [((3, 3), 1, 8, 8)] * 3,
    "rows of five": [((5, 5), 1, 8, 8), ((1, 1), 1, 8, 1)],
    "fewer channels": [((1, 1), 1, 8, 1), ((1, 1), 1, 4, 1), ((3, 3), 1, 4, 4)],
    "strides": [((1, 1), 1, 8, 1), ((3, 3), 2, 8, 8), ((1, 1), 1, 16, 1)],
}
#: The same of single layers, in rows that need more of the image or less, and more words of the
#: result for a word of the image or fewer.
SINGLE = {
    "pointwise": ((1, 1), 1, 8, 1),
    "fewer channels": ((1, 1), 1, 3, 1),
    "more channels": ((1, 1), 1, 24, 1),
    "depthwise": ((3, 3), 1, 8, 8),
    "rows of five": ((5, 5), 1, 6, 1),
    "strides": ((3, 3), 2, 24, 1),
}


def chain(several) -> QuantizedGraph:
    """Layers behind each other, in front of one more."""
    graph = Growing(rng=np.random.default_rng(3), semantics=Semantics.TFLITE, dtype=DType.INT8)
    tensor = graph.input((1, 8, 7, 8))
    for kernel, stride, outputs, groups in several:
        tensor = layers.convolution(
            graph, kernel=kernel, outputs=outputs, groups=groups, source=tensor,
            stride=(stride, stride), padding=(kernel[0] // 2,) * 4,
        )  # fmt: skip
    # Neither the first tensor nor the last one can be inside.
    layers.convolution(graph, kernel=(1, 1), outputs=8, source=tensor)
    return graph.finished("in place")


def segment_of(graph: QuantizedGraph):
    [segment] = compile_network(
        graph, TINY, requantization, evaluate, transposed=False, tiles=False
    ).segments
    return segment


def overlaps(segment) -> list[str]:
    """The buffers that stand over one that a pass reads while it writes them."""
    inside = {
        name: range(home.word, home.word + segment.lives[name].words)
        for name, home in segment.homes.items()
        if home.space == Space.TENSOR
    }
    return [
        each.target.buffer.name
        for each in segment.passes
        if {each.target.buffer.name, each.sources[0].buffer.name} <= inside.keys()
        and {*inside[each.target.buffer.name]} & {*inside[each.sources[0].buffer.name]}
    ]


def compared(graph: QuantizedGraph, how, config=TINY) -> None:
    inputs = random_inputs(graph, 7)
    tensors = inputs | run(graph, inputs, all_tensors=True)
    findings = Findings()
    assert not check(
        graph, tensors, config, how, findings, keep=False, transposed=False, tiles=False
    )
    assert findings.values


@pytest.mark.parametrize("how", [in_python, on_rtl(1), on_rtl(4)], ids=["python", "rtl", "slow"])
@pytest.mark.parametrize("name", LAYERS)
def test_results_over_their_images_have_the_same_bits(name, how):
    graph = chain(LAYERS[name])
    # All but the last result are inside, each over the one before.
    assert len(overlaps(segment_of(graph))) == len(LAYERS[name]) - 1 - (name == "strides")
    compared(graph, how)


@pytest.mark.parametrize("how", [in_python, on_rtl(2)], ids=["python", "rtl"])
@pytest.mark.parametrize("name", SINGLE)
def test_results_may_stand_as_far_behind_their_images_as_is_said(name, how, monkeypatch):
    """And no further."""
    graph = chain([((1, 1), 1, 8, 1), SINGLE[name]])
    config = replace(TINY, tensor_words=512)

    def beside(more):
        def place(lives, capacity, over=None):
            if over is None:
                return place_buffers(lives, capacity)
            [(result, image, distance)] = [
                (*pair, distance) for pair, distance in over.items() if lives.keys() >= {*pair}
            ]
            return {image: 180, result: 180 + distance + more}

        return place

    monkeypatch.setattr(network, "place_buffers", beside(0))
    compared(graph, how, config)
    if how is in_python:
        monkeypatch.setattr(network, "place_buffers", beside(1))
        with pytest.raises(MachineError, match="it must be in order with instruction"):
            compared(graph, how, config)
