# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The adder tree is exact at the ends of its range, and refuses what it cannot be."""

import re

import numpy as np
import pytest
from amaranth.hdl import ClockDomain, Module
from amaranth.sim import Simulator

from macaw.hw.adder_tree import AdderTree

SEED = 20261128


@pytest.mark.parametrize(("width", "count"), [(1, 2), (3, 8), (16, 4), (5, 1)])
def test_sums_are_exact(width, count):
    tree = AdderTree(width, count)
    low, high = -(1 << (width - 1)), (1 << (width - 1)) - 1
    values = np.random.default_rng(SEED).integers(low, high + 1, (50, count))
    values[:2], values[2:4] = low, high
    sums = []

    async def bench(context):
        for vector in values.tolist():
            context.set(tree.values, vector)
            sums.append(context.get(tree.sum))
            await context.tick()

    design = Module()
    design.domains.sync = ClockDomain()
    design.submodules.tree = tree
    simulator = Simulator(design)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()
    expected = values.sum(axis=1).tolist()
    assert sums[tree.latency :] == expected[: 50 - tree.latency], f"seed {SEED}"


@pytest.mark.parametrize(
    ("width", "count", "message"),
    [
        (0, 4, "width must be in 1 ... 64, not 0"),
        (8, 6, "count must be a power of two, not 6"),
    ],
)
def test_refusals(width, count, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        AdderTree(width, count)
