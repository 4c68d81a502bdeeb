# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Lines and tables on the console, as every report has them."""

from collections.abc import Collection, Sequence

from rich.console import Console
from rich.table import Table

__all__ = ["report_table", "say"]


def say(console: Console, text: str, style: str | None = None) -> None:
    """Print a line of a report, as it is: no markup, and no colours but ``style``."""
    console.print(f"  {text}", style=style, highlight=False, markup=False)


def report_table(headings: Sequence[str], *, right: Collection[str] = ()) -> Table:
    """A table without lines; the columns in ``right`` have their cells to the right."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in headings:
        table.add_column(heading, justify="right" if heading in right else "left")
    return table
