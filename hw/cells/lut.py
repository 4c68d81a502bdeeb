# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Multiplier cells of lookup tables, in plain RTL that every device's carry chains take."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from macaw.hw.cells.rows import product_of_rows

__all__ = ["ProductPair"]


def _row(m, value, factor):
    """``value``, signed, times two unsigned bits."""
    single, double = (Mux(factor[bit], value, 0) << bit for bit in range(2))
    return (single + double)[:10].as_signed()


class ProductPair(wiring.Component):
    """Two exact products that share an operand, in lookup tables; new operands each clock.

    Each product is four rows, of two bits of low or high each, and two levels of adders, with a
    register behind each of the three steps.

    Members
    -------
    low, high : In(unsigned(8))
    shared : In(signed(8))
    low_product, high_product : Out(signed(16))
        ``low * shared``, `low_latency` clocks later, and ``high * shared``, `latency` clocks
        later.
    """

    low_latency = latency = 3

    #: What makes a row, for `product_of_rows`.
    row = staticmethod(_row)

    def __init__(self):
        super().__init__(
            {
                "low": In(8),
                "high": In(8),
                "shared": In(signed(8)),
                "low_product": Out(signed(16)),
                "high_product": Out(signed(16)),
            }
        )

    def elaborate(self, platform):
        m = Module()
        m.d.comb += [
            self.low_product.eq(product_of_rows(m, "low", self.low, self.shared, self.row)),
            self.high_product.eq(product_of_rows(m, "high", self.high, self.shared, self.row)),
        ]
        return m
