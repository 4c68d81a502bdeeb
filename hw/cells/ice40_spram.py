# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The large memory cell of iCE40 UltraPlus."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

__all__ = ["Spram"]


class Spram(wiring.Component):
    """16,384 words of 16 bits with one port, in one SB_SPRAM256KA (Lattice FPGA-TN-02022, "iCE40
    SPRAM usage guide").

    The cell is never inferred: Amaranth gives every memory initial contents, which this one
    cannot have, and yosys would take block RAMs for it without a word. It is always awake.

    Members
    -------
    enable : In(1)
        The word is read or written. Without it nothing is written, and ``read_data`` stays.
    address : In(14)
        The word.
    write_enable : In(4)
        One bit for each four bits of the word; if none is set, the word is read.
    write_data : In(16)
        Bits to write.
    read_data : Out(16)
        The word, `latency` clocks after it was read; undefined after a write, and of a word that
        was never written.
    """

    #: Words of the cell.
    depth = 1 << 14
    #: Clocks from ``address`` to ``read_data``.
    latency = 1

    def __init__(self):
        super().__init__(
            {
                "enable": In(1),
                "address": In(14),
                "write_enable": In(4),
                "write_data": In(16),
                "read_data": Out(16),
            }
        )

    def elaborate(self, platform):
        m = Module()
        m.submodules.memory = Instance(
            "SB_SPRAM256KA",
            i_CLOCK=ClockSignal(),
            i_CHIPSELECT=self.enable,
            i_WREN=self.write_enable.any(),
            i_MASKWREN=self.write_enable,
            i_ADDRESS=self.address,
            i_DATAIN=self.write_data,
            i_STANDBY=Const(0),
            i_SLEEP=Const(0),
            # Active low.
            i_POWEROFF=Const(1),
            o_DATAOUT=self.read_data,
        )
        return m
