# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""A multiplexer of four bits in half a slice pair of ECP5."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

__all__ = ["FourToOne"]

# B where C is set, else A; D does not matter.
_TWO_TO_ONE = Const(0xCACA, 16)


class FourToOne(wiring.Component):
    """The bit of ``values`` that ``index`` names, without a register: two LUTs of a slice, each
    with inputs of its own, and the slice's multiplexer behind them (Lattice FPGA-DS-02012,
    "ECP5 family data sheet", slices). yosys uses that multiplexer only for LUTs with equal inputs.

    Members
    -------
    values : In(4)
    index : In(2)
    chosen : Out(1)
    """

    values: In(4)
    index: In(2)
    chosen: Out(1)

    def elaborate(self, platform):
        m = Module()
        halves = Signal(2)
        for half in range(2):
            m.submodules[f"lut_{half}"] = Instance(
                "LUT4",
                p_INIT=_TWO_TO_ONE,
                i_A=self.values[2 * half],
                i_B=self.values[2 * half + 1],
                i_C=self.index[0],
                i_D=0,
                o_Z=halves[half],
            )
        m.submodules.multiplexer = Instance(
            "PFUMX", i_ALUT=halves[1], i_BLUT=halves[0], i_C0=self.index[1], o_Z=self.chosen
        )
        return m
