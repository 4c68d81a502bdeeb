# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""A block RAM with one write and one read port."""

from amaranth import *
from amaranth.lib import data, memory, wiring
from amaranth.lib.wiring import In, Out

from macaw.arch.checks import instance, integer, one_of
from macaw.arch.config import Technology

__all__ = ["BlockRam"]


class BlockRam(wiring.Component):
    """A memory of ``depth`` words of ``width`` bytes, each byte with its own write enable.

    A word that is read while it is written gives undefined data; users keep the addresses apart.
    On ``ecp5`` each pair of bytes is one DP16KD of 1024 x 18 with its output register, which no
    inference reaches (Lattice FPGA-TN-02204, "sysMEM user guide"); with ``cell_bytes`` 4, and by
    default where that is deep enough, each four bytes are one of 512 x 36.

    Parameters
    ----------
    width : int
        Bytes of a word.
    depth : int
        Words; a power of two is not needed. At most 1024 on ``ecp5``, 512 with four bytes a cell.
    technology : Technology
        The cells to use.
    cell_bytes : int
        Bytes of a word in one cell of ``ecp5``, 2 or 4.
    registered : bool
        There is a register behind the memory's own, as always on ``ecp5``. Without one, `latency`
        is 1.

    Members
    -------
    write_address : In
        Word to write.
    write_data : In
        Bytes to write.
    write_enable : In
        One bit for each byte.
    read_address : In
        Word to read, each clock.
    read_data : Out
        The word, `latency` clocks after its address.

    Raises ``ValueError`` for a depth beyond the cell's, and for ``ecp5`` without the register.
    """

    #: Clocks from ``read_address`` to ``read_data``, with the register behind the memory's own.
    latency = 2

    def __init__(
        self,
        *,
        width: int,
        depth: int,
        technology: Technology = Technology.GENERIC,
        cell_bytes: int | None = None,
        registered: bool = True,
    ):
        if not instance("registered", registered, bool):
            if technology == Technology.ECP5:
                raise ValueError("registered must be True for ecp5, not False")
            self.latency = 1
        self._technology = one_of("technology", technology, tuple(Technology))
        self._width = integer("width", width, 1, 4096)
        if cell_bytes is None:
            shallow = isinstance(depth, int) and depth <= self.deepest(technology, 4)
            cell_bytes = 4 if shallow and width > 2 else 2
        self._cell_bytes = one_of("cell_bytes", cell_bytes, (2, 4))
        self._depth = integer("depth", depth, 2, self.deepest(technology, cell_bytes))
        super().__init__(
            {
                "write_address": In(range(depth)),
                "write_data": In(data.ArrayLayout(8, width)),
                "write_enable": In(width),
                "read_address": In(range(depth)),
                "read_data": Out(data.ArrayLayout(8, width)),
            }
        )

    @staticmethod
    def deepest(technology: Technology, cell_bytes: int = 2) -> int:
        """The most words that the cells of ``technology`` hold, ``cell_bytes`` of each."""
        return 2048 // cell_bytes if technology is Technology.ECP5 else 1 << 16

    def elaborate(self, platform):
        m = Module()
        if self._technology is Technology.ECP5:
            size = self._cell_bytes
            for first in range(0, self._width, size):
                m.submodules[f"block_{first // size}"] = self._block(range(first, first + size))
        else:
            m.submodules.memory = words = memory.Memory(
                shape=data.ArrayLayout(8, self._width), depth=self._depth, init=[]
            )
            write = words.write_port(granularity=1)
            read = words.read_port(domain="comb")
            stage = Signal.like(read.data, reset_less=True)
            m.d.comb += [
                write.addr.eq(self.write_address),
                write.data.eq(self.write_data),
                write.en.eq(self.write_enable),
                read.addr.eq(self.read_address),
            ]
            m.d.sync += stage.eq(read.data)
            if self.latency == 1:
                m.d.comb += self.read_data.eq(stage)
            else:
                m.d.sync += self.read_data.eq(stage)
        return m

    def _block(self, columns: range) -> Instance:
        """One DP16KD that holds the bytes ``columns`` of each word."""
        ports = {
            "i_CLKA": ClockSignal(),
            "i_CLKB": ClockSignal(),
            **{f"i_{name}": 0 for name in ("RSTA", "RSTB", "WEB")},
            **{f"i_{name}": 1 for name in ("CEA", "OCEA", "CEB", "OCEB")},
            **{f"i_CS{port}{bit}": 0 for port in "AB" for bit in range(3)},
            **{f"i_{name}{bit}": 0 for name in ("ADA", "ADB") for bit in range(14)},
            **{f"i_{name}{bit}": 0 for name in ("DIA", "DIB") for bit in range(18)},
        }
        enables = [self.write_enable[c] if c < self._width else Const(0) for c in columns]
        wide = len(columns) == 4
        ports["i_WEA"] = Cat(enables).any()
        for place, column in enumerate(columns):
            ports[f"i_ADA{place}"] = enables[place]
            if column < self._width:
                for bit in range(8):
                    # Of 36 bits the upper half is written at DIB, and the lower read at DOA.
                    upper, pin = divmod(9 * place + bit, 18)
                    ports[f"i_DI{'AB'[upper]}{pin}"] = self.write_data[column][bit]
                    ports[f"o_DO{'AB'[upper] if wide else 'B'}{pin}"] = self.read_data[column][bit]
        for name, address in (("ADA", self.write_address), ("ADB", self.read_address)):
            for bit in range(len(address)):
                ports[f"i_{name}{4 + wide + bit}"] = address[bit]
        return Instance(
            "DP16KD",
            p_DATA_WIDTH_A=9 * len(columns),
            p_DATA_WIDTH_B=9 * len(columns),
            p_REGMODE_A="OUTREG" if wide else "NOREG",
            p_REGMODE_B="OUTREG",
            p_RESETMODE="SYNC",
            p_ASYNC_RESET_RELEASE="SYNC",
            p_WRITEMODE_A="NORMAL",
            p_WRITEMODE_B="NORMAL",
            p_CSDECODE_A="0b000",
            p_CSDECODE_B="0b000",
            p_GSR="DISABLED",
            **ports,
        )
