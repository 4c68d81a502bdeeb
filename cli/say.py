# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Lines and tables on the console, as every report has them."""

from collections.abc import Callable, Collection, Sequence
from typing import Any

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

from macaw.nn.graph import QuantizedGraph

__all__ = ["Record", "model_line", "print_table", "report_table", "say"]

#: Takes what is printed, in the types of JSON, an entry at a time.
Record = Callable[[dict[str, Any]], None]

#: Columns of the longest line.
_WIDEST = 10_000


def model_line(graph: QuantizedGraph) -> str:
    """What a model is, in a line."""
    return (
        f"{graph.name}: {len(graph.operators)} operators, {graph.macs:,} multiplications, "
        f"semantics {graph.semantics}"
    )


def say(console: Console, text: str, style: str | None = None, *, indent: str = "  ") -> None:
    """Print a line of a report, as it is: no markup, and no colours but ``style``."""
    console.print(f"{indent}{text}", style=style, highlight=False, markup=False)


def print_table(console: Console, table: Table) -> None:
    """Print a table whose lines are never cut: where they are too long, the terminal wraps them."""
    wide = console.options.update(max_width=_WIDEST)
    table.width = Measurement.get(console, wide, table).maximum
    console.print(table, soft_wrap=True)


def report_table(headings: Sequence[str], *, right: Collection[str] = ()) -> Table:
    """A table without lines; the columns in ``right`` have their cells to the right."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in headings:
        table.add_column(heading, justify="right" if heading in right else "left")
    return table
