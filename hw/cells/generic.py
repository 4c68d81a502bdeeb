# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Multiplier cells in plain RTL, for any device."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

__all__ = ["ProductPair"]


class ProductPair(wiring.Component):
    """Two exact products that share an operand, each on a multiplier of its own with a register
    behind it; new operands each clock. With ``signed_operands`` low and high are signed.

    Members
    -------
    low, high : In(8)
    shared : In(signed(8))
    low_product, high_product : Out(signed(16))
        ``low * shared``, `low_latency` clocks later, and ``high * shared``, `latency` clocks
        later.
    """

    low_latency = latency = 1

    def __init__(self, *, signed_operands=False):
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
        for operand, product in ((self.low, self.low_product), (self.high, self.high_product)):
            register = Signal(signed(16), reset_less=True)
            m.d.sync += register.eq(operand * self.shared)
            m.d.comb += product.eq(register)
        return m
