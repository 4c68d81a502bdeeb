# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Multiplier cells on the SB_MAC16 of iCE40 UltraPlus."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from macaw.hw.delay import delay

__all__ = ["Multiplier16", "ProductPair", "mac16"]

# Parameters of the cell that are two bits wide; the others have one.
_TWO_BITS = {
    "TOPOUTPUT_SELECT",
    "TOPADDSUB_LOWERINPUT",
    "TOPADDSUB_CARRYSELECT",
    "BOTOUTPUT_SELECT",
    "BOTADDSUB_LOWERINPUT",
    "BOTADDSUB_CARRYSELECT",
}
_PARAMETERS = {
    "NEG_TRIGGER": 0,
    "A_REG": 1,
    "B_REG": 1,
    "C_REG": 0,
    "D_REG": 0,
    "TOP_8x8_MULT_REG": 1,
    "BOT_8x8_MULT_REG": 1,
    # Of the 16×16 product, which is not used: both modes of the device set them.
    "PIPELINE_16x16_MULT_REG1": 1,
    "PIPELINE_16x16_MULT_REG2": 1,
    # The products of the two halves, past the adders.
    "TOPOUTPUT_SELECT": 2,
    "BOTOUTPUT_SELECT": 2,
    "TOPADDSUB_LOWERINPUT": 0,
    "TOPADDSUB_UPPERINPUT": 0,
    "TOPADDSUB_CARRYSELECT": 0,
    "BOTADDSUB_LOWERINPUT": 0,
    "BOTADDSUB_UPPERINPUT": 0,
    "BOTADDSUB_CARRYSELECT": 0,
    "MODE_8x8": 1,
    "A_SIGNED": 0,
    "B_SIGNED": 1,
}
_UNUSED = (
    *("C", "D", "AHOLD", "BHOLD", "CHOLD", "DHOLD", "IRSTTOP", "IRSTBOT", "ORSTTOP", "ORSTBOT"),
    *("OLOADTOP", "OLOADBOT", "ADDSUBTOP", "ADDSUBBOT", "OHOLDTOP", "OHOLDBOT"),
    *("CI", "ACCUMCI", "SIGNEXTIN"),
)


def mac16(a, b, output, parameters):
    """One SB_MAC16 with operands ``a`` and ``b`` of 16 bits and an ``output`` of 32; ``parameters``
    are those that differ from two products of 8 bits, A unsigned and B signed, with all
    registers."""
    return Instance(
        "SB_MAC16",
        **{
            f"p_{name}": Const(value, 2 if name in _TWO_BITS else 1)
            for name, value in (_PARAMETERS | parameters).items()
        },
        **{f"i_{name}": Const(0, 16 if name in "CD" else 1) for name in _UNUSED},
        i_CLK=ClockSignal(),
        i_CE=1,
        i_A=a,
        i_B=b,
        o_O=output,
    )


class ProductPair(wiring.Component):
    """Two exact products that share an operand, from one SB_MAC16 in its mode of two 8×8
    multipliers; new operands each clock.

    Each half multiplies a byte of A with a byte of B. Whether A and B are signed is chosen for
    each alone (Lattice FPGA-TN-02007, "DSP function usage guide for iCE40 devices"), so A takes
    low and high, unsigned or with ``signed_operands`` signed, and B the shared operand twice,
    signed. No operand is excluded.

    The cell registers operands and products; the register behind it is one of the fabric, which
    the cell's slow output reaches in a clock of its own. With ``registered`` false there is none.

    Members
    -------
    low, high : In(8)
    shared : In(signed(8))
    low_product, high_product : Out(signed(16))
        ``low * shared``, `low_latency` clocks later, and ``high * shared``, `latency` clocks
        later.
    """

    #: Clocks from the operands to their products, with the register behind the cell.
    low_latency = latency = 3

    def __init__(self, *, signed_operands=False, registered=True):
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
        products = Signal(32)
        parameters = {"A_SIGNED": int(self.low.shape().signed)}
        m.submodules.multiplier = mac16(
            Cat(self.low, self.high), self.shared.replicate(2), products, parameters
        )
        for half, product in enumerate((self.low_product, self.high_product)):
            word = products.word_select(half, 16)
            name = f"product_{half}"
            m.d.comb += product.eq(delay(m, word, int(self._registered), name=name))
        return m


class Multiplier16(wiring.Component):
    """The product of two unsigned numbers of 16 bits, on one SB_MAC16 with all of its registers;
    new operands each clock.

    Members
    -------
    a, b : In(16)
    product : Out(32)
        ``a * b``, `latency` clocks later.
    """

    #: Clocks from the operands to their product.
    latency = 3

    a: In(16)
    b: In(16)
    product: Out(32)

    def elaborate(self, platform):
        m = Module()
        parameters = {"MODE_8x8": 0, "A_SIGNED": 0, "B_SIGNED": 0}
        # The product of 16 bits a side, past the adders.
        parameters |= {"TOPOUTPUT_SELECT": 3, "BOTOUTPUT_SELECT": 3}
        m.submodules.multiplier = mac16(self.a, self.b, self.product, parameters)
        return m
