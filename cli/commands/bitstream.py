# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""``macaw bitstream``: a self-test for a board."""

import click

from macaw.cli.commands.options import configured, preset_option, seed_option, set_option

__all__ = ["bitstream"]


@click.command()
@click.argument("board_name", metavar="BOARD")
@preset_option("Configuration of the core; by default one for the board.", default=None)
@set_option
@seed_option("Seed of the placement.", most=(1 << 31) - 1)
def bitstream(board_name: str, name: str | None, changes: tuple[str, ...], seed: int) -> None:
    """Build a self-test of the core for BOARD, as a bitstream.

    The exit status is 1 if it does not fit or is too slow; there is no bitstream then.
    """
    # Imported here, for it brings Amaranth and the hardware.
    from macaw.cli.bitstream import bitstream as build
    from macaw.flow.tools import ToolError, ToolMissingError
    from macaw.hw.boards import board

    try:
        chosen = board(board_name)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    config = configured(name or chosen.preset, changes)
    try:
        build(chosen, config, seed=seed)
    except (ValueError, ImportError, ToolError, ToolMissingError) as error:
        raise click.ClickException(str(error)) from error
