# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The tutorial does what it says: each block runs, and prints what stands behind it."""

import contextlib
import io
import re
import warnings
from pathlib import Path

import pytest

from macaw.cli.main import main

PAGE = Path(__file__).parents[2] / "docs" / "tutorial.md"
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(text):
    """The kind and the text of each block of a page."""
    return _BLOCK.findall(text)


def printed(source, names):
    """What a block prints."""
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        exec(compile(source, PAGE.name, "exec"), names)
    return output.getvalue()


@pytest.fixture(scope="module")
def page(oracle, tmp_path_factory):
    """The names of the page after its blocks have run, and of each block of text what was printed
    before."""
    torch = oracle("torch")
    oracle("examples")
    names, last, outputs = {}, "", []
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("tutorial")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for kind, source in blocks(PAGE.read_text()):
            if kind == "python":
                # What is saved, is saved there.
                last = printed(
                    source.replace('"digits.pt2"', repr(str(folder / "digits.pt2"))), names
                )
            elif kind == "text":
                outputs.append((source, last))
    torch.set_num_threads(threads)
    return names, outputs, folder


def test_blocks_print_what_the_page_says(page):
    _, outputs, _ = page
    assert len(outputs) == 4
    for expected, found in outputs:
        lines = found.splitlines()
        assert expected.splitlines() == lines[: len(expected.splitlines())]


def test_the_network_works(page):
    names, _, _ = page
    with names["torch"].no_grad():
        assert names["right"](names["network"]) > 255
        assert names["right"](names["quantised"]) > 250
    assert 0.05 < names["share"] < 1
    assert len(names["np"].unique(names["by_rtl"])) > 50


def test_its_command_exists(page):
    _, _, folder = page
    assert (folder / "digits.pt2").exists()
    [command] = [source for kind, source in blocks(PAGE.read_text()) if kind == "sh"]
    words = command.split()
    assert words[:3] == ["macaw", "verify", "digits.pt2"]
    assert words[1] in main.commands


def test_another_weight_gives_other_scores(page):
    names, _, _ = page
    torch = names["torch"]
    buffers = dict(names["quantised"].named_buffers())
    weights = next(each for name, each in buffers.items() if each.dtype == torch.int8)
    weights[0, 0, 1, 1] ^= 64
    try:
        with torch.no_grad():
            moved = [names["quantised"](image).numpy() for image in names["held_back"]]
    finally:
        weights[0, 0, 1, 1] ^= 64
    assert names["np"].count_nonzero(names["np"].concatenate(moved) != names["by_golden"]) > 100
