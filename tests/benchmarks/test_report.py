# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Figures are checked, kept by what they are about, and shown."""

import io
import json

import numpy
import pytest
from rich.console import Console

from benchmarks.report import Report, Row, format_value, load, merge, save

VALUES = {
    "benchmark": "core", "configuration": "tiny", "digest": "0123456789ab",
    "workload": "conv", "metric": "cycles", "value": 12, "unit": "cycles",
}  # fmt: skip


def row(**changes):
    return Row(**{**VALUES, **changes})


@pytest.mark.parametrize(
    ("changes", "error", "sentence"),
    [
        ({"value": float("nan")}, ValueError, "value must be finite, not nan"),
        ({"value": float("inf")}, ValueError, "value must be finite, not inf"),
        ({"value": True}, TypeError, "value must be a number or a text, not True"),
        ({"value": None}, TypeError, "value must be a number or a text, not None"),
        ({"unit": 3}, TypeError, "unit must be a text, not 3"),
        ({"metric": ""}, ValueError, "metric must be a name, not ''"),
    ],
)
def test_refusals(changes, error, sentence):
    with pytest.raises(error, match=f"^{sentence}$"):
        row(**changes)


def test_numpy_scalar_is_refused_rather_than_kept_as_text():
    with pytest.raises(TypeError, match="^value must be a number or a text, not "):
        row(value=numpy.int64(3))


def test_newer_row_takes_the_place():
    old = [row(value=1), row(workload="other", value=2)]
    assert merge(old, [row(value=3)]) == [row(value=3), row(workload="other", value=2)]


def test_rows_of_older_hardware_are_dropped():
    old = [row(workload="other"), row(configuration="up5k", digest="a" * 12)]
    new = [row(digest="b" * 12)]
    assert merge(old, new) == [*new, old[1]]


def test_file_keeps_the_rows(tmp_path):
    path = tmp_path / "build" / "bench.json"
    assert load(path) == []
    rows = [row(value=0.5), row(metric="device", value="85F", unit="name")]
    save(path, rows)
    assert load(path) == rows
    assert json.loads(path.read_text())[0] == {**VALUES, "value": 0.5}


def test_report_shows_its_rows():
    report = Report()
    report(**VALUES)
    report(benchmark="golden", workload="conv", metric="ratio", value=1.5, unit="x")
    assert report.rows[0] == row()
    assert report.rows[1].configuration == report.rows[1].digest == ""
    output = io.StringIO()
    report.show(Console(file=output, width=120))
    lines = output.getvalue().splitlines()
    assert any("0123456789ab" in line and "cycles" in line and "12" in line for line in lines)
    assert any("golden" in line and "1.5" in line for line in lines)


@pytest.mark.parametrize(
    ("value", "shown"),
    [(999, "999"), (1000, "1,000"), (12.3456, "12.35"), (-2501.6, "-2,502")],
)  # fmt: skip
def test_values_are_short(value, shown):
    assert format_value(value) == shown
