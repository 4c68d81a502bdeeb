# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The fan-out tree delays by its levels, keeps to its arity, and refuses what it cannot be."""

import re

import numpy as np
import pytest
from amaranth.back import rtlil
from amaranth.hdl import ClockDomain, Module, signed
from amaranth.lib import data
from amaranth.sim import Simulator

from macaw.hw.fanout import COPY_PREFIX, FanOut

SEED = 20261125


@pytest.mark.parametrize(
    ("leaves", "arity", "levels", "latency"),
    [(1, 4, None, 0), (1, 4, 2, 2), (4, 4, None, 1), (5, 4, None, 2), (9, 2, 5, 5)],
)
def test_copies_are_the_value_some_clocks_ago(leaves, arity, levels, latency):
    component = FanOut(data.ArrayLayout(signed(5), 3), leaves, arity=arity, levels=levels)
    assert component.latency == latency
    values = np.random.default_rng(SEED).integers(-16, 16, (50, 3)).tolist()
    seen = []

    async def bench(context):
        for value in values:
            context.set(component.value, value)
            seen.append([[context.get(item) for item in copy] for copy in component.copies])
            await context.tick()

    simulator = Simulator(component if latency else _clocked(component))
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()
    assert seen[latency:] == [[value] * leaves for value in values[: 50 - latency]], f"seed {SEED}"


@pytest.mark.parametrize(("levels", "registers"), [(None, 0), (3, 3)])
def test_compact_gives_all_places_the_same_register(levels, registers):
    component = FanOut(8, 33, levels=levels, compact=True)
    assert component.latency == registers
    text = rtlil.convert(_clocked(component), ports=[component.value, *component.copies])
    assert text.count(" cell $dff ") == registers


def _clocked(component):
    """``component`` in a design that has a clock."""
    m = Module()
    m.domains.sync = ClockDomain()
    m.submodules.component = component
    return m


@pytest.mark.parametrize(
    ("leaves", "levels", "copies"),
    [(8, None, [2, 8]), (128, None, [2, 8, 32, 128]), (8, 4, [1, 1, 2, 8]), (33, None, [3, 9, 33])],
)
def test_every_level_has_the_fewest_copies_that_the_arity_allows(leaves, levels, copies):
    text = rtlil.convert(FanOut(8, leaves, levels=levels), emit_src=False)
    modules = re.findall(rf"^module \S*\.{COPY_PREFIX}(\d+)_\d+$", text, re.MULTILINE)
    assert [modules.count(str(level + 1)) for level in range(len(copies))] == copies
    assert len(modules) == sum(copies)


def test_no_register_has_more_loads_than_the_arity():
    text = rtlil.convert(FanOut(8, 33, arity=4), name="top", emit_src=False)
    instances = re.findall(
        rf"^  cell \\top\.{COPY_PREFIX}\d+_\d+ .*?^  end$", text, re.MULTILINE | re.DOTALL
    )
    parents = [re.search(r"connect \\value (.*)", instance)[1] for instance in instances]
    assert len(parents) == 45
    assert max(parents.count(parent) for parent in parents) == 4


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"leaves": 0}, "leaves must be in 1 ... 4096, not 0"),
        ({"leaves": 8, "arity": 1}, "arity must be in 2 ... 64, not 1"),
        ({"leaves": 17, "levels": 2}, "levels must be in 3 ... 16, not 2"),
    ],
)
def test_refusals(arguments, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        FanOut(8, **arguments)
