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


def _top_row(m, value, factor):
    """``value``, signed, times two bits of which the upper one is a sign."""
    single, double = (Mux(factor[bit], value, 0) << bit for bit in range(2))
    return (single - double)[:10].as_signed()


class ProductPair(wiring.Component):
    """Two exact products that share an operand, in lookup tables; new operands each clock.

    Each product is four rows, of two bits of low or high each, and two levels of adders, with a
    register behind each of the three steps; with ``registered`` false the last step has none.
    With ``signed_operands`` low and high are signed.

    Members
    -------
    low, high : In(8)
    shared : In(signed(8))
    low_product, high_product : Out(signed(16))
        ``low * shared``, `low_latency` clocks later, and ``high * shared``, `latency` clocks
        later.
    """

    #: Clocks from the operands to their products, with registers behind all steps.
    low_latency = latency = 3

    #: What makes a row, for `product_of_rows`.
    row = staticmethod(_row)

    def __init__(self, *, signed_operands=False, registered=True):
        self._top = _top_row if signed_operands else None
        self._registered = bool(registered)
        if not registered:
            self.low_latency = self.latency = 2
        operand = Shape(8, signed=signed_operands)
        super().__init__(
            {
                "low": In(operand),
                "high": In(operand),
                "shared": In(signed(8)),
                "low_product": Out(signed(16)),
                "high_product": Out(signed(16)),
            }
        )

    def elaborate(self, platform):
        m = Module()
        options = {"top": self._top, "registered": self._registered}
        low, high = (
            product_of_rows(m, name, bits, self.shared, self.row, **options)
            for name, bits in (("low", self.low), ("high", self.high))
        )
        m.d.comb += [self.low_product.eq(low), self.high_product.eq(high)]
        return m
