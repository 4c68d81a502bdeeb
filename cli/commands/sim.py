# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""``macaw sim``: the main job."""

import sys

import click

from macaw.arch import preset
from macaw.arch.machines import MACHINES, machine_preset
from macaw.cli.commands.options import preset_option

__all__ = ["sim"]


@click.command()
@preset_option()
@click.option("--oracle", type=click.Choice(("torch",)), help="Compare with this framework too.")
@click.option("--waves", is_flag=True, help="Leave a waveform file, and say where.")
def sim(name: str, oracle: str | None, waves: bool) -> None:
    """Run convolutions of real networks, and a whole network, on the RTL and compare every bit.

    The exit status is 1 if a single output differs.
    """
    # Imported here, for it brings Amaranth and cocotb, which the other commands do not need.
    from macaw.cli.digits import digits
    from macaw.cli.first_light import first_light
    from macaw.host.device import DeviceError
    from macaw.sim.errors import SimulationError

    try:
        equal = first_light(preset(name), oracle=oracle, waves=waves)
        if name not in MACHINES:
            click.echo(
                f"digits: skipped, for it needs a machine: {', '.join(MACHINES)}, not {name}"
            )
        elif equal:
            equal = digits(machine_preset(name), waves=waves)
    except (SimulationError, DeviceError) as error:
        raise click.ClickException(str(error)) from error
    if not equal:
        sys.exit(1)
