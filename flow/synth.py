# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The benchmark ``synth``: clock and area of a configuration's hardware on its device."""

from collections.abc import Callable

from macaw.arch.checks import one_of
from macaw.arch.config import AcceleratorConfig
from macaw.arch.machine import MachineConfig
from macaw.flow.measurement import Measurement, measure

__all__ = ["PRESET_DEVICES", "device_of", "run"]

#: The device that each preset is made for.
PRESET_DEVICES = {
    "ecp5_85f": "85k",
    "ecp5_25f": "25k",
    "up5k": "up5k",
    "gw2a18": "gw2a-18",
    "gw1nr9": "gw1nr-9c",
}


def device_of(config: AcceleratorConfig | MachineConfig) -> str:
    """The device in `PRESET_DEVICES` for the name of ``config``; ``ValueError`` without one."""
    return PRESET_DEVICES[one_of("configuration", config.name, tuple(PRESET_DEVICES))]


def run(
    config: AcceleratorConfig | MachineConfig,
    component,
    *,
    seeds: tuple[int, ...],
    report: Callable[..., None],
    workload: str = "core",
    device: str | None = None,
    speed: int | str | None = None,
    frequency: float = 200.0,
    minutes: float | None = None,
) -> Measurement:
    """Measure ``component``, the hardware of ``config``, and report a row for each metric.

    ``device`` is one of `macaw.flow.DEVICES`, by default the one in `PRESET_DEVICES` for the
    configuration's name. ``report`` is called with the keywords ``benchmark`` (``"synth"``),
    ``configuration``, ``digest``, ``workload``, ``metric``, ``value`` and ``unit``. ``minutes`` is
    what a seed may take of the processor's time, by default the device's. The metrics:

    - ``fmax``, ``fmax_best``, ``fmax_worst`` in MHz: the median over the seeds, the highest and
      the lowest;
    - ``lut``, ``ff``, ``dsp``, ``bram`` in cells, the harness not counted, and ``lut_share`` and
      so on in percent of the device;
    - ``device``, ``speed_grade``, ``frequency_target``, ``seeds``, ``unfinished`` (the seeds that
      did not finish in their time), ``yosys``, ``nextpnr``: how these came about.

    Raises ``ValueError`` for a configuration without a device, and what `measure` raises.
    """
    if device is None:
        device = device_of(config)
    result = measure(
        component, device=device, speed=speed, frequency=frequency, seeds=seeds, minutes=minutes
    )

    def row(metric: str, value, unit: str) -> None:
        report(
            benchmark="synth",
            configuration=config.name,
            digest=config.digest,
            workload=workload,
            metric=metric,
            value=value,
            unit=unit,
        )

    row("fmax", result.median.fmax, "MHz")
    row("fmax_best", result.best.fmax, "MHz")
    row("fmax_worst", min(run.fmax for run in result.runs), "MHz")
    for name, usage in result.usage.items():
        row(name, usage.used, "cells")
        row(f"{name}_share", round(100 * usage.share, 2), "%")
    row("device", f"{result.synthesis.family}-{device} {result.median.package}", "name")
    row("speed_grade", result.median.speed, "grade")
    row("frequency_target", frequency, "MHz")
    row("seeds", " ".join(str(run.seed) for run in result.runs), "list")
    row("unfinished", " ".join(map(str, result.unfinished)) or "none", "list")
    row("yosys", result.synthesis.yosys, "version")
    row("nextpnr", result.median.nextpnr, "version")
    return result
