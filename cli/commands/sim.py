# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""``macaw sim``: the main job."""

import sys

import click

from macaw.arch import preset
from macaw.arch.machines import MACHINES, machine_preset
from macaw.cli.commands.command import ToldCommand
from macaw.cli.commands.options import preset_option

__all__ = ["sim"]


@click.command(
    cls=ToldCommand,
    examples=("macaw sim", "macaw sim --oracle torch", "macaw sim --preset tiny --waves"),
    statuses={0: "all outputs are equal", 1: "an output differs, or a simulation fails"},
)
@preset_option()
@click.option("--oracle", type=click.Choice(("torch",)), help="Compare with this framework too.")
@click.option("--waves", is_flag=True, help="Leave a waveform file, and say where.")
def sim(name: str, oracle: str | None, waves: bool) -> None:
    """Run convolutions of real networks, and a whole network, on the RTL and compare every bit."""
    # Imported here, for it brings Amaranth and cocotb, which the other commands do not need.
    from macaw.cli.digits import digits
    from macaw.cli.first_light import first_light

    equal = first_light(preset(name), oracle=oracle, waves=waves)
    if name not in MACHINES:
        click.echo(f"digits: skipped, for it needs a machine: {', '.join(MACHINES)}, not {name}")
    elif equal:
        equal = digits(machine_preset(name), waves=waves)
    if not equal:
        sys.exit(1)
