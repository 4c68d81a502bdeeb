# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The command ``macaw``."""

import sys

import click

from macaw.arch import PRESETS, preset
from macaw.cli import doctor

__all__ = ["main"]


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="macaw")
def main() -> None:
    """Bit-exact int8 CNNs on open FPGAs."""


@main.command()
@click.option(
    "--preset", "name", type=click.Choice(tuple(PRESETS)), default="ecp5_85f", show_default=True,
    help="Configuration of the core.",
)  # fmt: skip
@click.option("--oracle", type=click.Choice(("torch",)), help="Compare with this framework too.")
@click.option("--waves", is_flag=True, help="Leave a waveform file, and say where.")
def sim(name: str, oracle: str | None, waves: bool) -> None:
    """Run convolutions of real networks on the RTL and compare every bit.

    The exit status is 1 if a single output differs.
    """
    # Imported here, for it brings Amaranth and cocotb, which the other commands do not need.
    from macaw.cli.first_light import first_light
    from macaw.sim.errors import SimulationError

    try:
        equal = first_light(preset(name), oracle=oracle, waves=waves)
    except SimulationError as error:
        raise click.ClickException(str(error)) from error
    if not equal:
        sys.exit(1)


@main.command()
@click.argument("components", nargs=-1)
@click.option("--fast", is_flag=True, help="Leave out what takes long.")
def prove(components: tuple[str, ...], fast: bool) -> None:
    """Prove what the hardware promises, for COMPONENTS or all of them.

    Each check has to refute a mutant as well. The exit status is 1 if a property is not proved
    or a mutant not refuted.
    """
    # Imported here, for it brings Amaranth and the hardware.
    from macaw.flow.tools import ToolMissingError
    from macaw.prove import choose
    from macaw.prove import prove as prove_all

    try:
        chosen = choose(components, fast=fast)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    try:
        good = prove_all(chosen)
    except ToolMissingError as error:
        raise click.ClickException(str(error)) from error
    if not good:
        sys.exit(1)


@main.command("doctor")
def examine() -> None:
    """Check that the system has what simulations and builds need."""
    sys.exit(doctor.main([]))
