# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Builds a self-test of the core for a board."""

from rich.console import Console

from macaw.arch import AcceleratorConfig
from macaw.flow.bitstream import Bitstream, build_bitstream
from macaw.hw.boards import Board
from macaw.hw.self_test import SelfTestTop
from macaw.self_test import make_plan

__all__ = ["bitstream"]


def bitstream(
    board: Board, config: AcceleratorConfig, *, seed: int = 1, console: Console | None = None
) -> Bitstream:
    """Builds the self-test of a core of ``config`` for ``board``, and prints where the bitstream
    is, how fast it may run, and how it is loaded.

    Raises ``ValueError`` for a configuration that is too small for the test's layers or too large
    for the board, and for a clock that is not reached; and what `build_bitstream` raises.
    """
    console = console or Console(soft_wrap=True)

    def say(text: str) -> None:
        console.print(text, highlight=False, markup=False)

    say(
        f"Macaw's self-test on {board.name}, configuration {config.name} ({config.digest}): "
        f"{config.array.multipliers} multipliers, {board.clock_hz / 1e6:g} MHz"
    )
    plan = make_plan(config)
    made = build_bitstream(
        SelfTestTop(plan, clock_hz=board.clock_hz),
        board,
        what=f"the self-test of {config.name}",
        seed=seed,
    )
    cells = ", ".join(f"{cell} {used:,} of {all_:,}" for cell, (used, all_) in made.cells.items())
    say(f"  cells: {cells}")
    say(f"  clock: {made.clock.wanted:.2f} MHz, at most {made.clock.achieved:.2f} MHz")
    say(f"  bitstream: {made.path}")
    say(f"  load it with: {made.flash_command}")
    say("  read its lines: 115200 baud, 8N1; the lamps: alive blinks, passed, failed")
    return made
