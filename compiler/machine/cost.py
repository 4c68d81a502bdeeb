# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""What a pass costs: clocks by a model, and bytes that it moves."""

from dataclasses import dataclass

from macaw.arch.machine import MachineConfig
from macaw.arch.program import CoreProgram
from macaw.compiler.conv2d import Conv2dProgram
from macaw.compiler.cost import model_clocks
from macaw.compiler.machine.passes import Pass, Placed, Rows, Runs

__all__ = [
    "PassCost", "array_clocks", "fetched_runs", "pass_cost", "read_runs", "rows_bytes",
    "target_bytes",
]  # fmt: skip

#: Clocks from the start of a copy to its first result, about.
_LATENCY = 12
#: Clocks from the last work of a pass to the first of the next one, about.
_BETWEEN = 25


@dataclass(frozen=True, kw_only=True)
class PassCost:
    """Modelled clocks of a pass whose words come and go without waiting: ``work`` in which the
    array evaluates, or bytes are looked up or copied, and ``cycles`` in all.

    ``overlapped`` are those between other passes, where words come while the pass before works, and
    results leave while the next one does.
    """

    work: int
    cycles: int
    overlapped: int


def pass_cost(each: Pass, config: MachineConfig) -> PassCost:
    """The clocks of a pass on a machine of ``config``, by `macaw.compiler.cost` or by its words."""
    words, stored = (
        config.words(size)
        for size in (rows_bytes(each.sources[0], config), target_bytes(each.target, config))
    )
    looked_up = 0
    if each.tables is not None:
        looked_up = stored * len(each.sources) * config.word_bytes // config.elementwise_lanes
    moved = max(words, stored, looked_up)
    if isinstance(each.work, Conv2dProgram):
        clocks = model_clocks(each.work)
        return PassCost(
            work=min(array_clocks(each.work), clocks.sent),
            cycles=max(clocks.sent, looked_up),
            overlapped=max(clocks.end - clocks.begin, moved) + _BETWEEN,
        )
    return PassCost(work=moved, cycles=moved + _LATENCY, overlapped=moved + _BETWEEN)


def array_clocks(program: CoreProgram) -> int:
    """Clocks in which the array evaluates a convolution."""
    assert isinstance(program, Conv2dProgram)
    return program.walk.row_cycles * program.shape.output_height


def rows_bytes(rows: Rows, config: MachineConfig) -> int:
    """Bytes of the words that are fetched of these rows."""
    return fetched_runs(rows, config).count * config.word_bytes


def fetched_runs(rows: Rows, config: MachineConfig) -> Runs:
    """The words that are fetched of rows of a pass."""
    runs = rows.runs(config)
    assert runs is not None, "lowering gives passes no others"
    return runs


def read_runs(each: Pass, config: MachineConfig) -> tuple[Runs, ...]:
    """The words that a pass fetches of each of the rows that it `Pass.reads`."""
    image, *others = (fetched_runs(rows, config) for rows in each.reads)
    if each.kept is not None:
        image = image.behind(others[-1].count)
    return image, *others


def target_bytes(target: Placed, config: MachineConfig) -> int:
    """Bytes that are stored: whole words, or those of the result where there are gaps."""
    row = target.pixels * target.pixel_bytes
    return target.rows * (row if target.gaps else config.words(row) * config.word_bytes)
