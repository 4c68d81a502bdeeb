# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""``macaw export-verilog``: the core, or a block, for a design in another language."""

import json
from pathlib import Path

import click

from macaw.cli.commands.command import ToldCommand
from macaw.cli.commands.options import configured, json_option, preset_option, set_option

__all__ = ["export"]


@click.command(
    "export-verilog",
    cls=ToldCommand,
    examples=(
        "macaw export-verilog MacArray --preset tiny",
        "macaw export-verilog --preset ecp5_25f --set memory.weight_words=512",
    ),
    statuses={2: "a block, a field or a value is none, or the folder cannot be written"},
)
@click.argument("block", default="Conv2dCore")
@preset_option("Configuration to start from.")
@set_option
@click.option(
    "--output", type=click.Path(file_okay=False, path_type=Path), default=Path("build/verilog"),
    show_default=True, help="Folder to write to.",
)  # fmt: skip
@json_option
def export(block: str, name: str, changes: tuple[str, ...], output: Path, as_json: bool) -> None:
    """Write BLOCK, by default the whole core, as one Verilog file with a JSON file of its
    interface."""
    # Imported here, for it brings Amaranth and the hardware.
    from macaw.flow.export import export_verilog

    try:
        paths = export_verilog(block, configured(name, changes), output)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    if as_json:
        verilog, interface = map(str, paths)
        click.echo(json.dumps({"verilog": verilog, "interface": interface}, indent=2))
        return
    for path in paths:
        click.echo(path)
