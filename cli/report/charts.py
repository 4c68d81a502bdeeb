# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures of an inference, as specifications that Vega-Lite draws.

Colours are variables of the page's style sheet, so that light and dark are one picture.
"""

import math
from collections.abc import Iterable, Mapping
from typing import Any

from macaw.cli.report.figures import Area, Cause, InferenceReport, PassFigures

__all__ = ["charts"]

_KIBI = 1024

_ENGINES = ("load", "fetch", "compute", "store")
_KINDS = ("program", "input", "tensor", "output", "constant", "resident", "loaded")

#: The maps of memories, in the order of the page.
_MAPS = ("tensor", "outer", "weights")

#: Where a layer's bytes are.
_CHIP, _OUTSIDE = "on the chip", "outside"

#: Pixels of the maps, and of a letter and a line of the labels in them.
_HEIGHTS = {"tensor": 280, "outer": 340, "weights": 280}
_LETTER, _LINE = 7, 15

#: What those are told who do not see the pictures.
_DESCRIPTIONS = {
    "utilisation": "The share of the multipliers that each pass uses, over the clocks",
    "timeline": "When each engine executes which instruction",
    "roofline": "Multiplications a clock of each layer over multiplications a byte",
    "memory-tensor": "Which tensor stands where in the tensor memory, from pass to pass",
    "memory-outer": "What stands where in the memory outside, from pass to pass",
    "memory-weights": "Whose weights stand where in the weight memory, from pass to pass",
}

#: The page's, by which Vega reckons how wide a text is.
_FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif'

_CONFIG = {
    "font": _FONT,
    "view": {"stroke": None},
    "axis": {
        "labelColor": "var(--soft)",
        "titleColor": "var(--soft)",
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "titlePadding": 8,
        "domainColor": "var(--line)",
        "tickColor": "var(--line)",
        "gridColor": "var(--line)",
        "gridOpacity": 0.7,
    },
    "legend": {
        "labelColor": "var(--ink)",
        "titleColor": "var(--soft)",
        "titleFontWeight": "normal",
        "titleFontSize": 12,
        "labelFontSize": 12,
        "orient": "top",
        "columnPadding": 16,
        "symbolType": "square",
        "offset": 8,
    },
    "text": {"color": "var(--ink)", "fontSize": 12},
}


def charts(report: InferenceReport) -> dict[str, dict[str, Any]]:
    """The specifications by their names: ``utilisation``, ``timeline``, ``roofline``,
    and for each memory that holds something ``memory-`` and its name."""
    found = {
        "utilisation": _utilisation(report),
        "timeline": _timeline(report),
    }
    if report.machine_macs:
        found["roofline"] = _roofline(report)
    for memory in _MAPS:
        areas = [each for each in report.areas if each.memory == memory]
        if areas:
            found[f"memory-{memory}"] = _memory(report, areas, memory)
    return {
        name: chart.properties(background="transparent", description=_DESCRIPTIONS[name])
        .configure(**_CONFIG)
        .to_dict()
        for name, chart in found.items()
    }


def _label(report: InferenceReport, each: PassFigures) -> str:
    return report.operators[each.operator].label


def _values(rows: Iterable[Mapping[str, Any]]) -> Any:
    import altair

    return altair.Data(values=list(rows))


def _utilisation(report: InferenceReport) -> Any:
    """Each pass as wide as its clocks, and as high as it fills the multipliers."""
    import altair as alt

    rows, begin = [], 0
    for each in report.passes:
        cycles = max(each.cycles, 1)
        busy = each.clocks[Cause.USEFUL] + each.clocks[Cause.UNFILLED]
        rows.append(
            {
                "begin": begin,
                "end": begin + each.cycles,
                "used": each.macs / (report.multipliers * cycles),
                "busy": busy / cycles,
                "layer": _label(report, each),
                "kind": each.kind,
                "clocks": each.cycles,
                "macs": each.macs,
            }
        )
        begin += each.cycles
    tooltip = [
        alt.Tooltip("layer:N", title="Layer"),
        alt.Tooltip("kind:N", title="Pass"),
        alt.Tooltip("clocks:Q", title="Clocks", format=",d"),
        alt.Tooltip("used:Q", title="Multipliers used", format=".1%"),
        alt.Tooltip("busy:Q", title="Array evaluates", format=".1%"),
        alt.Tooltip("macs:Q", title="Multiplications", format=",d"),
    ]
    share = alt.Scale(domain=[0, 1], nice=False)
    base = alt.Chart(_values(rows)).encode(
        x=alt.X(
            "begin:Q", title="clocks", scale=alt.Scale(domain=[0, max(begin, 1)], nice=False),
            axis=alt.Axis(grid=False, format=",d"),
        ),
        x2="end:Q",
        tooltip=tooltip,
    )  # fmt: skip
    room = base.mark_rect(fill="var(--panel)", stroke="var(--card)", strokeWidth=0.5).encode(
        y=alt.datum(0), y2=alt.datum(1)
    )
    axis = alt.Axis(format="%", tickCount=5)
    busy = base.mark_rect(fill="var(--unfilled)", stroke="var(--card)", strokeWidth=0.5).encode(
        y=alt.Y("busy:Q", title="share of the multipliers", scale=share, axis=axis),
        y2=alt.datum(0),
    )
    used = base.mark_rect(fill="var(--useful)", stroke="var(--card)", strokeWidth=0.5).encode(
        y=alt.Y("used:Q", scale=share), y2=alt.datum(0)
    )
    mean = (
        alt.Chart(_values([{"mean": report.utilisation}]))
        .mark_rule(stroke="var(--ink)", strokeDash=[5, 4], strokeWidth=1.2)
        .encode(
            y=alt.Y("mean:Q", scale=share),
            tooltip=alt.Tooltip("mean:Q", title="All layers", format=".1%"),
        )
    )
    return (room + busy + used + mean).properties(height=220)


def _timeline(report: InferenceReport) -> Any:
    """The engines' instructions in their clocks, and a window that chooses some of these."""
    import altair as alt

    rows = [
        {
            "engine": span.engine,
            "begin": span.begin,
            "end": span.end,
            "clocks": span.end - span.begin,
            "pass": span.number,
            "layer": _label(report, report.passes[span.number]),
            "what": " ".join(filter(None, (span.opcode, span.what))),
        }
        for span in report.spans
    ]
    engines = [each for each in _ENGINES if any(row["engine"] == each for row in rows)]
    colours = alt.Scale(domain=engines, range=[f"var(--{name})" for name in engines])
    window = alt.selection_interval(
        name="window", encodings=["x"], mark=alt.BrushConfig(fill="var(--ink)", fillOpacity=0.12)
    )
    pointed = alt.selection_point(name="pointed", on="pointerover", fields=["pass"], empty=True)
    whole = alt.Scale(domain=[0, max(report.cycles, 1)], nice=False)
    base = alt.Chart(_values(rows)).encode(
        y=alt.Y(
            "engine:N", sort=engines, title=None, scale=alt.Scale(paddingInner=0.25),
            axis=alt.Axis(ticks=False, domain=False, labelPadding=8),
        ),
        x2="end:Q",
        color=alt.Color("engine:N", scale=colours, legend=None),
    )  # fmt: skip
    bars = base.mark_bar(clip=True, stroke="var(--card)", strokeWidth=0.6, cornerRadius=1)
    detail = (
        bars.encode(
            x=alt.X(
                "begin:Q", title="clocks",
                scale=alt.Scale(domain={"param": "window", "encoding": "x"}, nice=False),
                axis=alt.Axis(format=",d", tickCount=10),
            ),
            opacity=alt.condition(pointed, alt.value(1), alt.value(0.35)),
            tooltip=[
                alt.Tooltip("layer:N", title="Layer"),
                alt.Tooltip("what:N", title="Instruction"),
                alt.Tooltip("begin:Q", title="Begins", format=",d"),
                alt.Tooltip("end:Q", title="Ends", format=",d"),
                alt.Tooltip("clocks:Q", title="Clocks", format=",d"),
            ],
        )
        .add_params(pointed)
        .properties(height=34 * len(engines))
    )  # fmt: skip
    overview = (
        bars.encode(
            x=alt.X("begin:Q", title="drag here to look closer", scale=whole,
                    axis=alt.Axis(format=",d", grid=False)),
            y=alt.Y("engine:N", sort=engines, title=None, axis=None),
        )
        .add_params(window)
        .properties(height=10 * len(engines) + 6)
    )  # fmt: skip
    return alt.vconcat(detail, overview, spacing=6)


def _roofline(report: InferenceReport) -> Any:
    """Multiplications a clock over multiplications a byte, below the roofs."""
    import altair as alt

    points = [_point(report, each) for each in report.passes if each.macs]
    intensities = [each["intensity"] for each in points]
    left = min(intensities) / 2
    right = max(2 * max(intensities), report.multipliers)
    bottom = min(1.0, min(each["rate"] for each in points) / 2)
    top = 2.4 * report.multipliers
    bandwidths = {_CHIP: 2.0 * report.word_bytes, _OUTSIDE: report.memory_bytes}
    names, colours = list(bandwidths), ["var(--useful)", "var(--starved)"]

    def axis(field: str, title: str, low: float, high: float, channel: Any) -> Any:
        return channel(
            f"{field}:Q",
            title=title,
            scale=alt.Scale(type="log", domain=[low, high], nice=False),
            axis=alt.Axis(values=_ticks(low, high), format=",~g"),
        )

    place = {
        "x": axis("intensity", "multiplications a byte moved", left, right, alt.X),
        "y": axis("rate", "multiplications a clock", bottom, top, alt.Y),
    }
    roofs = []
    for (name, rate), colour, dash in zip(
        bandwidths.items(), colours, ([1, 0], [6, 4]), strict=True
    ):
        knee, begin = report.multipliers / rate, max(left, bottom / rate)
        corners = [
            {"intensity": at, "rate": min(report.multipliers, at * rate)}
            for at in (begin, knee, right)
            if begin <= at <= right
        ]
        roofs.append(
            alt.Chart(_values(corners))
            .mark_line(strokeWidth=2, stroke=colour, strokeDash=dash)
            .encode(**place)
        )
        # Below its roof.
        at = math.sqrt(begin * min(knee, right))
        text = f"{name}: {rate:g} bytes a clock"
        roofs.append(_caption(text, at, at * rate, place, align="left", dx=10, dy=8))
    peak = f"array: {report.multipliers} a clock"
    roofs.append(_caption(peak, right, report.multipliers, place, align="right", dy=-20))
    dots = (
        alt.Chart(_values(points))
        .mark_circle(opacity=0.85, stroke="var(--card)", strokeWidth=1)
        .encode(
            **place,
            color=alt.Color(
                "side:N", scale=alt.Scale(domain=names, range=colours),
                legend=alt.Legend(title="most of its bytes are", symbolType="circle"),
            ),
            size=alt.Size("clocks:Q", scale=alt.Scale(range=[40, 700]), legend=None),
            tooltip=[
                alt.Tooltip("layer:N", title="Layer"),
                alt.Tooltip("kind:N", title="Pass"),
                alt.Tooltip("rate:Q", title="Multiplications a clock", format=".1f"),
                alt.Tooltip("intensity:Q", title="Multiplications a byte", format=".2f"),
                alt.Tooltip("share:Q", title="Bytes outside", format=".0%"),
                alt.Tooltip("clocks:Q", title="Clocks", format=",d"),
                alt.Tooltip("bound:N", title="At least, by the"),
            ],
        )
    )  # fmt: skip
    return alt.layer(*roofs, dots).properties(height=380)


def _caption(
    text: str, intensity: float, rate: float, place: Mapping[str, Any], **mark: Any
) -> Any:
    import altair as alt

    values = _values([{"text": text, "intensity": intensity, "rate": rate}])
    chart = alt.Chart(values).mark_text(color="var(--soft)", **mark)
    return chart.encode(**place, text="text:N")


def _point(report: InferenceReport, each: PassFigures) -> dict[str, Any]:
    share = each.outside / max(each.moved, 1)
    name, least = report.bound(each)
    return {
        "intensity": each.macs / max(each.moved, 1),
        "rate": each.macs / max(each.cycles, 1),
        "layer": _label(report, each),
        "kind": each.kind,
        "clocks": each.cycles,
        "bound": f"{name}, {least:,} clocks",
        "side": _OUTSIDE if share > 0.5 else _CHIP,
        "share": share,
    }


def _ticks(low: float, high: float) -> list[float]:
    """Powers of ten with a 1, 2 or 5 in front, between two bounds."""
    found = []
    power = 10.0 ** math.floor(math.log10(low))
    while power <= high:
        found += [digit * power for digit in (1, 2, 5) if low <= digit * power <= high]
        power *= 10
    return found


def _memory(report: InferenceReport, areas: list[Area], memory: str) -> Any:
    """What stands at which address during which pass."""
    import altair as alt

    top = report.capacities.get(memory) or max(each.end for each in areas)
    count = len(report.passes)
    labels = {each.result: each.label for each in report.operators}
    rows = []
    for each in areas:
        first, end = each.first, each.last + 1
        label = labels.get(each.name, each.kind if each.kind in ("input", "constant") else "")
        high = (each.end - each.start) / top * _HEIGHTS[memory] > _LINE
        rows.append(
            {
                "first": first,
                "end": end,
                "middle": (first + end) / 2,
                "start": each.start / _KIBI,
                "stop": each.end / _KIBI,
                "centre": (each.start + each.end) / 2 / _KIBI,
                "name": each.name,
                "label": label if high else "",
                "wide": (end - first) / count,
                "kind": each.kind,
                "bytes": each.end - each.start,
                "passes": f"{first} to {each.last}" if each.last > first else str(first),
            }
        )
    kinds = [kind for kind in _KINDS if any(row["kind"] == kind for row in rows)]
    x = alt.X(
        "first:Q", title="pass", scale=alt.Scale(domain=[0, count], nice=False),
        axis=alt.Axis(tickMinStep=1, format="d", grid=False),
    )  # fmt: skip
    y = alt.Y(
        "start:Q", title="address, KiB",
        scale=alt.Scale(domain=[0, top / _KIBI], nice=False, reverse=True),
        axis=alt.Axis(tickCount=6),
    )  # fmt: skip
    base = alt.Chart(_values(rows))
    boxes = base.mark_rect(stroke="var(--card)", strokeWidth=0.6).encode(
        x=x,
        x2="end:Q",
        y=y,
        y2="stop:Q",
        color=alt.Color(
            "kind:N",
            scale=alt.Scale(domain=kinds, range=[f"var(--is-{kind})" for kind in kinds]),
            legend=alt.Legend(title=None, columns=alt.ExprRef("width < 400 ? 3 : 6")),
        ),
        tooltip=[
            alt.Tooltip("name:N", title="Holds"),
            alt.Tooltip("kind:N", title="Kind"),
            alt.Tooltip("bytes:Q", title="Bytes", format=",d"),
            alt.Tooltip("start:Q", title="From KiB", format=".2f"),
            alt.Tooltip("passes:N", title="Passes"),
        ],
    )
    texts = (
        base.transform_filter(f"datum.wide * width > {_LETTER} * length(datum.label)")
        .transform_filter("datum.label != ''")
        .mark_text(color="var(--on-area)", fontSize=11)
        .encode(x=alt.X("middle:Q"), y=alt.Y("centre:Q"), text="label:N")
    )
    return alt.layer(boxes, texts).properties(height=_HEIGHTS[memory])
