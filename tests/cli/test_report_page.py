# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The page of a report: valid, complete, and on its own."""

import importlib.util
import re
from dataclasses import replace

import pytest
from click.testing import CliRunner
from report_checks import known, report_of, small_graph

from macaw.arch.machines import machine_preset
from macaw.cli.main import main
from macaw.cli.report.charts import charts
from macaw.cli.report.figures import Comparison
from macaw.cli.report.lanes import lanes
from macaw.cli.report.page import page
from macaw.nn import save_graph

REFERENCES = {
    "src",
    "href",
    "srcset",
    "poster",
    "action",
    "data",
    "{http://www.w3.org/1999/xlink}href",
}


@pytest.fixture(scope="module", autouse=True)
def drawing(oracle):
    """What reads the page, where there is what draws it."""
    oracle("report")
    return pytest.importorskip("html5lib", reason="optional: no html5lib, of the extra dev")


@pytest.fixture(scope="module")
def report():
    return known("unet", run_on="none", memory="board")


@pytest.fixture(scope="module")
def text(report):
    return page(report)


def parsed(drawing, text):
    """The elements of a page, read as strictly as the standard is."""
    return drawing.HTMLParser(strict=True, namespaceHTMLElements=False).parse(text)


def references(root, text):
    """What a page asks for beside itself."""
    found = [
        value
        for element in root.iter()
        for name, value in element.attrib.items()
        if name in REFERENCES and not value.startswith(("#", "data:"))
    ]
    style = "".join(element.text or "" for element in root.iter("style"))
    return found + re.findall(r"url\(|@import|@font-face", style)


def words(element):
    return " ".join("".join(element.itertext()).split())


def test_page_is_valid_and_asks_for_nothing(drawing, text):
    root = parsed(drawing, text)
    assert references(root, text) == []
    assert len(text.encode()) < 2_000_000


def test_what_a_page_asks_for_is_noticed(drawing, text):
    for wanted in (
        '<script src="https://example.org/vega.js"></script>',
        '<link rel="stylesheet" href="fonts.css">',
        "<style>@import 'other.css'; a { background: url(b.png) }</style>",
    ):
        other = text.replace("</head>", f"{wanted}</head>", 1)
        assert references(parsed(drawing, other), other)
    with pytest.raises(Exception, match=r"(?s)."):
        parsed(drawing, text.replace("</section>", "", 1))


def test_every_layer_and_pass_is_named(drawing, text, report):
    root = parsed(drawing, text)
    rows = [words(each) for each in root.iter("li")]
    for operator in report.operators:
        assert any(row.startswith(operator.label) for row in rows), operator
    table = [[words(cell) for cell in row.iter("td")] for row in root.iter("tr")][1:]
    assert [row[0] for row in table] == [str(each.number) for each in report.passes]
    assert [row[6] for row in table] == [f"{each.cycles:,}" for each in report.passes]


def test_pictures_have_their_places(drawing, text, report):
    places = {each.get("data-chart") for each in parsed(drawing, text).iter("div")} - {None}
    assert places == set(charts(report))


def test_hosts_are_named_with_their_reasons(drawing, tmp_path):
    report = report_of(small_graph(tmp_path), machine_preset("tiny"), run_on="machine")
    text = words(parsed(drawing, page(report)))
    assert "Softmax must run on the host" in text
    assert "Equal to the bit." in text


def test_what_differs_is_told(drawing, report):
    comparison = Comparison(
        what="the machine's RTL",
        reference="the golden model",
        tensors=2,
        values=9,
        differences={"<first>": "3 of 9 values differ"},
    )
    text = page(replace(report, comparisons=(comparison,)))
    assert "&lt;first&gt; of the machine&#39;s RTL is not that of" in text
    assert "Equal to the bit" not in text


def test_names_are_escaped_in_pictures(report):
    name = "</script><script>alert(1)</script>"
    passes = tuple(replace(each, name=name) for each in report.passes)
    areas = tuple(replace(each, name=name) for each in report.areas)
    text = page(replace(report, model=name, passes=passes, areas=areas))
    assert "alert(1)" in text
    assert "<script>alert" not in text


def test_lanes_do_not_overlap():
    edges = [(0, 1), (0, 4), (1, 3), (2, 5), (2, 4), (5, 9), (4, 9)]
    found = lanes(edges)
    for one in found:
        for other in found:
            if one.lane == other.lane != 0 and one != other:
                assert one.end <= other.begin or other.end <= one.begin
    assert [edge.lane for edge in found if edge.end == edge.begin + 1] == [0]


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "network.macaw"
    save_graph(small_graph(tmp_path), path)
    return path


def test_command_writes_a_page(model, tmp_path):
    output = tmp_path / "report.html"
    arguments = ["report", str(model), "--config", "tiny", "--run", "machine", "-o", str(output)]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    assert "clocks" in result.output
    assert output.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_command_prints_json_without_the_extra(model, monkeypatch):
    """What draws is needed for a page only, and the sentence says how to get it."""
    there = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "altair" else there(name)
    )
    arguments = ["report", str(model), "--config", "tiny", "--run", "none"]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 2
    assert "needs altair, which the extra report brings: pip install -e .[report]" in result.output
    result = CliRunner().invoke(main, [*arguments, "--json"])
    assert result.exit_code == 0
    assert '"cycles"' in result.output


def test_command_refuses_what_is_no_model(tmp_path):
    path = tmp_path / "model.tflite"
    path.write_bytes(b"no model at all")
    result = CliRunner().invoke(main, ["report", str(path), "--run", "none"])
    assert result.exit_code == 2
