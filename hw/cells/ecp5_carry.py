# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""A row of a multiplier on the carry chain of ECP5."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from macaw.arch.checks import integer

__all__ = ["TwoBitProduct"]

# The sum of A & B and C & D; its low four bits are the carry's A & B.
_SUM_OF_ANDS = Const(0x7888, 16)


class TwoBitProduct(wiring.Component):
    """``value`` times a number of two bits, without a register: one place of the carry chain a
    bit, as its LUTs take both ANDs along. Synthesis puts them into LUTs of their own before the
    chain, which makes the row three times as large. With ``signed_value`` the value is a signed
    number, and so is the product.

    Raises ``TypeError`` or ``ValueError`` unless ``bits`` is an integer in 1 ... 64.

    Members
    -------
    value : In(bits)
    factor : In(2)
    product : Out(bits + 2)
        Signed with ``signed_value``, as ``value`` is.
    """

    def __init__(self, bits, *, signed_value=False):
        bits = integer("bits", bits, 1, 64)
        shape = signed if signed_value else unsigned
        super().__init__(
            {"value": In(shape(bits)), "factor": In(2), "product": Out(shape(bits + 2))}
        )

    def elaborate(self, platform):
        m = Module()
        # A cell has two places, so an odd number of them gets one more, which stays zero.
        cells = (len(self.product) + 1) // 2
        spare = 2 * cells - len(self.value)
        negative = self.value.shape().signed
        above = self.value[-1].replicate(spare) if negative else Const(0, spare)
        single = Cat(self.value, above)
        double = Cat(Const(0, 1), single)
        sums, carry = Signal(2 * cells), Const(0, 1)
        for index in range(cells):
            low, high = 2 * index, 2 * index + 1
            carry_out = Signal(name=f"carry_{index}")
            m.submodules[f"cell_{index}"] = Instance(
                "CCU2C",
                p_INIT0=_SUM_OF_ANDS,
                p_INIT1=_SUM_OF_ANDS,
                p_INJECT1_0="NO",
                p_INJECT1_1="NO",
                i_A0=single[low],
                i_B0=self.factor[0],
                i_C0=double[low],
                i_D0=self.factor[1],
                i_A1=single[high],
                i_B1=self.factor[0],
                i_C1=double[high],
                i_D1=self.factor[1],
                i_CIN=carry,
                o_S0=sums[low],
                o_S1=sums[high],
                o_COUT=carry_out,
            )
            carry = carry_out
        m.d.comb += self.product.eq(sums)
        return m
