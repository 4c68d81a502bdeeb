# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""One MULT9X9 or MULT18X18 of Gowin as a multiplier."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from macaw.arch.checks import one_of

__all__ = ["GowinMultiplier"]


class GowinMultiplier(wiring.Component):
    """The product of two numbers of ``bits`` bits, 9 or 18, both signed or both unsigned, in one
    cell with its operand and output registers, which synthesis does not infer (Gowin UG287, "DSP
    user guide"). Two MULT9X9 take the place of one MULT18X18.

    Raises ``ValueError`` for other ``bits``.

    Members
    -------
    a, b : In(bits)
    product : Out(2 * bits)
        ``a * b``, `latency` clocks later. Signed members where ``signed_operands`` is true.
    """

    latency = 2

    def __init__(self, bits, *, signed_operands=False):
        self._bits = one_of("bits", bits, (9, 18))
        self._signed = bool(signed_operands)
        shape = signed if signed_operands else unsigned
        super().__init__(
            {"a": In(shape(bits)), "b": In(shape(bits)), "product": Out(shape(2 * bits))}
        )

    def elaborate(self, platform):
        m = Module()
        registers = {"AREG": 1, "BREG": 1, "OUT_REG": 1, "PIPE_REG": 0, "SOA_REG": 0}
        registers |= {"ASIGN_REG": 0, "BSIGN_REG": 0}
        m.submodules.multiplier = Instance(
            f"MULT{self._bits}X{self._bits}",
            **{f"p_{name}": Const(used, 1) for name, used in registers.items()},
            p_MULT_RESET_MODE="SYNC",
            i_A=self.a,
            i_B=self.b,
            i_SIA=Const(0, self._bits),
            i_SIB=Const(0, self._bits),
            i_ASIGN=int(self._signed),
            i_BSIGN=int(self._signed),
            i_ASEL=0,
            i_BSEL=0,
            i_CE=1,
            i_CLK=ClockSignal(),
            i_RESET=0,
            o_DOUT=self.product,
        )
        return m
