# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""From a graph to the figures of an inference: compiled, run, compared, and taken down."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from macaw.arch.checks import one_of
from macaw.arch.container import Program
from macaw.arch.machine import MachineConfig
from macaw.arch.program import CoreProgram
from macaw.cli.execution import RunProgram, Tensors, in_python, on_device, run_golden
from macaw.cli.programs import compile_graph
from macaw.cli.report.figures import (
    Area,
    Comparison,
    InferenceReport,
    OperatorFigures,
    PassFigures,
    Place,
    ProgramFigures,
    Span,
)
from macaw.cli.report.forms import form_of
from macaw.cli.report.memory import areas, capacities
from macaw.cli.report.timing import body_of, measured, modelled, traffic
from macaw.cli.verify_network import compared
from macaw.compiler.lower import MULTIPLYING
from macaw.compiler.machine import Network, Segment
from macaw.compiler.machine.cost import pass_cost
from macaw.compiler.machine.images import Image
from macaw.compiler.machine.passes import Pass
from macaw.nn import ModelError, QuantizedGraph
from macaw.sim.device import SimDevice
from macaw.sim.machine_files import ProgramRun
from macaw.sim.memory_model import memory_model

__all__ = ["RUNS", "gather"]

#: What runs the programs: the machine in Python, its RTL, or nothing.
RUNS = ("machine", "rtl", "none")


def gather(
    graph: QuantizedGraph,
    config: MachineConfig,
    *,
    run_on: str = "rtl",
    memory: str = "wide",
    inputs: Sequence[np.ndarray],
    progress: Callable[[str], None] = lambda what: None,
) -> InferenceReport:
    """The report of one inference of a verified graph for ``inputs``.

    ``config`` gets the modes that the graph needs. ``run_on`` is one of `RUNS`: the RTL tells the
    clocks, and runs beside the memory of this name; otherwise the compiler's model does. Either
    machine gets what the golden model makes of ``inputs`` at the border of each program, and its
    outputs are compared with the golden model's. ``progress`` is told what is done next.

    Raises `ModelError` where the machine does nothing, ``ValueError`` for another ``run_on``, and
    what the golden model, the compiler, `macaw.golden.machine` and the simulator raise.
    """
    one_of("run_on", run_on, RUNS)
    progress("golden model")
    tensors: dict[str, np.ndarray] = dict(zip(graph.inputs, inputs, strict=True))
    state = graph.initial_state()
    tensors |= {each.read: state[each.name] for each in graph.states}
    if run_on != "none":
        tensors |= run_golden(graph, inputs, all_tensors=True, state=state)
    progress("compiling")
    network = compile_graph(graph, config, memory=memory)
    programs = [each for each in network.segments if each.program is not None]
    if not programs:
        raise ModelError(
            f"{graph.name}: an operator must run on the machine, and all run on the host: "
            + "; ".join(network.refusals.values())
        )
    runs: list[list[ProgramRun]] = []
    comparisons: tuple[Comparison, ...] = ()
    if run_on != "none":
        what, run = "machine in Python", in_python(network.config)
        if run_on == "rtl":
            what, run = "RTL", _on_rtl(network.config, memory, runs)

        def run_told(program: Program, inferences: Sequence[Tensors]) -> list[dict[str, Any]]:
            progress(f"{what}, {program.name}")
            return run(program, inferences)

        found = compared(what, network, tensors, run_told)
        comparisons = (
            Comparison(
                what="the machine's RTL" if run_on == "rtl" else "the machine in Python",
                reference="the golden model",
                tensors=found.tensors,
                values=found.values,
                differences=found.differences,
            ),
        )
    return _report(network, programs, runs, comparisons, memory)


def _on_rtl(config: MachineConfig, memory: str, runs: list[list[ProgramRun]]) -> RunProgram:
    """Programs on the RTL; what they took, instruction by instruction, is added to ``runs``."""
    device = SimDevice(config, model=memory_model(memory), trace=True)

    def run(program: Program, inferences: Sequence[Tensors]) -> list[dict[str, Any]]:
        results = on_device(device)(program, inferences)
        assert device.last_run is not None
        runs.append(list(device.last_run.programs))
        return results

    return run


def _report(
    network: Network,
    segments: Sequence[Segment],
    runs: Sequence[Sequence[ProgramRun]],
    comparisons: tuple[Comparison, ...],
    memory: str,
) -> InferenceReport:
    graph, config = network.graph, network.config
    # Reads and writes share what it gives; without a limit it is a word each.
    rate = memory_model(memory).rate(config.word_bytes) / 1024 * config.word_bytes
    indices = {operator.outputs[0]: index for index, operator in enumerate(graph.operators)}
    macs = _macs_of_passes(graph, [each for segment in segments for each in segment.passes])
    passes: list[PassFigures] = []
    spans: list[Span] = []
    programs: list[ProgramFigures] = []
    places: list[Area] = []
    clock = 0
    for number, segment in enumerate(segments):
        first = len(passes)
        own = macs[first : first + len(segment.passes)]
        if runs:
            *before, body = runs[number]
            clocks, found = measured(
                segment, config, body.trace, macs=own, first_pass=first, first_clock=clock
            )
            cycles, counters = body.cycles, body.counters
        else:
            before, counters = [], {}
            clocks, found = modelled(
                segment, config, rate, macs=own, first_pass=first, first_clock=clock
            )
            cycles = sum(sum(each.values()) for each in clocks)
        spans += found
        places += areas(segment, config, number, first)
        for index, each in enumerate(segment.passes):
            passes.append(
                PassFigures(
                    number=first + index,
                    program=number,
                    operator=indices[each.operator],
                    name=each.name,
                    kind=_kind(each),
                    image=_sizes(each.sources[0].image),
                    result=(each.target.rows, each.target.pixels, each.target.pixel_bytes),
                    macs=own[index],
                    clocks=clocks[index],
                    modelled=pass_cost(each, config).cycles,
                    **asdict(traffic(segment, index, config)),
                )
            )
        assert segment.program is not None
        programs.append(
            ProgramFigures(
                name=segment.program.name,
                cycles=cycles,
                prologue_cycles=sum(each.cycles for each in before),
                counters=counters,
                instructions=len(body_of(segment, config)),
                words=len(segment.program.image) // config.word_bytes,
                memory_words=segment.program.memory_words,
            )
        )
        clock += cycles
    return InferenceReport(
        model=graph.name,
        semantics=str(graph.semantics),
        configuration=config.name,
        digest=config.digest,
        lanes=config.core.array.lanes,
        columns=config.core.array.columns,
        multipliers=config.core.array.multipliers,
        word_bytes=config.word_bytes,
        memory=memory,
        memory_bytes=rate,
        measured=bool(runs),
        comparisons=comparisons,
        macs=graph.macs,
        inputs={name: graph.tensors[name].shape for name in graph.inputs},
        outputs={name: _makers(graph).get(name, -1) for name in graph.outputs},
        operators=_operators(
            network,
            {
                indices[name]
                for segment in segments
                for each in segment.passes
                for name in (each.operator, each.also)
                if name
            },
        ),
        programs=tuple(programs),
        passes=tuple(passes),
        spans=tuple(spans),
        areas=tuple(places),
        capacities=capacities(config),
    )


def _operators(network: Network, with_passes: set[int]) -> tuple[OperatorFigures, ...]:
    graph = network.graph
    makers = _makers(graph)
    on_host = {
        operator.outputs[0]
        for segment in network.segments
        if segment.program is None
        for operator in segment.operators
    }
    found = []
    for index, operator in enumerate(graph.operators):
        result = operator.outputs[0]
        place = Place.MACHINE if index in with_passes else Place.IN_PLACE
        found.append(
            OperatorFigures(
                index=index,
                kind=type(operator).__name__,
                form=form_of(graph, operator),
                result=result,
                shape=graph.tensors[result].shape,
                inputs=tuple(
                    dict.fromkeys(makers[name] for name in operator.inputs if name in makers)
                ),
                macs=graph.macs_of(operator),
                place=Place.HOST if result in on_host else place,
                reason=network.refusals.get(result, ""),
            )
        )
    return tuple(found)


def _makers(graph: QuantizedGraph) -> dict[str, int]:
    """The index of the operator that makes each tensor, -1 for inputs and states."""
    makers = dict.fromkeys([*graph.inputs, *(each.read for each in graph.states)], -1)
    for index, operator in enumerate(graph.operators):
        makers |= dict.fromkeys(operator.outputs, index)
    return makers


def _macs_of_passes(graph: QuantizedGraph, passes: Sequence[Pass]) -> list[int]:
    """The operators' multiplications, among their passes as those of the core's layers are."""
    found = [0] * len(passes)
    for operator in graph.operators:
        if not isinstance(operator, MULTIPLYING):
            continue
        own = [
            (index, each.work.shape.macs)
            for index, each in enumerate(passes)
            if each.operator == operator.outputs[0]
            and each.name == each.operator
            and isinstance(each.work, CoreProgram)
        ]
        left, weight = graph.macs_of(operator), sum(macs for _, macs in own)
        for index, macs in own:
            found[index] = left * macs // weight
            left, weight = left - found[index], weight - macs
    return found


def _kind(each: Pass) -> str:
    if isinstance(each.work, CoreProgram):
        if each.work.descriptor.get("largest"):
            return "largest"
        return "window" if each.work.descriptor["window"] else "dense"
    return "copy" if each.tables is None else "lookup"


def _sizes(image: Image) -> tuple[int, int, int]:
    return image.height, image.width, image.channels
