# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Known networks as one program each: what they run on, and what must come out."""

from collections.abc import Mapping

import numpy as np

from benchmarks.networks import NETWORKS
from macaw.arch.container import Program
from macaw.arch.machine import MachineConfig
from macaw.arch.machines import machine_preset
from macaw.compiler.machine import compile_network
from macaw.compiler.network import modes
from macaw.golden import evaluate, requantization, run
from macaw.nn.graph import QuantizedGraph

__all__ = ["differing", "image_of", "network_on", "whole_program"]


def network_on(name: str, machine: str) -> tuple[QuantizedGraph, MachineConfig]:
    """A known network, and the machine of this name with the modes that it needs."""
    graph = NETWORKS[name]()
    return graph, machine_preset(machine).with_modes(modes(graph, requantization))


def whole_program(graph: QuantizedGraph, machine: MachineConfig) -> Program:
    """The program of a graph that needs no host."""
    [segment] = compile_network(graph, machine, requantization, evaluate).segments
    assert segment.program is not None
    return segment.program


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
