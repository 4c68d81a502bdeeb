# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The page in a browser without a network: every picture is drawn, and nothing is complained of.

What it looks like stands in ``build/report`` then.
"""

import json
import shutil
from contextlib import suppress
from pathlib import Path

import pytest
from report_browser import Browser
from report_checks import known

from macaw.cli.report.charts import charts
from macaw.cli.report.page import page

FOLDER = Path(__file__).resolve().parents[2] / "build" / "report"
PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
WIDTHS = {"desk": 1400, "phone": 390}

#: The names of the pictures that are drawn.
DRAWN = "[...document.querySelectorAll('[data-chart] svg')].map(e => e.parentNode.dataset.chart)"
#: Left, top, width and height of the timeline's lower part, once it is in the middle of the window.
OVERVIEW = """(() => {
    const views = [...document.querySelectorAll("[data-chart=timeline] .background")];
    const view = views.filter((each) => each.getBoundingClientRect().width > 300).at(-1);
    view.scrollIntoView({block: "center", behavior: "instant"});
    const box = view.getBoundingClientRect();
    return [box.left, box.top, box.width, box.height];
})()"""
TICKS = "[...document.querySelectorAll('[data-chart=timeline] text')].map(e => e.textContent)"
CLOCKS = "[...document.querySelectorAll('tbody tr')].map(e => e.cells[6].textContent)"


@pytest.fixture
def browser(oracle, tmp_path):
    oracle("report")
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        pytest.skip(f"optional: no browser, {' or '.join(PROGRAMS)}")
    found = Browser(program, tmp_path / "profile")
    yield found
    found.close()


@pytest.fixture(scope="module")
def report():
    return known("unet", run_on="none", memory="board")


@pytest.fixture(scope="module")
def text(report, oracle):
    oracle("report")
    return page(report)


@pytest.fixture
def path(text, tmp_path):
    found = tmp_path / "report.html"
    found.write_text(text, encoding="utf-8")
    return found


@pytest.mark.full
def test_every_picture_is_drawn(browser, report, path):
    browser.look(path, 1400, 900)
    assert sorted(browser.value(DRAWN)) == sorted(charts(report))
    assert browser.complaints == []
    assert browser.requests == [path.as_uri()]


@pytest.mark.full
def test_what_is_wrong_is_noticed(browser, text, path):
    address = "https://example.org/picture.png"
    path.write_text(text.replace("<footer>", f'<footer><img src="{address}">'), encoding="utf-8")
    with suppress(TimeoutError):
        browser.look(path, 1400, 900)
        browser.wait_for("document.images[0].complete")
    assert address in browser.requests
    path.write_text(text.replace('"type": "rect"', '"type": "nothing"'), encoding="utf-8")
    with pytest.raises(TimeoutError, match="utilisation: TypeError"):
        browser.look(path, 1400, 900)


@pytest.mark.full
def test_a_window_of_the_timeline_is_chosen(browser, path):
    browser.look(path, 1400, 900)
    before = ",".join(browser.value(TICKS))
    left, top, width, height = browser.value(OVERVIEW)
    middle = top + height / 2
    browser.drag((left + 0.4 * width, middle), (left + 0.5 * width, middle))
    browser.wait_for(f"{TICKS}.join() !== {json.dumps(before)}")
    assert browser.complaints == []


@pytest.mark.full
def test_the_table_is_sorted(browser, path, report):
    browser.look(path, 1400, 900)
    browser.value("document.querySelectorAll('th')[6].click()")
    clocks = sorted((each.cycles for each in report.passes), reverse=True)
    assert browser.value(CLOCKS) == [f"{each:,}" for each in clocks]


@pytest.mark.full
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", WIDTHS)
def test_pages_are_as_wide_as_their_windows(browser, path, theme, size):
    width = WIDTHS[size]
    browser.look(path, width, 900, dark=theme == "dark")
    assert browser.value("document.documentElement.scrollWidth") <= width
    paper = browser.value("getComputedStyle(document.body).backgroundColor")
    assert (int(paper.strip("rgb()").split(",")[0]) < 128) == (theme == "dark")
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / f"{size}-{theme}.png").write_bytes(browser.picture())
    assert browser.complaints == []
