# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Random graphs that are legal, and random machines for them, each from a seed."""

from dataclasses import replace

import numpy as np
import random_layers as layers
import random_operators as others
from growing_graph import Growing, Unfit

from macaw.arch.config import ArrayConfig
from macaw.arch.machine import MachineConfig
from macaw.arch.machines import machine_preset
from macaw.compiler.network import modes
from macaw.golden import requantization
from macaw.nn import ModelError, QuantizedGraph
from macaw.nn.graph import DType, Semantics

#: What makes an operator, and how often it is tried.
KINDS = {
    layers.dense: 3,
    layers.pointwise: 2,
    layers.dilated: 2,
    layers.grouped: 2,
    layers.depthwise: 3,
    layers.multiplied: 2,
    layers.separable: 3,
    layers.transposed: 2,
    layers.linear: 2,
    layers.average_pool: 2,
    layers.adaptive_pool: 3,
    layers.global_mean: 1,
    others.largest: 2,
    others.add: 3,
    others.subtract: 2,
    others.add_constant: 1,
    others.multiply: 2,
    others.concat: 3,
    others.pad: 2,
    others.slice_any: 2,
    others.split: 2,
    others.resize: 1,
    others.reshape: 2,
    others.transpose: 3,
    others.function: 5,
    others.absolute: 3,
}

_RUNTIMES = (
    (Semantics.TFLITE, DType.INT8),
    (Semantics.TFLITE, DType.UINT8),
    (Semantics.QNNPACK, DType.UINT8),
    (Semantics.ONNXRUNTIME, DType.INT8),
    (Semantics.ONNXRUNTIME, DType.UINT8),
    (Semantics.FBGEMM, DType.UINT8),
    (Semantics.ONEDNN, DType.UINT8),
    (Semantics.X86, DType.UINT8),
)


def random_graph(seed: int) -> QuantizedGraph:
    """Five operators or more, on one image or two."""
    rng = np.random.default_rng([seed, 1])
    semantics, dtype = _RUNTIMES[seed % len(_RUNTIMES)]
    batch = 2 if rng.random() < 0.1 else 1
    growing = Growing(rng=rng, semantics=semantics, dtype=dtype)
    for _ in range(2 if growing.chance(0.2) else 1):
        height, width, channels = growing.whole(2, 9), growing.whole(2, 9), growing.whole(1, 12)
        growing.input((batch, height, width, channels))
    kinds = [kind for kind, count in KINDS.items() for _ in range(count)]
    wanted = growing.whole(5, 9)
    while len(growing.operators) < wanted:
        before = dict(growing.tensors), list(growing.operators)
        try:
            growing.one_of(*kinds)(growing)
            growing.finished("trial")
        except (Unfit, ModelError):
            growing.tensors, growing.operators = before
    return growing.finished(f"seed {seed}")


def random_inputs(graph: QuantizedGraph, seed: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng([seed, 2])
    return {
        name: rng.integers(0, 256, graph.tensors[name].shape, np.uint8).view(
            graph.tensors[name].dtype.value
        )
        for name in graph.inputs
    }


_TINY = machine_preset("tiny")

#: A machine around a compact core, whose layers overlap as those of small devices do.
COMPACT = replace(
    _TINY,
    name="compact",
    core=replace(
        _TINY.core,
        name="compact",
        array=ArrayConfig(lanes=8, columns=8),
        requantizer=replace(_TINY.core.requantizer, lanes=4),
        compact=True,
    ),
)

#: Machines whose RTL is run, one after the other.
ON_RTL = (_TINY, COMPACT)

#: Machines for many graphs: the second one has little room, so that tensors go outside and back
#: and layers are split.
FIXED = (
    _TINY,
    replace(
        _TINY,
        name="narrow",
        core=replace(
            _TINY.core,
            memory=replace(
                _TINY.core.memory, activation_words=128, weight_words=64, parameter_entries=32,
                result_words=32,
            ),
        ),
        tensor_words=64,
        queue=2,
        fetch_words=16,
        elementwise_lanes=4,
    ),
    COMPACT,
)  # fmt: skip


def has_modes(graph: QuantizedGraph, config: MachineConfig) -> bool:
    """Whether a machine is built for the layers of a graph."""
    return set(modes(graph, requantization)) <= set(config.core.requantizer.modes)


def random_machine(seed: int, graph: QuantizedGraph) -> MachineConfig:
    """For a machine in Python: anything small, with the modes of the graph."""
    rng = np.random.default_rng([seed, 3])

    def one_of(*values: int) -> int:
        return int(rng.choice(values))

    lanes, columns = [(8, 4), (8, 8), (16, 8), (16, 16)][rng.integers(4)]
    core = _TINY.core
    memory = replace(
        core.memory, activation_words=one_of(64, 128, 256, 512), weight_words=one_of(64, 128, 512),
        parameter_entries=one_of(32, 64, 256), result_words=one_of(16, 32, 64, 256),
        step_entries=one_of(32, 64, 256),
    )  # fmt: skip
    core = replace(
        core.with_modes(modes(graph, requantization)),
        name=f"random {seed}",
        array=ArrayConfig(lanes=lanes, columns=columns),
        memory=memory,
    )
    core = replace(core, requantizer=replace(core.requantizer, lanes=one_of(1, 2, 4)))
    return MachineConfig(
        name=f"random {seed}",
        core=core,
        tensor_words=one_of(0, 64, 128, 256, 1024),
        queue=one_of(2, 4, 8),
        fetch_words=one_of(16, 32, 64),
        elementwise_lanes=one_of(1, 2, 8),
    )
