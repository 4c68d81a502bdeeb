# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""A queue in LUT RAM, with a register behind it."""

from typing import Any

from amaranth import *
from amaranth.lib import memory, stream, wiring
from amaranth.lib.wiring import In, Out

from macaw.arch.checks import integer, one_of
from macaw.arch.config import Technology

__all__ = ["RegisterQueue"]

_LUT_RAM = (Technology.ECP5, Technology.GOWIN)


class RegisterQueue(wiring.Component):
    """A queue that takes no block RAM: its memory is read without a clock, into the register that
    offers the word. One word a clock.

    Parameters
    ----------
    shape : ShapeLike
        The shape of a word.
    depth : int
        Places, the register's included.
    technology : Technology
        Whose LUT RAM to ask for, where it has one.

    Members
    -------
    i : In
        Words; taken while there is a place, which is known from a register.
    o : Out
        The same words; each is offered two clocks after it came, at the earliest.

    Raises ``TypeError`` or ``ValueError`` for a ``depth`` outside 2 ... 1024.
    """

    def __init__(self, shape: Any, depth: int, technology: Technology = Technology.GENERIC):
        self._technology = one_of("technology", technology, tuple(Technology))
        self._depth = integer("depth", depth, 2, 1024)
        super().__init__({"i": In(stream.Signature(shape)), "o": Out(stream.Signature(shape))})

    def elaborate(self, platform):
        m = Module()
        places = self._depth - 1
        # Synthesis would take the register into a block RAM.
        attributes = {"ram_style": "distributed"} if self._technology in _LUT_RAM else {}
        m.submodules.storage = storage = memory.Memory(
            shape=self.i.payload.shape(), depth=places, init=[], attrs=attributes
        )
        write, read = storage.write_port(), storage.read_port(domain="comb")
        stored = Signal(range(places + 1))
        full = Signal()
        some = Signal()
        comes, goes = self.i.valid & self.i.ready, Signal()
        following = Signal.like(stored)
        m.d.comb += [
            self.i.ready.eq(~full),
            write.en.eq(comes),
            write.data.eq(self.i.payload),
            goes.eq(some & (~self.o.valid | self.o.ready)),
            following.eq(stored + comes - goes),
        ]
        m.d.sync += [stored.eq(following), full.eq(following == places), some.eq(following != 0)]
        for port, moves in ((write, comes), (read, goes)):
            with m.If(moves):
                m.d.sync += port.addr.eq(Mux(port.addr == places - 1, 0, port.addr + 1))
        with m.If(~self.o.valid | self.o.ready):
            m.d.sync += self.o.valid.eq(some)
        with m.If(goes):
            m.d.sync += self.o.payload.eq(read.data)
        return m
