# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""``macaw export-verilog``: the core, or a block, for a design in another language."""

from pathlib import Path

import click

from macaw.cli.commands.options import configured, preset_option, set_option

__all__ = ["export"]


@click.command("export-verilog")
@click.argument("block", default="Conv2dCore")
@preset_option("Configuration to start from.")
@set_option
@click.option(
    "--output", type=click.Path(file_okay=False, path_type=Path), default=Path("build/verilog"),
    show_default=True, help="Folder to write to.",
)  # fmt: skip
def export(block: str, name: str, changes: tuple[str, ...], output: Path) -> None:
    """Write BLOCK, by default the whole core, as one Verilog file with a JSON file of its
    interface."""
    # Imported here, for it brings Amaranth and the hardware.
    from macaw.flow.export import export_verilog

    try:
        paths = export_verilog(block, configured(name, changes), output)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    for path in paths:
        click.echo(path)
