# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Products in two steps are exact, whatever comes before and behind them."""

import re

import numpy as np
import pytest
from amaranth.back import rtlil

from macaw.arch import Technology
from macaw.hw.cells.ice40 import Multiplier16
from macaw.hw.stepped_multiplier import SteppedMultiplier
from macaw.sim.vectors import apply

SEED = 20261210
COUNT = 20_000
WIDTHS = [(24, 24), (32, 31), (17, 32), (32, 17)]


def numbers(random, bits):
    """Numbers of every length, a third of them next to a power of two."""
    drawn = random.integers(0, np.int64(1) << random.integers(1, bits + 1, COUNT))
    power = np.int64(1) << random.integers(0, bits + 1, COUNT)
    near = np.clip(power + random.integers(-1, 2, COUNT), 0, (1 << bits) - 1)
    return np.where(random.random(COUNT) < 1 / 3, near, drawn)


@pytest.mark.parametrize("technology", [Technology.GENERIC, Technology.ICE40])
@pytest.mark.parametrize(("a_bits", "b_bits"), WIDTHS)
def test_products_are_exact(a_bits, b_bits, technology):
    random = np.random.default_rng(SEED)
    a, b = numbers(random, a_bits), numbers(random, b_bits)
    apart = random.choice((2, 2, 2, 3, 5), COUNT)
    starts = np.cumsum(apart) - apart
    start = np.zeros(apart.sum(), np.int64)
    start[starts] = 1
    # Operands are there for two clocks; what follows them means nothing.
    inputs = {"start": start}
    for name, values, bits in (("a", a, a_bits), ("b", b, b_bits)):
        inputs[name] = random.integers(0, 1 << bits, apart.sum())
        for clock in range(2):
            inputs[name][starts + clock] = values
    component = SteppedMultiplier(a_bits, b_bits, technology)
    found = apply(component, inputs, latency=component.latency)["product"][starts]
    wrong = np.flatnonzero(found.astype(np.uint64) != a.astype(np.uint64) * b.astype(np.uint64))
    assert not wrong.size, (
        f"seed {SEED}: {wrong.size} of {COUNT} products differ, the first for {a[wrong[0]]} * "
        f"{b[wrong[0]]}: {found[wrong[0]]}"
    )


def test_the_cell_is_exact():
    random = np.random.default_rng(SEED)
    a, b = numbers(random, 16), numbers(random, 16)
    component = Multiplier16()
    found = apply(component, {"a": a, "b": b}, latency=component.latency)["product"]
    assert (found == a * b).all(), f"seed {SEED}"


@pytest.mark.parametrize(("a_bits", "b_bits"), WIDTHS)
def test_it_takes_two_cells(a_bits, b_bits):
    text = rtlil.convert(SteppedMultiplier(a_bits, b_bits, Technology.ICE40), emit_src=False)
    assert len(re.findall(r"cell \\SB_MAC16 ", text)) == 2
    assert "cell $mul" not in text


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((16, 24, "ice40"), ValueError, "a_bits must be in 17 ... 32, not 16"),
        ((24, 33, "ice40"), ValueError, "b_bits must be in 17 ... 32, not 33"),
        ((24.0, 24, "ice40"), TypeError, "a_bits must be an integer, not 24.0"),
        (
            (24, 24, "asic"),
            ValueError,
            "technology must be one of generic, ecp5, ice40, gowin, not 'asic'",
        ),
    ],
)
def test_refusals(arguments, error, message):
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        SteppedMultiplier(*arguments)
