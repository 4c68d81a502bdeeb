# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The multiplier cells give exactly the two products, for all operands."""

import numpy as np
import pytest

from macaw.hw.cells import ecp5, ecp5_lut, generic, gowin, ice40, lut
from macaw.sim.vectors import apply

CELLS = [module.ProductPair for module in (generic, lut, ecp5, ecp5_lut, ice40, gowin)]
#: Those with signed operands, some without the register behind them.
SIGNED = [
    (generic, {}), (gowin, {}), (lut, {}), (ice40, {}),
    (lut, {"registered": False}), (ice40, {"registered": False}),
]  # fmt: skip


def every_operand(kind=np.uint8):
    """All 2**24 combinations of low and high, of the type ``kind``, and shared, int8."""
    codes = np.arange(1 << 24, dtype=np.uint32)
    return {
        name: (codes >> shift).astype(np.uint8).view(kind)
        for name, shift, kind in (
            ("low", 0, kind),
            ("high", 8, kind),
            ("shared", 16, np.int8),
        )
    }


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.__module__.split(".")[-1])
def test_products_are_exact_for_all_operands(cell):
    check(cell, every_operand())


@pytest.mark.parametrize(
    ("module", "options"),
    SIGNED,
    ids=lambda value: value.__name__.split(".")[-1] if hasattr(value, "__name__") else str(value),
)
def test_products_of_signed_operands_are_exact(module, options):
    check(lambda: module.ProductPair(signed_operands=True, **options), every_operand(np.int8))


def test_one_clock_less_without_the_register_behind():
    for module in (lut, ice40):
        with_register, without = (module.ProductPair(registered=value) for value in (True, False))
        assert (with_register.latency, without.latency) == (3, 2)
        assert without.low_latency == without.latency


def check(make, operands):
    cell = make()
    for name, latency in (("low", cell.low_latency), ("high", cell.latency)):
        products = apply(make(), operands, latency=latency)
        expected = np.multiply(operands[name], operands["shared"], dtype=np.int16)
        wrong = np.flatnonzero(products[f"{name}_product"] != expected)
        assert not wrong.size, (
            f"{wrong.size} {name} products differ, the first for "
            f"{ {operand: int(values[wrong[0]]) for operand, values in operands.items()} }: "
            f"{products[f'{name}_product'][wrong[0]]}, not {expected[wrong[0]]}"
        )
