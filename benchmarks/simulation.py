# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The benchmark ``simulation``: how fast known networks run whole on the machine's RTL."""

import resource

import click

from benchmarks.report import Report
from benchmarks.whole_networks import differing, image_of, network_on, whole_segment
from macaw.sim.device import SimDevice
from macaw.sim.memory_model import MEMORY_MODELS

__all__ = ["run"]

_WORKLOADS = ("resnet8", "mobilenet_v1", "resnet50")
_MEMORY = "wide"


def run(
    report: Report,
    machine_name: str = "ecp5_85f",
    workloads: tuple[str, ...] = _WORKLOADS,
    *,
    quick: bool = True,
) -> None:
    """Run each network once, and compare its outputs with golden's.

    ``seconds`` are from the start of the simulator to its end: weights loaded, and an inference.
    ``processor`` is the processor's time of it, which other programs hardly change, and ``speed``
    all clocks by that; ``build`` is the processor's time that the simulator takes to be built,
    next to nothing where it was built before. With ``quick`` false the design is simulated as it is
    written.
    """
    configuration = f"{machine_name} machine" + ("" if quick else ", plain")
    for name in workloads:
        graph, machine = network_on(name, machine_name)
        click.echo(f"simulation: {name} on {configuration}")
        image = image_of(graph)
        device = SimDevice(machine, model=MEMORY_MODELS[_MEMORY], quick=quick)
        device.load(whole_segment(graph, machine).program)
        before = _processor_seconds()
        results = device.run({graph.inputs[0]: image[0]})
        spent = _processor_seconds() - before
        found = device.last_run
        assert found is not None
        _, different = differing(graph, image, results)
        figures = {
            "clocks": (found.cycles, "cycles"),
            "seconds": (round(found.seconds, 2), "s"),
            "processor": (round(found.processor_seconds, 2), "s"),
            "speed": (round(found.cycles / found.processor_seconds), "cycles/s"),
            "build": (round(spent - found.processor_seconds, 1), "s"),
            "mismatches": (different, "values"),
        }
        for metric, (value, unit) in figures.items():
            report(
                benchmark="simulation",
                configuration=configuration,
                digest=machine.digest,
                workload=name,
                memory=_MEMORY,
                metric=metric,
                value=value,
                unit=unit,
            )


def _processor_seconds() -> float:
    """The processor's time of this program, and of those that it has started and seen end."""
    return sum(
        resource.getrusage(who).ru_utime for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
