# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Builds a self-test of the core for a board."""

from rich.console import Console

from macaw.arch import AcceleratorConfig
from macaw.flow.bitstream import Bitstream, TimingError, build_bitstream
from macaw.flow.tools import UnfinishedError
from macaw.hw.boards import Board
from macaw.hw.self_test import SelfTestTop
from macaw.self_test import make_plan

__all__ = ["NoSeedError", "bitstream", "seeds_of"]

_SEEDS = 4


class NoSeedError(RuntimeError):
    """No seed gives a bitstream in its time that is as fast as the board's clock."""


def seeds_of(board: Board) -> tuple[int, ...]:
    """The seeds that are tried on ``board`` one after the other, its own first."""
    others = [seed for seed in range(1, _SEEDS + 1) if seed != board.seed]
    return (board.seed, *others)[:_SEEDS]


def bitstream(
    board: Board,
    config: AcceleratorConfig,
    *,
    seed: int | None = None,
    minutes: float | None = None,
    console: Console | None = None,
) -> Bitstream:
    """Builds the self-test of a core of ``config`` for ``board``, and prints where the bitstream
    is, how fast it may run, and how it is loaded. Without a ``seed`` those of `seeds_of` are tried
    until one finishes in ``minutes`` of the processor's time, and is fast enough.

    Raises ``ValueError`` for a configuration that is too small for the test's layers or too large
    for the board, `NoSeedError` where none of several seeds serves, and what `build_bitstream`
    raises.
    """
    console = console or Console(soft_wrap=True)

    def say(text: str) -> None:
        console.print(text, highlight=False, markup=False)

    say(
        f"Macaw's self-test on {board.name}, configuration {config.name} ({config.digest}): "
        f"{config.array.multipliers} multipliers, {board.clock_hz / 1e6:g} MHz"
    )
    plan = make_plan(config)
    seeds = seeds_of(board) if seed is None else (seed,)
    for index, each in enumerate(seeds, 1):
        try:
            made = build_bitstream(
                SelfTestTop(plan, clock_hz=board.clock_hz),
                board,
                what=f"the self-test of {config.name}",
                seed=each,
                minutes=minutes,
            )
            break
        except (TimingError, UnfinishedError) as error:
            if len(seeds) == 1:
                raise
            say(f"  seed {each}, {index} of {len(seeds)}: {error}")
    else:
        raise NoSeedError(
            f"no seed of {', '.join(map(str, seeds))} gives a bitstream for {board.name}: choose "
            "a smaller configuration, another seed or a longer time limit"
        )
    cells = ", ".join(f"{cell} {used:,} of {all_:,}" for cell, (used, all_) in made.cells.items())
    say(f"  cells: {cells}")
    say(f"  clock: {made.clock.wanted:.2f} MHz, at most {made.clock.achieved:.2f} MHz")
    say(f"  bitstream: {made.path}")
    say(f"  load it with: {made.flash_command}")
    say("  read its lines: 115200 baud, 8N1; the lamps: alive blinks, passed, failed")
    return made
