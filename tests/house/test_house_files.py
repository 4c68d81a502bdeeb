# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Every file of the project keeps the rules of the house, and a breach would be noticed."""

import subprocess
from pathlib import Path

import pytest
from house_rules import (
    MAXIMUM_BYTES,
    MAXIMUM_LINES,
    SPDX,
    generated_violations,
    length_violations,
    path_violations,
    spdx_violations,
)
from house_tree import ROOT, files, text

HEADER = "".join(f"# {line}\n" for line in SPDX)
SLASH = "/"  # so that this file itself keeps the rule


@pytest.mark.parametrize("rule", [spdx_violations, path_violations, length_violations])
def test_rule(rule):
    found = []
    for path in files():
        if text(path) is not None and path.name != "LICENSE":
            found += rule(path, text(path))
    assert not found, "\n".join(found)


def test_nothing_generated_is_tracked():
    found = []
    for path in files():
        found += generated_violations(path, (ROOT / path).stat().st_size)
    command = ["git", "ls-files", "--cached", "--ignored", "--exclude-standard"]
    ignored = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    found += [f"{line} is tracked and ignored" for line in ignored.stdout.splitlines()]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("a.py", '"""No header."""\n'),
        ("a.py", HEADER.replace("Apache-2.0", "MIT")),
        ("a.py", f"\n{HEADER}"),
        ("a.cpp", "int main() {}\n"),
        ("Makefile", "all:\n"),
        ("run", "#!/bin/sh\n"),
        ("a.toml", ""),
    ],
)
def test_missing_header_is_noticed(path, content):
    assert len(spdx_violations(Path(path), content)) == 1


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("a.py", HEADER),
        ("run", f"#!/bin/sh\n{HEADER}"),
        ("a.sv", HEADER.replace("#", "//")),
        ("a.md", "# Title\n"),
        ("a.json", "[]"),
    ],
)
def test_header_is_accepted(path, content):
    assert spdx_violations(Path(path), content) == []


@pytest.mark.parametrize(
    "line",
    [f"{SLASH}home/someone", f"path = '{SLASH}tmp/x'", f"see {SLASH}work/main", f"({SLASH}root)"],
)
def test_machine_path_is_noticed(line):
    assert len(path_violations(Path("a.md"), f"first\n{line}\n")) == 1


@pytest.mark.parametrize("line", ["tests/home/x", "a ratio of 3/work", "https://example.org/home/"])
def test_other_slashes_are_accepted(line):
    assert path_violations(Path("a.md"), line) == []


def test_long_file_is_noticed():
    assert length_violations(Path("a.py"), "x\n" * MAXIMUM_LINES) == []
    assert len(length_violations(Path("a.py"), "x\n" * (MAXIMUM_LINES + 1))) == 1


def test_generated_file_is_noticed():
    assert generated_violations(Path("a.npz"), MAXIMUM_BYTES) == []
    assert len(generated_violations(Path("a.npz"), MAXIMUM_BYTES + 1)) == 1
    assert len(generated_violations(Path("a.vcd"), 1)) == 1
