# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The README's tables: made from rows, put between markers, told from what is written by hand."""

import re

import pytest

from benchmarks.report import Row
from benchmarks.tables import blocks, consistent_digests, fill, render, well_formed

DIGEST = "0123456789ab"


def row(workload, metric, value, unit, **changes):
    values = {"benchmark": "core", "configuration": "tiny", "digest": DIGEST, **changes}
    return Row(workload=workload, metric=metric, value=value, unit=unit, **values)


ROWS = [
    row("conv", "cycles", 12345, "cycles"),
    row("conv", "utilisation", 97.25, "%"),
    row("linear", "cycles", 10, "cycles"),
    row("linear", "device", "LFE5U-85F CABGA381", "name"),
]
TABLE = f"""\
| configuration | digest | workload | cycles (cycles) | utilisation (%) | device (name) |
| --- | --- | --- | ---: | ---: | ---: |
| tiny | {DIGEST} | conv | 12,345 | 97.25 | – |
| tiny | {DIGEST} | linear | 10 | – | LFE5U-85F CABGA381 |
"""
PAGE = """# Page
<!-- figures: core -->
old
<!-- end of figures -->
between
<!-- figures: synth fmax -->
kept
<!-- end of figures -->
"""


def test_render():
    assert render(ROWS) == TABLE
    assert render([]) == ""


def test_render_of_chosen_metrics():
    first, _, line, *rest = render(ROWS, ("device", "cycles")).splitlines()
    assert first == "| configuration | digest | workload | device (name) | cycles (cycles) |"
    assert {line, *rest} == {
        f"| tiny | {DIGEST} | conv | – | 12,345 |",
        f"| tiny | {DIGEST} | linear | LFE5U-85F CABGA381 | 10 |",
    }


def test_render_without_a_configuration():
    table = render([row("conv", "ratio", 1.5, "x", configuration="", digest="")])
    assert table.splitlines()[2] == "| – | – | conv | 1.5 |"
    assert well_formed(table)


def test_fill_replaces_only_what_it_has():
    assert fill(PAGE, ROWS) == PAGE.replace("old\n", TABLE)
    assert fill(fill(PAGE, ROWS), ROWS) == fill(PAGE, ROWS)
    assert fill(PAGE, []) == PAGE


def test_lines_that_nobody_measured_again_stay():
    page = fill(PAGE, ROWS)
    again = row("conv", "cycles", 7, "cycles"), row("conv", "utilisation", 1, "%")
    device = row("conv", "device", "ice", "name")
    assert fill(page, [*again, device]) == page.replace("12,345 | 97.25 | –", "7 | 1 | ice")
    assert blocks(fill(page, again))["core"].count("\n") == 3  # of other columns
    added = [row("a", each.metric, 1, each.unit, configuration="b") for each in (*again, device)]
    first, rule, *lines = TABLE.splitlines(keepends=True)
    line = f"| b | {DIGEST} | a | 1 | 1 | 1 |\n"
    assert blocks(fill(page, added))["core"] == "".join([first, rule, line, *lines])


def test_lines_of_an_older_hardware_go():
    page = fill(PAGE, ROWS)
    other = [row("linear", each.metric, 1, each.unit, digest="f" * 12) for each in ROWS[1:]]
    other.append(row("linear", "cycles", 1, "cycles", digest="f" * 12))
    assert DIGEST not in fill(page, other)


def test_fill_takes_the_metrics_of_the_marker():
    rows = [row("core", metric, 3, "MHz", benchmark="synth") for metric in ("fmax", "fmax_best")]
    table = blocks(fill(PAGE, rows))["synth"]
    assert table.splitlines()[0] == "| configuration | digest | workload | fmax (MHz) |"


def test_two_hardwares_are_refused():
    other = row("core", "fmax", 150.0, "MHz", benchmark="synth", digest="f" * 12)
    sentence = f"figures of tiny must be of one digest, not '{DIGEST}' and '{'f' * 12}'"
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        fill(PAGE, [*ROWS, other])
    assert consistent_digests(ROWS) == {"tiny": DIGEST}


def test_blocks():
    assert blocks(PAGE) == {"core": "old\n", "synth": "kept\n"}


def test_generated_table_is_well_formed():
    assert well_formed(TABLE)


@pytest.mark.parametrize(
    "table",
    [
        "",
        TABLE.replace("12,345", "12345.678,9"),
        TABLE.replace("12,345", "**12,345**"),
        TABLE.replace("| conv |", "| conv  |"),
        TABLE.replace("---:", "---"),
        TABLE.replace("cycles (cycles)", "cycles"),
        TABLE.replace(" | 97.25", ""),
        TABLE.replace("workload", "layer"),
        "".join(TABLE.splitlines(keepends=True)[:2]),
        f"By hand:\n{TABLE}",
    ],
)
def test_table_by_hand_is_noticed(table):
    assert not well_formed(table)
