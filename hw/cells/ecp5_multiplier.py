# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""One MULT18X18D of ECP5 as a multiplier."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

__all__ = ["Multiplier18"]


class Multiplier18(wiring.Component):
    """The product of two numbers of 18 bits, both signed or both unsigned, in one cell with all
    of its registers (input, pipeline and output), which synthesis does not infer.

    Members
    -------
    a, b : In(18)
    product : Out(36)
        ``a * b``, `latency` clocks later. Signed members where ``signed_operands`` is true.
    """

    latency = 3

    def __init__(self, *, signed_operands=False):
        self._signed = bool(signed_operands)
        shape = signed if signed_operands else unsigned
        super().__init__({"a": In(shape(18)), "b": In(shape(18)), "product": Out(shape(36))})

    def elaborate(self, platform):
        m = Module()
        m.submodules.multiplier = Instance(
            "MULT18X18D",
            p_REG_INPUTA_CLK="CLK0",
            p_REG_INPUTB_CLK="CLK0",
            p_REG_PIPELINE_CLK="CLK0",
            p_REG_OUTPUT_CLK="CLK0",
            p_GSR="DISABLED",
            p_RESETMODE="SYNC",
            i_CLK0=ClockSignal(),
            i_CE0=1,
            i_RST0=0,
            i_SIGNEDA=int(self._signed),
            i_SIGNEDB=int(self._signed),
            i_SOURCEA=0,
            i_SOURCEB=0,
            **{f"i_A{bit}": self.a[bit] for bit in range(18)},
            **{f"i_B{bit}": self.b[bit] for bit in range(18)},
            **{f"o_P{bit}": self.product[bit] for bit in range(36)},
        )
        return m
