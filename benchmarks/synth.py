# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The benchmarks ``synth``, ``lane`` and ``elementwise``: clock and area of the convolution core on
its device, of one lane of the requantiser in each of its modes, with each kind of multiplier, on
each family of devices, and of the elementwise pass; and what each block costs."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import click

from benchmarks.report import Report, Row, format_value
from macaw.arch import AcceleratorConfig, Mode, Multiplier, RequantizerConfig, Technology, preset
from macaw.arch.config import SERIAL_MODES, STEPPED_MODES
from macaw.arch.machine import MachineConfig
from macaw.arch.machines import machine_preset
from macaw.flow import ToolError, synth
from macaw.flow.costs import block_costs, component_costs
from macaw.hw import Conv2dCore, Requantizer
from macaw.hw.blocks import BLOCKS
from macaw.hw.elementwise import Elementwise

__all__ = [
    "LANE_DEVICES", "costs", "elementwise_configs", "lane_configs", "run", "run_alone",
]  # fmt: skip

#: The devices on which lanes are measured, with their cells.
LANE_DEVICES = {
    "25k": Technology.ECP5,
    "up5k": Technology.ICE40,
    "gw2a-18": Technology.GOWIN,
    "gw1nr-9c": Technology.GOWIN,
}


def run(
    report: Report,
    *,
    config: AcceleratorConfig,
    seeds: tuple[int, ...],
    minutes: float | None = None,
) -> None:
    """Place and route the core of ``config`` once a seed, in ``minutes`` each; rows as
    `macaw.flow.synth.run` says."""
    core = Conv2dCore(config)
    synth.run(config, core, seeds=seeds, report=report, workload="core", minutes=minutes)


def lane_configs(technology: Technology) -> Iterator[AcceleratorConfig]:
    """One lane of each mode, with each kind of multiplier that makes a difference."""
    for mode in Mode:
        for multiplier in Multiplier:
            if multiplier == Multiplier.SERIAL and mode not in SERIAL_MODES:
                continue
            # Where a device multiplier is a fourth of a product.
            stepped = technology == Technology.ICE40 and mode in STEPPED_MODES
            if multiplier == Multiplier.STEPPED and not stepped:
                continue
            # Mode raw multiplies nothing, and other devices' tools choose by themselves.
            alike = mode == Mode.RAW or technology != Technology.ECP5
            if multiplier == Multiplier.PARALLEL and alike:
                continue
            yield AcceleratorConfig(
                name=f"{mode} {multiplier} {technology}",
                technology=technology,
                requantizer=RequantizerConfig(lanes=1, modes=(mode,), multiplier=multiplier),
            )


def elementwise_configs() -> Iterator[MachineConfig]:
    """The machine of an ECP5-85F with few and with many lanes of lookup tables."""
    machine = machine_preset("ecp5_85f")
    for lanes in (2, 4, 16):
        yield replace(machine, name=f"{lanes} lanes", elementwise_lanes=lanes)


def run_alone(
    report: Report,
    *,
    config: AcceleratorConfig | MachineConfig,
    device: str,
    seeds: tuple[int, ...],
    minutes: float | None = None,
) -> None:
    """Place and route the requantiser of ``config``, or the elementwise pass of a machine, alone
    on ``device``, once a seed, in ``minutes`` each; rows as `macaw.flow.synth.run` says, of the
    benchmark ``lane`` or ``elementwise`` and the workload ``device``.

    Of what nextpnr does not place there are the cells of the netlist, and no clock.
    """
    benchmark, component = (
        ("elementwise", Elementwise(config))
        if isinstance(config, MachineConfig)
        else ("lane", Requantizer(config))
    )
    fields: dict[str, Any] = {
        "benchmark": benchmark,
        "configuration": config.name,
        "digest": config.digest,
        "workload": device,
    }
    try:
        synth.run(
            config,
            component,
            seeds=seeds,
            report=lambda **values: report(**values | fields),
            workload=device,
            device=device,
            minutes=minutes,
        )
    except ToolError:
        report(**fields, metric="fmax", value="not placed", unit="MHz")
        for resource, count in component_costs(component, device=device).items():
            report(**fields, metric=resource, value=count, unit="cells")


def costs(rows: Iterable[Row]) -> dict[str, dict[str, dict[str, Any]]]:
    """What each block costs on the device of each preset: by block and device the cells by
    resource, and of the core the clock that ``rows`` have."""
    clocks = {
        (row.configuration, row.digest): f"{format_value(row.value)} {row.unit}"
        for row in rows
        if (row.benchmark, row.workload, row.metric) == ("synth", "core", "fmax")
    }
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for name, device in synth.PRESET_DEVICES.items():
        config = preset(name)
        click.echo(f"the blocks of {name} on {device}", err=True)
        for block in BLOCKS:
            cells = block_costs(block, config)
            if cells is None:
                continue
            figures: dict[str, Any] = {key: format_value(count) for key, count in cells.items()}
            if block == "Conv2dCore" and (name, config.digest) in clocks:
                figures["fmax"] = clocks[name, config.digest]
            found.setdefault(block, {})[f"{device} (`{name}`)"] = figures
    return found
