# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""``macaw prove``: what the hardware promises."""

import json
import sys
from typing import Any

import click
from rich.console import Console

from macaw.cli.commands.command import ToldCommand
from macaw.cli.commands.options import json_option

__all__ = ["prove"]


@click.command(
    cls=ToldCommand,
    examples=("macaw prove", "macaw prove SkidBuffer --fast"),
    statuses={
        0: "everything is proved, and every mutant refuted",
        1: "a property is not proved, a mutant not refuted, or a tool is missing",
        2: "there is no such component",
    },
)
@click.argument("components", nargs=-1)
@click.option("--fast", is_flag=True, help="The first property of each only.")
@json_option
def prove(components: tuple[str, ...], fast: bool, as_json: bool) -> None:
    """Prove what the hardware promises, for COMPONENTS or all of them.

    Each check has to refute a mutant as well.
    """
    # Imported here, for it brings Amaranth and the hardware.
    from macaw.flow.tools import ToolMissingError
    from macaw.prove import choose
    from macaw.prove import prove as prove_all

    try:
        chosen = choose(components, fast=fast)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    rows: list[dict[str, Any]] = []
    options: dict[str, Any] = {}
    if as_json:
        options = {"report": lambda **row: rows.append(row), "console": Console(stderr=True)}
    try:
        good = prove_all(chosen, **options)
    except ToolMissingError as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        click.echo(json.dumps(rows, indent=2))
    if not good:
        sys.exit(1)
