# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The page in a browser without a network: every picture is drawn, and nothing is complained of.

What it looks like stands in ``build/report`` then.
"""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from report_checks import known

from macaw.cli.report.charts import charts
from macaw.cli.report.page import page

FOLDER = Path(__file__).resolve().parents[2] / "build" / "report"
PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
SIZES = {"desk": (1400, 5600), "phone": (390, 8600)}


@pytest.fixture(scope="module")
def browser(oracle):
    """Runs a browser with some arguments on a file; what it prints and what it logs."""
    oracle("report")
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        pytest.skip(f"optional: no browser, {' or '.join(PROGRAMS)}")

    def run(path, *arguments):
        command = [
            program, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
            "--allow-file-access-from-files", "--enable-logging=stderr",
            "--host-resolver-rules=MAP * ~NOTFOUND", "--virtual-time-budget=20000", *arguments,
            path.as_uri(),
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
        return done.stdout, [line for line in done.stderr.splitlines() if "CONSOLE" in line]

    return run


@pytest.fixture(scope="module")
def report():
    return known("unet", run_on="none", memory="board")


@pytest.fixture(scope="module")
def text(report):
    return page(report)


def drawn(browser, text, path):
    """The names of the pictures that a page shows in the browser, and what it logs."""
    path.write_text(text, encoding="utf-8")
    found, log = browser(path, "--dump-dom")
    places = r'<div class="chart vega-embed[^"]*" data-chart="([a-z-]+)"[^>]*><svg'
    return re.findall(places, found), log


@pytest.mark.full
def test_every_picture_is_drawn(browser, report, text, tmp_path):
    found, log = drawn(browser, text, tmp_path / "report.html")
    assert sorted(found) == sorted(charts(report))
    assert log == []


@pytest.mark.full
def test_a_picture_that_fails_is_noticed(browser, text, tmp_path):
    broken = text.replace('"type": "rect"', '"type": "nothing"')
    found, log = drawn(browser, broken, tmp_path / "report.html")
    assert "utilisation" not in found
    assert log


@pytest.mark.full
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_screenshots(browser, text, theme, size):
    """A narrow window is a frame in a wide one, for browsers have a least width."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    width, height = SIZES[size]
    path = FOLDER / f"{size}-{theme}.html"
    path.write_text(text.replace("<html", f'<html data-theme="{theme}"', 1), encoding="utf-8")
    frame = FOLDER / f"{size}-{theme}-frame.html"
    frame.write_text(
        f'<body style="margin:0"><iframe src="{path.name}" '
        f'style="border:0;width:{width}px;height:{height}px"></iframe>'
    )
    picture = FOLDER / f"{size}-{theme}.png"
    picture.unlink(missing_ok=True)
    _, log = browser(frame, f"--window-size={max(width, 500)},{height}", f"--screenshot={picture}")
    assert log == []
    assert picture.stat().st_size > 50_000
