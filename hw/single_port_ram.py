# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""A large memory with one port, for what lies outside of the core."""

from amaranth import *
from amaranth.lib import data, memory, wiring
from amaranth.lib.wiring import In, Out

from macaw.arch.checks import integer, one_of
from macaw.arch.config import Technology
from macaw.hw.cells.ice40_spram import Spram

__all__ = ["SinglePortRam"]


class SinglePortRam(wiring.Component):
    """A memory of ``depth`` words of ``width`` bytes, of which one is read, or written byte by
    byte, in a clock.

    On ``ice40`` each pair of bytes is one SB_SPRAM256KA: the four of an UP5K are 16,384 words of
    eight bytes. Elsewhere the memory is described, and synthesis takes what the device has.

    Parameters
    ----------
    width : int
        Bytes of a word; even.
    depth : int
        Words; a power of two is not needed. At most 16,384 on ``ice40``.
    technology : Technology
        The cells to use.

    Members
    -------
    enable : In(1)
        The word is read or written. Without it nothing is written, and ``read_data`` stays.
    address : In
        The word.
    write_enable : In
        One bit for each byte; if none is set, the word is read.
    write_data : In
        Bytes to write.
    read_data : Out
        The word, `latency` clocks after it was read; undefined after a write, and of bytes that
        were never written.

    Raises ``TypeError`` or ``ValueError`` for other parameters.
    """

    #: Clocks from ``address`` to ``read_data``.
    latency = Spram.latency

    def __init__(self, *, width: int, depth: int, technology: Technology = Technology.GENERIC):
        self._technology = one_of("technology", technology, tuple(Technology))
        self._depth = integer("depth", depth, 2, self.deepest(technology))
        if integer("width", width, 2, 4096) % 2:
            raise ValueError(f"width must be a multiple of 2 bytes, not {width}")
        self._width = width
        super().__init__(
            {
                "enable": In(1),
                "address": In(range(depth)),
                "write_enable": In(width),
                "write_data": In(data.ArrayLayout(8, width)),
                "read_data": Out(data.ArrayLayout(8, width)),
            }
        )

    @staticmethod
    def deepest(technology: Technology) -> int:
        """The most words that the cells of ``technology`` hold."""
        return Spram.depth if technology is Technology.ICE40 else 1 << 16

    def elaborate(self, platform):
        m = Module()
        if self._technology is Technology.ICE40:
            for first in range(0, self._width, 2):
                m.submodules[f"cell_{first // 2}"] = cell = Spram()
                enables = self.write_enable[first : first + 2]
                m.d.comb += [
                    cell.enable.eq(self.enable),
                    cell.address.eq(self.address),
                    cell.write_enable.eq(Cat(enable.replicate(2) for enable in enables)),
                    cell.write_data.eq(Cat(self.write_data[first], self.write_data[first + 1])),
                    Cat(self.read_data[first], self.read_data[first + 1]).eq(cell.read_data),
                ]
        else:
            m.submodules.memory = words = memory.Memory(
                shape=data.ArrayLayout(8, self._width), depth=self._depth, init=[]
            )
            write = words.write_port(granularity=1)
            read = words.read_port(domain="comb")
            word = Signal.like(read.data, reset_less=True)
            m.d.comb += [
                write.addr.eq(self.address),
                write.data.eq(self.write_data),
                write.en.eq(Mux(self.enable, self.write_enable, 0)),
                read.addr.eq(self.address),
                self.read_data.eq(word),
            ]
            with m.If(self.enable):
                m.d.sync += word.eq(read.data)
        return m
