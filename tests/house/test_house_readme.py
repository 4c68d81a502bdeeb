# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""What README.md says can be done, can be done; its figures are generated and of this hardware."""

import contextlib
import io
import re
import subprocess

import pytest
from house_rules import commands, makefile_targets, phony_targets
from house_tree import ROOT, files, text

from benchmarks.tables import blocks, well_formed
from macaw.arch import PRESETS
from macaw.cli.main import main

README = (ROOT / "README.md").read_text()
MAKEFILE = (ROOT / "Makefile").read_text()
PAGES = [path for path in files() if path.suffix == ".md"]


def test_commands_of_the_pages_exist():
    targets = makefile_targets(MAKEFILE)
    for path in PAGES:
        for words in commands(text(path), "make"):
            names = [word for word in words if "=" not in word and not word.startswith("-")]
            assert set(names) <= set(targets), f"{path}: make {' '.join(words)}"
        for words in commands(text(path), "macaw"):
            assert words, f"{path}: a command of macaw must be named"
            assert words[0] in main.commands, f"{path}: macaw {' '.join(words)}"
            used = {word for word in words if word.startswith("--")}
            assert used <= options_of(words), f"{path}: macaw {' '.join(words)}"


def options_of(words):
    """The options of the command, or of the one below it, that the words name."""
    command, found = main, {"--help", "--version"}
    for word in words:
        if word in getattr(command, "commands", {}):
            command = command.commands[word]
            found |= {name for each in command.params for name in each.opts}
    return found


def test_options_that_there_are_not_are_noticed():
    assert "--input" in options_of(["run", "model.tflite", "--inputs", "x"])
    assert "--inputs" not in options_of(["run", "model.tflite", "--inputs", "x"])
    assert "--from" in options_of(["models", "fetch", "--all"])


def test_variables_of_the_pages_exist():
    for path in PAGES:
        for words in commands(text(path), "make"):
            for name in (word.split("=")[0] for word in words if "=" in word):
                assert re.search(rf"\b{name}\b", MAKEFILE), f"{path}: the variable {name} of make"


def test_start_is_two_commands():
    assert ["sim"] in commands(README, "make")
    assert ["test"] in commands(README, "make")


def test_make_lists_every_target():
    assert set(makefile_targets(MAKEFILE)) == phony_targets(MAKEFILE)
    done = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True)
    for name, sentence in makefile_targets(MAKEFILE).items():
        assert re.search(rf"^  {name} +{re.escape(sentence)}$", done.stdout, re.MULTILINE)


def test_links_lead_somewhere():
    for path in PAGES:
        for target in re.findall(r"\]\((?!https?://)([^)#\s]+)", text(path)):
            assert (ROOT / path.parent / target).exists(), f"{path}: {target}"


@pytest.mark.parametrize(
    "source", re.findall(r"^```python\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
)
def test_examples_run(source):
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(source, "README.md", "exec"), {})


def test_commands_are_found():
    page = "`make here`\n```sh\nmake there X=1  # a remark\n```\n```python\nmake no\n```\n"
    assert commands(page, "make") == [["there", "X=1"], ["here"]]


def test_tables_are_generated():
    assert set(blocks(README)) >= {"core", "golden", "synth"}
    for path in PAGES:
        for benchmark, table in blocks(text(path)).items():
            assert well_formed(table), f"{path}: make tables writes the table {benchmark}"


def test_figures_are_of_this_hardware():
    for path in PAGES:
        for table in blocks(text(path)).values():
            for line in table.splitlines()[2:]:
                name, digest = (cell.strip() for cell in line.strip("|").split("|")[:2])
                if name in PRESETS:
                    assert digest == PRESETS[name].digest, f"{path}: measure {name} again"
