# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The command ``macaw``."""

import click

from macaw.cli.commands.bitstream import bitstream
from macaw.cli.commands.doctor import doctor
from macaw.cli.commands.export import export
from macaw.cli.commands.inspect import inspect
from macaw.cli.commands.programs import compile_model, disassemble
from macaw.cli.commands.prove import prove
from macaw.cli.commands.sim import sim
from macaw.cli.commands.verify import verify

__all__ = ["main"]


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="macaw")
def main() -> None:
    """Bit-exact int8 CNNs on open FPGAs."""


for _command in (
    bitstream,
    compile_model,
    disassemble,
    doctor,
    export,
    inspect,
    prove,
    sim,
    verify,
):
    main.add_command(_command)
