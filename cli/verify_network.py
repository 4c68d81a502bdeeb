# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""A whole network on the machine, in Python and on the RTL, against the golden model."""

from collections.abc import Callable, Mapping

import numpy as np

from macaw.arch.machine import MachineConfig
from macaw.cli.differences import difference
from macaw.cli.model_report import MachineRung, NetworkReport
from macaw.compiler.machine import Network, Segment, compile_network
from macaw.golden import evaluate, requantization
from macaw.golden.machine import Machine
from macaw.nn import QuantizedGraph
from macaw.sim.device import SimDevice
from macaw.sim.memory_model import MemoryModel

__all__ = ["verify_network"]

#: Tensors by name, as the golden model gives them.
_Tensors = Mapping[str, np.ndarray]


def verify_network(
    graph: QuantizedGraph,
    tensors: _Tensors,
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
    meant = compile_network(graph, config, requantization, evaluate)
    kept = compile_network(graph, config, requantization, evaluate, keep=True)
    rungs = []
    if machine:
        progress("machine in Python")
        rungs.append(_rung("machine", kept, tensors, _in_python(config)))
    counters: list[dict[str, int]] = []
    if rtl:
        progress("RTL, all tensors kept")
        device = SimDevice(config, model=model)
        rungs.append(_rung("rtl", kept, tensors, _on_device(device)))
        progress("RTL")

        def run(segment: Segment, inputs: _Tensors) -> _Tensors:
            results = _on_device(device)(segment, inputs)
            counters.append(device.counters)
            return results

        rungs.append(_rung("rtl, as it is meant to run", meant, tensors, run))
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


#: Runs a segment's program: the program's outputs for its inputs.
_Run = Callable[[Segment, _Tensors], _Tensors]


def _in_python(config: MachineConfig) -> _Run:
    def run(segment: Segment, inputs: _Tensors) -> _Tensors:
        program = segment.program
        assert program is not None
        machine = Machine(config)
        machine.load(program)
        if program.prologue is not None:
            machine.execute(program.prologue)
        for place in program.inputs:
            machine.write(place, inputs[place.name])
        machine.execute(program.body)
        return {place.name: machine.read(place) for place in program.outputs}

    return run


def _on_device(device: SimDevice) -> _Run:
    def run(segment: Segment, inputs: _Tensors) -> _Tensors:
        assert segment.program is not None
        device.load(segment.program)
        return device.run(inputs)

    return run


def _rung(name: str, network: Network, tensors: _Tensors, run: _Run) -> MachineRung:
    """One run of all segments, each with what the golden model gives it."""
    values, count, differences = 0, 0, {}
    for segment in network.segments:
        program = segment.program
        if program is None:
            continue
        inputs = {
            place.name: tensors[place.name].reshape(place.height, place.width, place.channels)
            for place in program.inputs
        }
        for result, found in run(segment, inputs).items():
            expected = tensors[result]
            values, count = values + found.size, count + 1
            sentence = difference(expected, found.reshape(expected.shape))
            if sentence:
                differences[result] = sentence
    return MachineRung(name=name, tensors=count, values=values, differences=differences)
