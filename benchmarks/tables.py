# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The tables of README.md, made from the rows of benchmarks between pairs of markers.

A pair of markers stands on lines of their own and names a benchmark, and the metrics to show if
not all of them::

    <!-- figures: core cycles utilisation -->
    <!-- end of figures -->

The table has a line for each configuration and workload, and a column for each metric.
"""

import re
from collections.abc import Iterable, Sequence

from benchmarks.report import Row, format_value

__all__ = ["blocks", "consistent_digests", "fill", "render", "well_formed"]

_BLOCK = re.compile(
    r"^(?P<marker><!-- figures: (?P<benchmark>[\w.]+)(?P<metrics>( [\w.]+)*) -->\n)"
    r"(?P<table>.*?)^<!-- end of figures -->$",
    re.MULTILINE | re.DOTALL,
)
_LEADING = ("configuration", "digest", "workload")
# A number, with its thousands apart, or words without markup that are no number with commas.
_CELL = re.compile(r"-?\d{1,3}(,\d{3})*|(?!-?[\d.]*,[\d.,]*$)[^\s|*`]+( [^\s|*`]+)*")


def blocks(text: str) -> dict[str, str]:
    """The tables that stand between markers in ``text``, by the benchmark that they name."""
    return {match["benchmark"]: match["table"] for match in _BLOCK.finditer(text)}


def consistent_digests(rows: Iterable[Row]) -> dict[str, str]:
    """The digest of each configuration in ``rows``.

    Raises ``ValueError`` if one configuration stands with two: its figures are of two hardwares.
    """
    digests: dict[str, str] = {}
    for row in rows:
        if digests.setdefault(row.configuration, row.digest) != row.digest:
            raise ValueError(
                f"figures of {row.configuration} must be of one digest, "
                f"not {digests[row.configuration]!r} and {row.digest!r}"
            )
    return digests


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |\n"


def _cells(line: str) -> list[str]:
    return line.strip("| ").split(" | ")


def render(rows: Sequence[Row], metrics: Sequence[str] = ()) -> str:
    """The table of ``rows``, which are of one benchmark; empty for no rows.

    The columns are ``metrics``, or all of them; configurations, workloads and, without
    ``metrics``, their columns keep the order in which they first appear.
    """
    if metrics:
        chosen = [row for row in rows if row.metric in metrics]
        rows = sorted(chosen, key=lambda row: metrics.index(row.metric))
    if not rows:
        return ""
    titles = list(dict.fromkeys((row.metric, row.unit) for row in rows))
    values = {(row.configuration, row.place, row.metric, row.unit): row.value for row in rows}
    lines = list(dict.fromkeys((row.configuration, row.digest, row.place) for row in rows))
    text = _line([*_LEADING, *(f"{metric} ({unit})" for metric, unit in titles)])
    text += _line(["---"] * len(_LEADING) + ["---:"] * len(titles))
    for configuration, digest, workload in lines:
        found = (values.get((configuration, workload, *title)) for title in titles)
        cells = ["–" if value is None else format_value(value) for value in found]
        text += _line([configuration or "–", digest or "–", workload, *cells])
    return text


def _merged(old: str, new: str) -> str:
    """The table ``new``, with those lines of ``old`` that nobody has measured again: of the same
    columns, and of no configuration that has another digest now."""
    title, rule, *lines = new.splitlines()
    digests, places = {}, set()
    for line in lines:
        configuration, digest, workload = _cells(line)[:3]
        digests[configuration] = digest
        places.add((configuration, workload))
    known = old.splitlines()
    for line in known[2:] if known[:1] == [title] else ():
        configuration, digest, workload = _cells(line)[:3]
        same = digests.get(configuration, digest) == digest
        if same and (configuration, workload) not in places:
            lines.append(line)
    lines.sort(key=lambda line: (_cells(line)[0], _cells(line)[2]))
    return "".join(f"{line}\n" for line in (title, rule, *lines))


def fill(text: str, rows: Sequence[Row]) -> str:
    """``text`` with a new table between the markers of each benchmark that has ``rows``, where
    lines that were not measured again stay; the others keep theirs.

    Raises ``ValueError`` as `consistent_digests` does.
    """
    consistent_digests(rows)

    def replace(match: re.Match[str]) -> str:
        of_benchmark = [row for row in rows if row.benchmark == match["benchmark"]]
        table = render(of_benchmark, match["metrics"].split())
        table = _merged(match["table"], table) if table else match["table"]
        return f"{match['marker']}{table}<!-- end of figures -->"

    return _BLOCK.sub(replace, text)


def well_formed(table: str) -> bool:
    """Whether ``table`` has the form that `render` gives: nothing was written by hand."""
    lines = [_cells(line) for line in table.splitlines()]
    if len(lines) < 3 or tuple(lines[0][:3]) != _LEADING or len(lines[0]) == len(_LEADING):
        return False
    titled = all(re.fullmatch(r"[\w.]+ \(\S[^|]*\)", title) for title in lines[0][3:])
    ruled = lines[1] == ["---"] * 3 + ["---:"] * (len(lines[0]) - 3)
    filled = all(
        len(cells) == len(lines[0]) and all(_CELL.fullmatch(cell) for cell in cells)
        for cells in lines[2:]
    )
    written = "".join(map(_line, lines)) == table
    return titled and ruled and filled and written
