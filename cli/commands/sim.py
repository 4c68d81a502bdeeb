# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""``macaw sim``: the main job."""

import json
import sys
from typing import Any

import click
from rich.console import Console

from macaw.arch import preset
from macaw.arch.machines import MACHINES, machine_preset
from macaw.cli.commands.command import ToldCommand
from macaw.cli.commands.options import json_option, preset_option

__all__ = ["sim"]


@click.command(
    cls=ToldCommand,
    examples=("macaw sim", "macaw sim --oracle torch", "macaw sim --preset tiny --waves"),
    statuses={0: "all outputs are equal", 1: "an output differs, or a simulation fails"},
)
@preset_option()
@click.option("--oracle", type=click.Choice(("torch",)), help="Compare with this framework too.")
@click.option("--waves", is_flag=True, help="Leave a waveform file, and say where.")
@json_option
def sim(name: str, oracle: str | None, waves: bool, as_json: bool) -> None:
    """Run convolutions of real networks, and a whole network, on the RTL and compare every bit."""
    # Imported here, for it brings Amaranth and cocotb, which the other commands do not need.
    from macaw.cli.digits import digits
    from macaw.cli.first_light import first_light

    found: list[dict[str, Any]] = []
    options: dict[str, Any] = {}
    if as_json:
        # Where the report is printed, the lines are signs of life.
        options = {"console": Console(soft_wrap=True, stderr=True), "record": found.append}
    equal = first_light(preset(name), oracle=oracle, waves=waves, **options)
    if name not in MACHINES:
        machines = f"it needs a machine: {', '.join(MACHINES)}, not {name}"
        found.append({"workload": "digits", "skipped": machines})
        click.echo(f"digits: skipped, for {machines}", err=as_json)
    elif equal:
        equal = digits(machine_preset(name), waves=waves, **options)
    if as_json:
        click.echo(json.dumps(found, indent=2))
    if not equal:
        sys.exit(1)
