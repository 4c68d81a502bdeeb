# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Memory cells on the DP16KD of ECP5."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

__all__ = ["BytePairMemory"]


class BytePairMemory(wiring.Component):
    """1024 pairs of bytes in one block, with a write port and a read port. The read port uses the
    block's own output register, which synthesis does not infer. It holds zeros until written;
    a pair that is read in the clock in which it is written reads anything.

    Members
    -------
    write_enable : In(2)
        Whether ``write_data`` is written to byte 0, to byte 1.
    write_address : In(10)
    write_data : In(8)
    read_address : In(10)
    read_data : Out(ArrayLayout(8, 2))
        The pair at ``read_address``, `latency` clocks later.
    """

    DEPTH = 1024
    latency = 2

    def __init__(self):
        super().__init__(
            {
                "write_enable": In(2),
                "write_address": In(10),
                "write_data": In(8),
                "read_address": In(10),
                "read_data": Out(data.ArrayLayout(8, 2)),
            }
        )

    def elaborate(self, platform):
        m = Module()
        output = Signal(18)
        # In this width the low four address bits select no word: the lowest two of the writing
        # port enable its halves of nine bits. The ninth bit of each half is not used.
        ports = {
            "i_ADA": Cat(self.write_enable, Const(0, 2), self.write_address),
            "i_ADB": Cat(Const(0, 4), self.read_address),
            "i_DIA": Cat(self.write_data, Const(0, 1), self.write_data, Const(0, 1)),
            "i_DIB": Const(0, 18),
            "i_CSA": Const(0, 3),
            "i_CSB": Const(0, 3),
            "o_DOB": output,
        }
        bits = {
            f"{name}{bit}": port[bit] for name, port in ports.items() for bit in range(len(port))
        }
        m.submodules.block = Instance(
            "DP16KD",
            p_DATA_WIDTH_A=18,
            p_DATA_WIDTH_B=18,
            p_REGMODE_A="NOREG",
            p_REGMODE_B="OUTREG",
            p_WRITEMODE_A="NORMAL",
            p_WRITEMODE_B="NORMAL",
            p_CSDECODE_A="0b000",
            p_CSDECODE_B="0b000",
            p_GSR="DISABLED",
            p_RESETMODE="SYNC",
            p_ASYNC_RESET_RELEASE="SYNC",
            i_CLKA=ClockSignal(),
            i_CLKB=ClockSignal(),
            i_CEA=1,
            i_CEB=1,
            i_OCEA=1,
            i_OCEB=1,
            i_WEA=self.write_enable.any(),
            i_WEB=0,
            i_RSTA=0,
            i_RSTB=0,
            **bits,
        )
        m.d.comb += [self.read_data[0].eq(output[:8]), self.read_data[1].eq(output[9:17])]
        return m
