# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The benchmark ``network``: known networks whole on the machine's RTL, beside two memories."""

import click

from benchmarks.report import Report
from benchmarks.whole_networks import (
    differing,
    image_of,
    minimum_traffic,
    network_on,
    whole_segment,
)
from macaw.arch.machine import MachineConfig
from macaw.compiler.machine import Segment
from macaw.nn.graph import QuantizedGraph
from macaw.sim.device import SimDevice
from macaw.sim.memory_model import MEMORY_MODELS

__all__ = ["run"]

_MACHINES = ("ecp5_85f", "ecp5_25f")
_WORKLOADS = ("resnet8", "kws", "vww", "mobilenet_v1", "resnet50")
_MEMORIES = ("wide", "board")


def run(report: Report, machines: tuple[str, ...] = _MACHINES) -> None:
    """Run each network once on each machine beside each memory, and compare its outputs
    with golden's.

    ``cycles`` are those of the body, ``prologue_cycles`` those of what is loaded once before;
    ``moved`` is what an inference brings and takes, ``minimum`` what one by whole layers could not
    do without; ``starved`` and ``blocked`` the shares of clocks in which the core would take words
    of an image, also of one that comes ahead, and in which results wait for their place in memory.
    """
    for name in machines:
        for workload in _WORKLOADS:
            graph, machine = network_on(workload, name)
            for memory in _MEMORIES:
                speed = MEMORY_MODELS[memory].bytes_per_clock
                segment = whole_segment(graph, machine, speed)
                minimum = minimum_traffic(
                    whole_segment(graph, machine, speed, tiles=False), machine
                )
                click.echo(f"network: {workload} on {name}, memory {memory}")
                _measure(report, graph, machine, segment, minimum, name, memory)


def _measure(
    report: Report,
    graph: QuantizedGraph,
    machine: MachineConfig,
    segment: Segment,
    minimum: int,
    name: str,
    memory: str,
) -> None:
    image = image_of(graph)
    device = SimDevice(machine, model=MEMORY_MODELS[memory])
    device.load(segment.program)
    results = device.run({graph.inputs[0]: image[0]})
    outputs, different = differing(graph, image, results)
    run = device.last_run
    assert run is not None
    counters, cycles = device.counters, device.counters["cycles"]
    moved = counters["outer_reads"] + counters["outer_writes"]
    figures = {
        "macs": (graph.macs, "MAC"),
        "cycles": (cycles, "cycles"),
        "utilisation": (
            round(100 * graph.macs / (machine.core.array.multipliers * cycles), 2), "%"
        ),
        "prologue_cycles": (sum(each.cycles for each in run.programs[:-1]), "cycles"),
        "moved": (moved * machine.word_bytes, "bytes"),
        "minimum": (minimum, "bytes"),
        "starved": (round(100 * counters["starved"] / cycles, 2), "%"),
        "blocked": (round(100 * counters["blocked"] / cycles, 2), "%"),
        "outputs": (outputs, "values"),
        "mismatches": (different, "values"),
        "speed": (round(run.cycles_per_second), "cycles/s"),
    }  # fmt: skip
    for metric, (value, unit) in figures.items():
        report(
            benchmark="network",
            configuration=f"{name} machine",
            digest=machine.digest,
            workload=graph.name,
            memory=memory,
            metric=metric,
            value=value,
            unit=unit,
        )
