# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Wide products are exact in every technology, at the corners and elsewhere."""

import re

import numpy as np
import pytest
from amaranth.back import rtlil

from macaw.arch import Technology
from macaw.hw.cells.ecp5_carry import TwoBitProduct
from macaw.hw.cells.ecp5_multiplier import Multiplier18
from macaw.hw.cells.gowin_multiplier import GowinMultiplier
from macaw.hw.cells.gowin_wide import GowinWideMultiplier
from macaw.hw.wide_multiplier import WideMultiplier
from macaw.sim.vectors import apply

SEED = 20261125
WIDTHS = [(24, 24), (32, 32), (18, 18), (7, 25)]


def operands(random, bits, n):
    """Numbers of every length, among them all that are next to a power of two."""
    powers = np.int64(1) << np.arange(bits)
    corners = np.unique(np.concatenate([[0], powers - 1, powers, powers + 1, 2 * powers - 1]))
    corners = corners[corners < 1 << bits]
    drawn = random.integers(0, np.int64(1) << random.integers(1, bits, n, endpoint=True))
    return corners, drawn


def expect_products(component, a_bits, b_bits, n):
    random = np.random.default_rng(SEED)
    (a_corners, a_drawn), (b_corners, b_drawn) = (
        operands(random, bits, n) for bits in (a_bits, b_bits)
    )
    a = np.concatenate([np.repeat(a_corners, len(b_corners)), a_drawn])
    b = np.concatenate([np.tile(b_corners, len(a_corners)), b_drawn])
    products = apply(component, {"a": a, "b": b}, latency=component.latency)["product"]
    expected = a.astype(np.uint64) * b.astype(np.uint64)  # below 2**64
    wrong = np.flatnonzero(products.astype(np.uint64) != expected)
    assert not wrong.size, (
        f"seed {SEED}: {wrong.size} of {len(a)} products differ, the first for {a[wrong[0]]} * "
        f"{b[wrong[0]]}: {products[wrong[0]]}, not {expected[wrong[0]]}"
    )


@pytest.mark.parametrize("technology", Technology)
@pytest.mark.parametrize(("a_bits", "b_bits"), WIDTHS)
def test_products_are_exact(a_bits, b_bits, technology):
    expect_products(WideMultiplier(a_bits, b_bits, technology), a_bits, b_bits, 200_000)


@pytest.mark.parametrize(("a_bits", "b_bits"), [*WIDTHS, (25, 7)])
def test_products_of_cells_alone_are_exact(a_bits, b_bits):
    component = WideMultiplier(a_bits, b_bits, Technology.ECP5, parallel=True)
    expect_products(component, a_bits, b_bits, 200_000)


@pytest.mark.parametrize(
    ("a_bits", "b_bits", "cells"), [(24, 24, 4), (32, 32, 4), (18, 18, 1), (7, 25, 2), (25, 7, 2)]
)
def test_each_pair_of_halves_has_a_cell(a_bits, b_bits, cells):
    component = WideMultiplier(a_bits, b_bits, Technology.ECP5, parallel=True)
    text = rtlil.convert(component, emit_src=False)
    assert len(re.findall(r"cell \\MULT18X18D ", text)) == cells
    assert "CCU2C" not in text


def test_the_cell_is_exact():
    expect_products(Multiplier18(), 18, 18, 200_000)


@pytest.mark.parametrize("signed_value", [False, True])
@pytest.mark.parametrize("bits", [9, 10])
def test_the_carry_chain_is_exact_for_all_operands(bits, signed_value):
    codes = np.arange(1 << (bits + 2))
    value, factor = codes >> 2, codes & 3
    value -= signed_value << (bits - 1)
    row = TwoBitProduct(bits, signed_value=signed_value)
    products = apply(row, {"value": value, "factor": factor}, latency=0)["product"]
    assert (products == value * factor).all()


@pytest.mark.parametrize(
    ("a_bits", "b_bits", "cells"),
    [(24, 24, ["36X36"]), (32, 32, ["36X36"]), (18, 18, ["18X18"]), (7, 25, ["36X36"])],
)
def test_gowin_takes_one_cell(a_bits, b_bits, cells):
    text = rtlil.convert(WideMultiplier(a_bits, b_bits, Technology.GOWIN), emit_src=False)
    assert re.findall(r"cell \\MULT(\w+) ", text) == cells
    assert "cell $mul" not in text


@pytest.mark.parametrize(("a_bits", "b_bits"), WIDTHS)
def test_one_multiplier_cell_serves_every_width(a_bits, b_bits):
    text = rtlil.convert(WideMultiplier(a_bits, b_bits, Technology.ECP5), emit_src=False)
    assert len(re.findall(r"cell \\MULT18X18D ", text)) == 1
    assert "cell $mul" not in text


@pytest.mark.parametrize(
    ("component", "arguments", "message"),
    [
        (WideMultiplier, (0, 24, "ecp5"), "a_bits must be in 1 ... 32, not 0"),
        (WideMultiplier, (24, 33, "ecp5"), "b_bits must be in 1 ... 32, not 33"),
        (
            WideMultiplier,
            (24, 24, "asic"),
            "technology must be one of generic, ecp5, ice40, gowin, not 'asic'",
        ),
        (GowinWideMultiplier, (37, 24), "a_bits must be in 1 ... 36, not 37"),
        (GowinMultiplier, (12,), "bits must be one of 9, 18, not 12"),
        (TwoBitProduct, (0,), "bits must be in 1 ... 64, not 0"),
    ],
)
def test_refusals(component, arguments, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        component(*arguments)


def test_widths_must_be_integers():
    with pytest.raises(TypeError, match=r"^a_bits must be an integer, not 24\.0$"):
        WideMultiplier(24.0, 24, Technology.ECP5)
