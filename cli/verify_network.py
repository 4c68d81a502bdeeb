# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""A whole network on the machine, in Python and on the RTL, against the golden model."""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from macaw.arch.container import Program
from macaw.arch.machine import MachineConfig
from macaw.cli.differences import difference
from macaw.cli.execution import RunProgram, Tensors, in_python, on_device, run_program
from macaw.cli.model_report import MachineRung, NetworkReport
from macaw.compiler.machine import Network, compile_network
from macaw.golden import evaluate, requantization
from macaw.nn import QuantizedGraph
from macaw.sim.device import SimDevice
from macaw.sim.memory_model import MemoryModel

__all__ = ["compared", "verify_network"]


def verify_network(
    graph: QuantizedGraph,
    tensors: Tensors,
    config: MachineConfig,
    *,
    machine: bool,
    rtl: bool,
    model: MemoryModel,
    progress: Callable[[str], None],
) -> NetworkReport:
    """Compares what the machine computes with ``tensors``, which the golden model computed.

    With ``machine`` programs are executed in Python; with ``rtl`` they run on the RTL beside a
    memory of ``model``: once with all tensors kept and compared, and once as they are meant to
    run, for the clocks. ``progress`` is told what is done next.

    Raises what the compiler, `macaw.golden.machine` and the simulator raise.
    """
    progress("compiling")
    for_memory = partial(
        compile_network, graph, config, requantization, evaluate,
        memory_bytes=model.bytes_per_clock,
    )  # fmt: skip
    meant, kept = for_memory(), for_memory(keep=True)
    rungs = []
    if machine:
        progress("machine in Python")
        rungs.append(compared("machine", kept, tensors, in_python(config)))
    counters: list[dict[str, int]] = []
    if rtl:
        progress("RTL, all tensors kept")
        device = SimDevice(config, model=model)
        rungs.append(compared("rtl", kept, tensors, on_device(device)))
        progress("RTL")

        def run(program: Program, inputs: Sequence[Tensors]) -> list[dict[str, np.ndarray]]:
            results = on_device(device)(program, inputs)
            counters.append(device.counters)
            return results

        rungs.append(compared("rtl, as it is meant to run", meant, tensors, run))
    on_machine = [each for each in meant.segments if each.program is not None]
    macs = sum(graph.macs_of(operator) for each in on_machine for operator in each.operators)
    cycles = sum(each["cycles"] for each in counters)
    return NetworkReport(
        configuration=config.name,
        digest=config.digest,
        rungs=tuple(rungs),
        operators=sum(len(each.operators) for each in on_machine),
        segments=len(on_machine),
        host=dict(meant.refusals),
        macs=macs,
        cycles=cycles,
        utilisation=macs / (config.core.array.multipliers * cycles) if cycles else 0.0,
        counters={name: sum(each[name] for each in counters) for name in counters[0]}
        if counters
        else {},
    )


def compared(name: str, network: Network, tensors: Tensors, run: RunProgram) -> MachineRung:
    """All programs of a network, each on those of ``tensors`` that it takes, against those that it
    makes; raises what ``run`` does."""
    values, count, differences = 0, 0, {}
    for segment in network.segments:
        if segment.program is None:
            continue
        [results] = run_program(network.graph, segment.program, [tensors], run)
        for result, found in results.items():
            values, count = values + found.size, count + 1
            sentence = difference(tensors[result], found)
            if sentence:
                differences[result] = sentence
    return MachineRung(name=name, tensors=count, values=values, differences=differences)
