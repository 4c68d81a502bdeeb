# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Known networks as one program each: what they run on, and what must come out."""

from collections.abc import Mapping

import numpy as np

from benchmarks.networks import NETWORKS
from macaw.arch.machine import MachineConfig
from macaw.arch.machines import machine_preset
from macaw.compiler.machine import Segment, compile_network
from macaw.compiler.network import modes
from macaw.golden import evaluate, requantization, run
from macaw.nn.graph import QuantizedGraph

__all__ = ["differing", "image_of", "minimum_traffic", "network_on", "whole_segment"]


def network_on(name: str, machine: str) -> tuple[QuantizedGraph, MachineConfig]:
    """A known network, and the machine of this name with the modes that it needs."""
    graph = NETWORKS[name]()
    return graph, machine_preset(machine).with_modes(modes(graph, requantization))


def whole_segment(
    graph: QuantizedGraph,
    machine: MachineConfig,
    memory_bytes: float | None = None,
    *,
    tiles: bool = True,
) -> Segment:
    """The one segment of a graph that needs no host, beside a memory that moves so much a clock."""
    network = compile_network(
        graph, machine, requantization, evaluate, memory_bytes=memory_bytes, tiles=tiles
    )
    [segment] = network.segments
    return segment


def minimum_traffic(segment: Segment, machine: MachineConfig) -> int:
    """The bytes that an inference by whole layers, one behind the other, cannot but move between
    the machine and the memory outside: what a layer needs in the core's memories and does not stay
    there, the network's images and results, and of each tensor in between that is more than all the
    machine's rows and tensors together, the writing, and a reading by each operator."""
    assert segment.program is not None
    loads = {
        word
        for each in segment.loads
        for load in each
        if not load.resident
        for word in range(load.word, load.word + load.words)
    }
    ends = {place.name for place in (*segment.program.inputs, *segment.program.outputs)}
    readers: dict[str, set[str]] = {}
    for each in segment.passes:
        for rows in each.reads:
            readers.setdefault(rows.buffer.name, set()).add(each.operator)
    capacity = machine.core.memory.activation_words + machine.tensor_words
    words = len(loads)
    for name, life in segment.lives.items():
        if name in ends:
            words += life.words
        elif life.words > capacity:
            words += life.words * (1 + len(readers[name]))
    return words * machine.word_bytes


def image_of(graph: QuantizedGraph) -> np.ndarray:
    """An image from a seed, int8 [1, height, width, channels]."""
    shape = graph.tensors[graph.inputs[0]].shape
    return np.random.default_rng(1).integers(-128, 128, shape).astype(np.int8)


def differing(
    graph: QuantizedGraph, image: np.ndarray, results: Mapping[str, np.ndarray]
) -> tuple[int, int]:
    """How many values golden's outputs for ``image`` have, and how many of ``results`` differ."""
    expected = run(graph, [image])
    different = sum(
        int(np.count_nonzero(results[output].ravel() != values.ravel()))
        for output, values in expected.items()
    )
    return sum(values.size for values in expected.values()), different
