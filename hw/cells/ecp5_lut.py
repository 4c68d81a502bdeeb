# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Multiplier cells of lookup tables on the carry chains of ECP5."""

from macaw.hw.cells import lut
from macaw.hw.cells.ecp5_carry import TwoBitProduct

__all__ = ["ProductPair"]


def _row(m, value, factor):
    """``value``, signed, times two unsigned bits, on a carry chain of its own."""
    m.submodules += (row := TwoBitProduct(len(value), signed_value=True))
    m.d.comb += [row.value.eq(value), row.factor.eq(factor)]
    return row.product


class ProductPair(lut.ProductPair):
    """Two exact products that share an operand, in lookup tables; new operands each clock.

    Each product is four rows, of two bits of low or high each, and two levels of adders, with a
    register behind each of the three steps. A row is one carry chain, which takes its ANDs along.

    Members
    -------
    low, high : In(unsigned(8))
    shared : In(signed(8))
    low_product, high_product : Out(signed(16))
        ``low * shared``, `low_latency` clocks later, and ``high * shared``, `latency` clocks
        later.
    """

    row = staticmethod(_row)
