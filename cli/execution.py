# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""A compiled network, run: its programs on a machine of any kind, and the host in between."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from macaw import golden
from macaw.arch.container import Program
from macaw.arch.machine import MachineConfig
from macaw.compiler.machine import Network
from macaw.golden import evaluate
from macaw.golden.machine import Machine
from macaw.nn import ModelError, QuantizedGraph

__all__ = [
    "RunProgram",
    "Tensors",
    "in_python",
    "on_device",
    "run_golden",
    "run_network",
    "run_program",
]

#: Tensors by name.
Tensors = Mapping[str, np.ndarray]

#: Runs a program for some inferences, from the inputs to the outputs of each, int8 or uint8
#: [height, width, channels].
RunProgram = Callable[[Program, Sequence[Tensors]], list[dict[str, np.ndarray]]]


class _Device(Protocol):
    """What is needed of a `macaw.sim.device.SimDevice`."""

    def load(self, program: Program) -> None: ...

    def run_all(self, inputs: Sequence[Tensors]) -> list[dict[str, np.ndarray]]: ...


def in_python(config: MachineConfig) -> RunProgram:
    """On the machine in Python, each program behind one prologue; what runs a program raises
    `macaw.golden.machine.MachineError`."""

    def run(program: Program, inputs: Sequence[Tensors]) -> list[dict[str, np.ndarray]]:
        machine = Machine(config)
        machine.load(program)
        if program.prologue is not None:
            machine.execute(program.prologue)
        found = []
        for tensors in inputs:
            for place in program.inputs:
                machine.write(place, tensors[place.name])
            machine.execute(program.body)
            found.append({place.name: machine.read(place) for place in program.outputs})
        return found

    return run


def on_device(device: _Device) -> RunProgram:
    """On a device, each program behind one prologue; what runs a program raises what
    ``device.run_all`` does."""

    def run(program: Program, inputs: Sequence[Tensors]) -> list[dict[str, np.ndarray]]:
        device.load(program)
        return device.run_all(inputs)

    return run


def run_golden(
    graph: QuantizedGraph, inputs: Sequence[np.ndarray], **options: Any
) -> dict[str, np.ndarray]:
    """`macaw.golden.run` with its options; `ModelError` for parameters and values that the graph's
    runtime has no meaning for."""
    try:
        return golden.run(graph, inputs, **options)
    except ValueError as error:
        raise ModelError(str(error)) from error


def run_program(
    graph: QuantizedGraph, program: Program, inferences: Sequence[Tensors], run: RunProgram
) -> list[dict[str, np.ndarray]]:
    """A program's outputs in the graph's shapes for each of ``inferences``, whose tensors have the
    graph's shapes too."""
    inputs = [
        {
            place.name: tensors[place.name].reshape(place.height, place.width, place.channels)
            for place in program.inputs
        }
        for tensors in inferences
    ]
    return [
        {name: values.reshape(graph.tensors[name].shape) for name, values in results.items()}
        for results in run(program, inputs)
    ]


def run_network(
    network: Network, inputs: Sequence[Tensors], run: RunProgram
) -> list[dict[str, np.ndarray]]:
    """All tensors that there are of each inference: its inputs, what the host makes, and the
    outputs of the programs.

    Each program runs for all of ``inputs`` before the next one does. Those of a graph with states
    are steps one behind the other, from its initial state on.

    Raises what ``run`` does, and `ModelError` as `run_golden` does.
    """
    graph = network.graph
    if not graph.states:
        return _run(network, inputs, run)
    state, found = graph.initial_state(), []
    for step in inputs:
        remembered = {each.read: state[each.name] for each in graph.states}
        found += _run(network, [{**step, **remembered}], run)
        state = {each.name: found[-1][each.written] for each in graph.states}
    return found


def _run(
    network: Network, inputs: Sequence[Tensors], run: RunProgram
) -> list[dict[str, np.ndarray]]:
    graph = network.graph
    constants = {name: each.data for name, each in graph.tensors.items() if each.data is not None}
    inferences = [dict(tensors) for tensors in inputs]
    for segment in network.segments:
        if segment.program is not None:
            made = run_program(graph, segment.program, inferences, run)
            for tensors, results in zip(inferences, made, strict=True):
                tensors |= results
            continue
        for tensors in inferences:
            for operator in segment.operators:
                operands = [
                    constants[each] if each in constants else tensors[each]
                    for each in operator.inputs
                ]
                try:
                    values = evaluate(graph, operator, operands)
                except ValueError as error:
                    raise ModelError(f"{operator.outputs[0]}: {error}") from error
                tensors |= dict(zip(operator.outputs, values, strict=True))
    return inferences
