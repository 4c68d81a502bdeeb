# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Every example in a docstring or a page gives what it says."""

import doctest
import importlib
import sys

import pytest
from house_tree import ROOT, files, modules, text


def examples():
    """Modules that hold examples."""
    found = [name for name, path in modules().items() if ">>> " in text(path)]
    return [*found, *(f"benchmarks.{path.stem}" for path in files()
                      if path.parts[0] == "benchmarks" and ">>> " in text(path))]  # fmt: skip


@pytest.mark.parametrize("module", examples())
def test_docstrings(module):
    result = doctest.testmod(importlib.import_module(module))
    assert result.attempted > 0
    assert result.failed == 0, f"{result.failed} of {result.attempted} examples fail"


def test_pages():
    for path in files():
        if path.suffix == ".md" and ">>> " in text(path):
            result = doctest.testfile(str(ROOT / path), module_relative=False)
            assert result.failed == 0, f"{path}: {result.failed} of {result.attempted} fail"


def test_wrong_example_fails(tmp_path, monkeypatch):
    (tmp_path / "wrong_example.py").write_text('"""\n>>> 1 + 1\n3\n"""\n')
    monkeypatch.syspath_prepend(tmp_path)
    module = importlib.import_module("wrong_example")
    del sys.modules["wrong_example"]
    assert doctest.testmod(module, verbose=False, report=False).failed == 1
