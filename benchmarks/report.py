# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Figures of benchmarks: collected as rows, kept in a JSON file, shown as a table."""

import json
import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from rich.console import Console
from rich.table import Table

__all__ = ["Report", "Row", "format_value", "load", "merge", "save"]


@dataclass(frozen=True, kw_only=True)
class Row:
    """One figure: ``metric`` of ``workload`` on the hardware of ``configuration``.

    ``digest`` is that of the configuration, so that figures of one hardware can be told from
    those of another. ``value`` is a finite number or a text; ``unit`` says what it counts.
    Where no configuration plays a part, ``configuration`` and ``digest`` are empty; ``memory``
    names the memory beside a machine, and is empty for others.

    Raises ``TypeError`` for a text that is none, or a value that is neither number nor text, and
    ``ValueError`` for a number that is not finite or a name that is missing.
    """

    benchmark: str
    configuration: str
    digest: str
    workload: str
    metric: str
    value: int | float | str
    unit: str
    memory: str = ""

    def __post_init__(self) -> None:
        for field in fields(self):
            text = getattr(self, field.name)
            if field.name != "value" and not isinstance(text, str):
                raise TypeError(f"{field.name} must be a text, not {text!r}")
        for name in ("benchmark", "workload", "metric"):
            if not getattr(self, name):
                raise ValueError(f"{name} must be a name, not ''")
        if isinstance(self.value, bool) or not isinstance(self.value, int | float | str):
            raise TypeError(f"value must be a number or a text, not {self.value!r}")
        if isinstance(self.value, float) and not math.isfinite(self.value):
            raise ValueError(f"value must be finite, not {self.value!r}")

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What the row is about; a newer row with the same key takes its place."""
        return (self.benchmark, self.configuration, self.place, self.metric)

    @property
    def place(self) -> str:
        """The workload, with the memory that it ran beside."""
        return f"{self.workload}, {self.memory}" if self.memory else self.workload


def format_value(value: int | float | str) -> str:
    """A value as tables show it: thousands apart, four significant digits of a fraction.

    >>> format_value(1234567), format_value(0.98765), format_value(15234.6), format_value("12F")
    ('1,234,567', '0.9877', '15,235', '12F')
    """
    if isinstance(value, str):
        return value
    if isinstance(value, int) or abs(value) >= 1000:
        return f"{round(value):,}"
    return f"{value:.4g}"


def merge(old: Iterable[Row], new: Iterable[Row]) -> list[Row]:
    """The rows of both, sorted by key; a new row takes the place of an old one with its key, and
    old rows of a configuration whose digest has changed are dropped."""
    new = list(new)
    digests = {row.configuration: row.digest for row in new}
    kept = {row.key: row for row in old if digests.get(row.configuration, row.digest) == row.digest}
    kept.update((row.key, row) for row in new)
    return [kept[key] for key in sorted(kept)]


def load(path: Path) -> list[Row]:
    """The rows of the file ``path``; none if it does not exist."""
    if not path.exists():
        return []
    return [Row(**row) for row in json.loads(path.read_text())]


def save(path: Path, rows: Iterable[Row]) -> None:
    """Write ``rows`` to the file ``path`` as a list of objects, one a line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = ",\n".join(json.dumps(asdict(row)) for row in rows)
    path.write_text(f"[\n{lines}\n]\n")


class Report:
    """Collects the rows of a run; a benchmark calls it with the fields of `Row` as keywords."""

    def __init__(self) -> None:
        self.rows: list[Row] = []

    def __call__(self, **values: int | float | str) -> None:
        """Add a row; ``configuration`` and ``digest`` may be left out where there is none."""
        self.rows.append(Row(**{"configuration": "", "digest": "", **values}))  # type: ignore[arg-type]

    def show(self, console: Console | None = None) -> None:
        """Print the rows as a table."""
        table = Table()
        for title in ("benchmark", "configuration", "digest", "workload", "metric"):
            table.add_column(title, overflow="fold")
        table.add_column("value", justify="right")
        table.add_column("unit")
        for row in self.rows:
            table.add_row(
                row.benchmark, row.configuration, row.digest, row.place, row.metric,
                format_value(row.value), row.unit,
            )  # fmt: skip
        (console or Console()).print(table)
