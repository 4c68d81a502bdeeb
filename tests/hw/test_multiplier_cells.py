# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The multiplier cells give exactly the two products, for all operands."""

import numpy as np
import pytest

from macaw.hw.cells import ecp5, ecp5_lut, generic, gowin, ice40, lut
from macaw.sim.vectors import apply

CELLS = [module.ProductPair for module in (generic, lut, ecp5, ecp5_lut, ice40, gowin)]


def every_operand():
    """All 2**24 combinations of low and high, uint8, and shared, int8."""
    codes = np.arange(1 << 24, dtype=np.uint32)
    return {
        name: (codes >> shift).astype(np.uint8).view(kind)
        for name, shift, kind in (
            ("low", 0, np.uint8),
            ("high", 8, np.uint8),
            ("shared", 16, np.int8),
        )
    }


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.__module__.split(".")[-1])
def test_products_are_exact_for_all_operands(cell):
    operands = every_operand()
    for name, latency in (("low", cell.low_latency), ("high", cell.latency)):
        products = apply(cell(), operands, latency=latency)
        expected = np.multiply(operands[name], operands["shared"], dtype=np.int16)
        wrong = np.flatnonzero(products[f"{name}_product"] != expected)
        assert not wrong.size, (
            f"{wrong.size} {name} products differ, the first for "
            f"{ {operand: int(values[wrong[0]]) for operand, values in operands.items()} }: "
            f"{products[f'{name}_product'][wrong[0]]}, not {expected[wrong[0]]}"
        )
