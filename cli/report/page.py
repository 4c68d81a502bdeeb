# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The report as one page of HTML, which needs nothing else."""

import importlib.util
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from macaw.cli.report.charts import charts
from macaw.cli.report.figures import Cause, InferenceReport, OperatorFigures, PassFigures
from macaw.cli.report.lanes import Edge, lanes

__all__ = ["page", "require"]

_FOLDER = Path(__file__).resolve().parent

#: Pixels of a row of the network, and of a lane beside it.
_ROW, _LANE = 46, 13

#: What the page says of each cause.
_MEANINGS = {
    Cause.USEFUL: "multiplications of the network",
    Cause.UNFILLED: "the array evaluates, with lanes or columns that have nothing to do",
    Cause.MOVING: "copies, through tables or not",
    Cause.ARRIVING: "the array waits for rows, which come a word a clock",
    Cause.STARVED: "words of the image do not come",
    Cause.BLOCKED: "results wait to be stored",
    Cause.DRAINING: "pipelines fill and empty, rows change",
    Cause.LOADING: "weights, parameters, steps or tables are not loaded yet",
    Cause.BETWEEN: "one instruction follows the other",
}


@dataclass(frozen=True, kw_only=True)
class _Row:
    """A row of the network: the operator, its clocks by causes, and what its passes are."""

    operator: OperatorFigures
    cycles: int
    utilisation: float | None
    clocks: tuple[tuple[str, int], ...]
    passes: str


def require() -> None:
    """Raises ``ImportError``, which says what to install, without the extra ``report``."""
    for name in ("altair", "jinja2", "vl_convert"):
        if importlib.util.find_spec(name) is None:
            raise ImportError(
                f"the page needs {name}, which the extra report brings: pip install -e .[report]"
            )


def page(report: InferenceReport) -> str:
    """The HTML of a report; raises what `require` does."""
    require()
    import jinja2
    import vl_convert

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FOLDER),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["count"] = lambda value: f"{value:,}"
    environment.filters["percent"] = lambda value: f"{100 * value:.1f} %"
    environment.filters["shape"] = lambda sizes: "×".join(map(str, sizes))
    environment.filters["size"] = _size
    environment.globals["bound"] = report.bound
    rows = _rows(report)
    edges = lanes(_edges(report))
    width = _LANE * (max((edge.lane for edge in edges), default=0) + 1) + 10
    text: str = environment.get_template("page.html").render(
        report=report,
        causes=[(cause, report.clocks[cause], _MEANINGS[cause]) for cause in Cause],
        rows=rows,
        slowest=max((row.cycles for row in rows), default=1) or 1,
        paths=[_path(edge, width) for edge in edges],
        row_height=_ROW,
        lanes_width=width,
        specifications=charts(report),
        style=(_FOLDER / "page.css").read_text(encoding="utf-8"),
        # Vega, and what draws with it. A closing tag inside would end the script.
        script=vl_convert.javascript_bundle(
            (_FOLDER / "page.js").read_text(encoding="utf-8")
        ).replace("</script", "<\\/script"),
        outside=sum(each.outside for each in report.passes),
        version=vl_convert.get_vega_version(),
    )
    return text


def _rows(report: InferenceReport) -> list[_Row]:
    return [_row(report, operator) for operator in report.operators]


def _row(report: InferenceReport, operator: OperatorFigures) -> _Row:
    passes = report.of_operator(operator.index)
    cycles = sum(each.cycles for each in passes)
    clocks = tuple(
        (cause.value, sum(each.clocks[cause] for each in passes)) for cause in Cause if passes
    )
    macs = sum(each.macs for each in passes)
    return _Row(
        operator=operator,
        cycles=cycles,
        utilisation=macs / (report.multipliers * cycles) if macs and cycles else None,
        clocks=tuple((name, count) for name, count in clocks if count),
        passes=_kinds(passes),
    )


def _kinds(passes: tuple[PassFigures, ...]) -> str:
    """What passes are, alike ones counted.

    Two copies and a dense pass are ``2 copy + dense``.
    """
    counts = Counter(each.kind for each in passes)
    return " + ".join(f"{count} {kind}" if count > 1 else kind for kind, count in counts.items())


def _edges(report: InferenceReport) -> set[tuple[int, int]]:
    """Pairs of rows: row 0 is the network's input, the last one its output."""
    last = len(report.operators) + 1
    edges = {
        (maker + 1, operator.index + 1)
        for operator in report.operators
        for maker in operator.inputs
    }
    return edges | {(maker + 1, last) for maker in report.outputs.values()}


def _path(edge: Edge, width: int) -> str:
    """An edge in the notation of SVG paths."""
    right = width - 9
    top, bottom = (round((row + 0.5) * _ROW) for row in (edge.begin, edge.end))
    if not edge.lane:
        return f"M{right} {top}V{bottom}"
    left, bend = right - _LANE * edge.lane, round(_ROW * 0.6)
    return (
        f"M{right} {top}C{right} {top + bend} {left} {top + bend // 3} {left} {top + bend}"
        f"V{bottom - bend}C{left} {bottom - bend // 3} {right} {bottom - bend} {right} {bottom}"
    )


def _size(count: float) -> str:
    """Bytes in the unit that suits them."""
    if count < 10_000:
        return f"{count:,.0f} B"
    if count < 10_000 * 1024:
        return f"{count / 1024:,.1f} KiB"
    return f"{count / 1024**2:,.1f} MiB"
