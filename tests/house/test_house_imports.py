# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The rule of layers holds, and would notice a breach."""

import pytest
from house_imports import violations
from house_tree import modules, text


def test_layers():
    found = []
    for module, path in modules().items():
        is_package = path.name == "__init__.py"
        found += violations(text(path), module, is_package=is_package)
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("macaw.hw.block", "import numpy as np"),
        ("macaw.hw.block", "from macaw.golden import conv2d"),
        ("macaw.hw.block", "from macaw import golden"),
        ("macaw.hw.block", "from ..golden import conv2d"),
        ("macaw.hw.block", "def elaborate():\n    import macaw.golden.conv2d"),
        ("macaw.golden.conv2d", "from macaw.compiler import plan"),
        ("macaw.golden.conv2d", "from macaw.nn.torch import load"),
        ("macaw.golden.conv2d", "import torch"),
        ("macaw.compiler.plan", "from macaw.hw import MacArray"),
        ("macaw.compiler.plan", "from macaw.archive import anything"),
        ("macaw.arch.shapes", "import numpy"),
        ("macaw.nn.torch", "import torch"),
        ("macaw.flow.tools", "from benchmarks.report import Report"),
        ("macaw.sim.run", "import tests.conftest"),
        ("macaw.unheard.of", ""),
    ],
)
def test_breach_is_noticed(module, source):
    assert len(violations(source, module)) == 1


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("macaw.hw.block", "from amaranth import *\nfrom macaw.arch.checks import integer"),
        ("macaw.hw.block", "from .cells import generic"),
        ("macaw.hw.block", "from macaw import arch"),
        ("macaw.golden.interpreter", "from macaw.nn.graph import QuantizedGraph"),
        ("macaw.golden.interpreter", "from macaw.nn import graph"),
        ("macaw.nn.torch", "def load():\n    import torch"),
        ("macaw.arch.shapes", "import math\nfrom collections.abc import Iterable"),
    ],
)
def test_good_import_is_allowed(module, source):
    assert violations(source, module) == []
