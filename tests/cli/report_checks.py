# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""What must hold of every report, as sentences about what does not; and reports to look at."""

from itertools import combinations

import nn_graphs

from benchmarks.networks import NETWORKS
from macaw.arch.machine import MachineConfig
from macaw.arch.machines import machine_preset
from macaw.cli.inputs import drawn_inputs
from macaw.cli.report.figures import Area, InferenceReport, Place
from macaw.cli.report.gathering import gather
from macaw.nn import QuantizedGraph, load


def small_graph(folder) -> QuantizedGraph:
    """A network of eight operators, of which the last ones are the host's."""
    path = folder / "network.tflite"
    path.write_bytes(nn_graphs.network_file())
    return load(path)


def known(name: str, config: MachineConfig | None = None, **options) -> InferenceReport:
    """The report of a known network."""
    return report_of(NETWORKS[name](), config, **options)


def report_of(
    graph: QuantizedGraph, config: MachineConfig | None = None, **options
) -> InferenceReport:
    """The report of a graph, for inputs from a seed."""
    machine = config or machine_preset("ecp5_85f")
    return gather(graph, machine, inputs=drawn_inputs(graph, 1), **options)


def violations(report: InferenceReport) -> list[str]:
    """A sentence for each breach of what must hold."""
    return [*_sums(report), *_spans(report), *_areas(report)]


def _sums(report: InferenceReport):
    for number, program in enumerate(report.programs):
        cycles = sum(each.cycles for each in report.passes if each.program == number)
        if cycles != program.cycles:
            yield f"the passes of {program.name} have {cycles} clocks of {program.cycles}"
    if sum(report.clocks.values()) != report.cycles:
        yield "the causes do not have all clocks"
    for operator in report.operators:
        macs = sum(each.macs for each in report.of_operator(operator.index))
        expected = operator.macs if operator.place == Place.MACHINE else 0
        if macs != expected:
            yield f"{operator.label} has {macs} multiplications of {expected}"
    if sum(each.macs for each in report.operators) != report.macs:
        yield "the operators do not have all multiplications"
    for each in report.passes:
        if min(each.clocks.values()) < 0:
            yield f"pass {each.number} has {each.clocks}"
        name, least = report.bound(each)
        if least > each.cycles:
            yield f"pass {each.number} takes {each.cycles} clocks, and {least} at least ({name})"


def _spans(report: InferenceReport):
    for span in report.spans:
        if not 0 <= span.begin < span.end <= report.cycles:
            yield f"{span} is outside of the inference"
    computed = [span.number for span in report.spans if span.engine == "compute"]
    if computed != [each.number for each in report.passes]:
        yield f"the engine computes the passes {computed}"


def _areas(report: InferenceReport):
    last = len(report.passes) - 1
    for area in report.areas:
        capacity = report.capacities.get(area.memory)
        if not 0 <= area.start < area.end or (capacity and area.end > capacity):
            yield f"{area} is outside of its memory"
        if not 0 <= area.first <= area.last <= last:
            yield f"{area} is outside of the inference"
    for one, other in combinations(report.areas, 2):
        if _meet(one, other) and not (_over(report, one, other) or _over(report, other, one)):
            yield f"{one} and {other} meet"


def _meet(one: Area, other: Area) -> bool:
    """Whether two areas are at one place at one time; inputs and outputs of several programs stand
    in memories of their own."""
    return (
        (one.memory, one.program) == (other.memory, other.program)
        and one.start < other.end
        and other.start < one.end
        and one.first <= other.last
        and other.first <= one.last
    )


def _over(report: InferenceReport, result: Area, image: Area) -> bool:
    """Whether a pass that is the last to read ``image`` begins ``result`` over it, which is that of
    its operator or of one behind."""
    operators = {each.result: each for each in report.operators}
    if image.memory != "tensor" or image.last != result.first or result.name not in operators:
        return False
    operator = report.operators[report.passes[result.first].operator]
    maker = operators[result.name]
    read = {report.operators[index].result for index in operator.inputs if index >= 0}
    return image.name in read and operator.index in (maker.index, *maker.inputs)
