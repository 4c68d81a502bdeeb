# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Multiplier cells on the MULT9X9 of Gowin."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from macaw.hw.cells.gowin_multiplier import GowinMultiplier

__all__ = ["ProductPair"]


class ProductPair(wiring.Component):
    """Two exact products that share an operand, each from a MULT9X9 of its own; new operands
    each clock. Nine signed bits hold every operand: a byte, unsigned, with a zero before it, and
    a signed one with its sign. All registers are the cells' own: those of the fabric are what
    these devices have least of. With ``signed_operands`` low and high are signed.

    Members
    -------
    low, high : In(8)
    shared : In(signed(8))
    low_product, high_product : Out(signed(16))
        ``low * shared``, `low_latency` clocks later, and ``high * shared``, `latency` clocks
        later.
    """

    low_latency = latency = GowinMultiplier.latency

    #: The operands go into registers at once, so the array needs none before the cell.
    registered_operands = True

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
        for name in ("low", "high"):
            m.submodules[name] = cell = GowinMultiplier(9, signed_operands=True)
            m.d.comb += [
                cell.a.eq(getattr(self, name)),
                cell.b.eq(self.shared),
                getattr(self, f"{name}_product").eq(cell.product),
            ]
        return m
