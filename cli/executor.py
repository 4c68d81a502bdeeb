# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""A model on one rung of the ladder: the golden model, the machine in Python, or the RTL."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from macaw.arch.container import Program
from macaw.arch.machine import MachineConfig
from macaw.cli.execution import RunProgram, Tensors, in_python, on_device, run_golden, run_network
from macaw.cli.programs import compile_graph
from macaw.cli.rungs import Rung
from macaw.nn import QuantizedGraph

__all__ = ["Executor", "executor"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Executor:
    """Computes a graph's outputs: ``run`` takes inferences, each an array for each input in the
    graph's order, and gives for each an array for each output. Inferences of a graph with states
    are steps, from the initial state on.

    ``where`` says what computes; ``host``, by the names of their results, why operators run on the
    host; ``cycles`` are the clocks of all inferences so far, without the prologues, and 0 where
    there is no clock.
    """

    where: str
    run: Callable[[Sequence[Sequence[np.ndarray]]], list[list[np.ndarray]]]
    host: dict[str, str] = field(default_factory=dict)
    clocks: list[int] = field(default_factory=list)

    @property
    def cycles(self) -> int:
        """The clocks of all inferences so far."""
        return sum(self.clocks)


def executor(
    graph: QuantizedGraph,
    rung: Rung,
    *,
    machine: MachineConfig,
    memory: str = "wide",
) -> Executor:
    """A graph on ``rung``, compiled for a memory of the model called ``memory``; on the RTL beside
    such a memory.

    Compiling raises what `compile_network` does, and running what the simulator does; `ModelError`
    where values computed by the graph itself are none that it can take.
    """
    if rung is Rung.GOLDEN:
        return Executor(where="the golden model", run=_golden(graph))
    network = compile_graph(graph, machine, memory=memory)
    machine = network.config
    clocks: list[int] = []
    run_program = in_python(machine) if rung is Rung.MACHINE else _rtl(machine, memory, clocks)

    def run_all(inferences: Sequence[Sequence[np.ndarray]]) -> list[list[np.ndarray]]:
        inputs = [dict(zip(graph.inputs, each, strict=True)) for each in inferences]
        found = run_network(network, inputs, run_program)
        return [[tensors[name] for name in graph.outputs] for tensors in found]

    name = f"{machine.name} ({machine.digest})"
    where = f"the machine {name} in Python" if rung is Rung.MACHINE else f"the RTL of {name}"
    return Executor(where=where, run=run_all, host=dict(network.refusals), clocks=clocks)


def _golden(
    graph: QuantizedGraph,
) -> Callable[[Sequence[Sequence[np.ndarray]]], list[list[np.ndarray]]]:
    def run_all(inferences: Sequence[Sequence[np.ndarray]]) -> list[list[np.ndarray]]:
        state = graph.initial_state()
        found = [run_golden(graph, each, state=state) for each in inferences]
        return [[outputs[name] for name in graph.outputs] for outputs in found]

    return run_all


def _rtl(machine: MachineConfig, memory: str, clocks: list[int]) -> RunProgram:
    """Programs on the RTL; the clocks of each inference are added to ``clocks``."""
    # Imported here, for it brings Amaranth and cocotb, which the other rungs do not need.
    from macaw.sim.device import SimDevice
    from macaw.sim.memory_model import memory_model

    device = SimDevice(machine, model=memory_model(memory), progress=True)

    def run(program: Program, inputs: Sequence[Tensors]) -> list[dict[str, np.ndarray]]:
        results = on_device(device)(program, inputs)
        if device.last_run is not None:
            clocks.extend(each.cycles for each in device.last_run.programs[-len(inputs) :])
        return results

    return run
