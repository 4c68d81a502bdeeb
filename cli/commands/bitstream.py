# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""``macaw bitstream``: a self-test for a board."""

import json

import click
from rich.console import Console

from macaw.cli.commands.command import ToldCommand
from macaw.cli.commands.options import (
    configured,
    json_option,
    preset_option,
    seed_option,
    set_option,
    time_limit_option,
)

__all__ = ["bitstream"]


@click.command(
    cls=ToldCommand,
    examples=(
        "macaw bitstream ulx3s_85f",
        "macaw bitstream icebreaker --seed 3",
    ),
    statuses={
        1: "it does not fit, is too slow or not routed in time; or a tool is missing",
        2: "there is no such board, field or value",
    },
)
@click.argument("board_name", metavar="BOARD")
@preset_option("Configuration of the core; by default one for the board.", default=None)
@set_option
@seed_option("Seed of the placement; by default the board's, then up to three others.",
             most=(1 << 31) - 1, default=None)  # fmt: skip
@time_limit_option
@json_option
def bitstream(
    board_name: str,
    name: str | None,
    changes: tuple[str, ...],
    seed: int | None,
    minutes: float | None,
    as_json: bool,
) -> None:
    """Build a self-test of the core for BOARD, as a bitstream."""
    # Imported here, for it brings Amaranth and the hardware.
    from macaw.cli.bitstream import NoSeedError
    from macaw.cli.bitstream import bitstream as build
    from macaw.flow.tools import ToolError, ToolMissingError
    from macaw.hw.boards import board

    try:
        chosen = board(board_name)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    own = () if name else tuple(f"{field}={value}" for field, value in chosen.changes)
    config = configured(name or chosen.preset, (*own, *changes))
    # Where the report is printed, the lines are signs of life.
    options = {"console": Console(soft_wrap=True, stderr=True)} if as_json else {}
    try:
        made = build(chosen, config, seed=seed, minutes=minutes, **options)
    except (ValueError, ImportError, NoSeedError, ToolError, ToolMissingError) as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        report = {
            "board": chosen.name,
            "configuration": config.name,
            "digest": config.digest,
            "cells": {cell: {"used": used, "all": every}
                      for cell, (used, every) in made.cells.items()},
            "clock_mhz": {"wanted": made.clock.wanted, "at_most": made.clock.achieved},
            "bitstream": str(made.path),
            "load": made.flash_command,
        }  # fmt: skip
        click.echo(json.dumps(report, indent=2))
