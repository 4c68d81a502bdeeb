# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""A queue whose places are taken before its words are there."""

from typing import Any

from amaranth import *
from amaranth.lib import memory, stream, wiring
from amaranth.lib.wiring import In, Out

from macaw.arch.checks import integer

__all__ = ["CreditQueue"]


class CreditQueue(wiring.Component):
    """Words that are made with a fixed latency and without a stall, for a reader that stalls:
    a place is taken when a word is asked for, so that one is free when it comes.

    Parameters
    ----------
    shape : ShapeLike
        The shape of a word.
    lead : int
        Clocks from ``available`` to the ``take`` that it allows.
    depth : int
        Places.

    Members
    -------
    available : Out
        Places may be taken; a register.
    take : In
        A place is taken, for one clock.
    write : In
        A word comes, for one clock: one for each ``take``, in their order.
    word : In
        The word.
    o : Out
        The words; each is offered two clocks after it came, at the earliest.

    Raises ``TypeError`` or ``ValueError`` for a ``depth`` outside 4 ... 1024 and for a ``lead``
    outside 0 ... depth - 2.
    """

    def __init__(self, shape: Any, *, lead: int = 0, depth: int = 16):
        self._depth = integer("depth", depth, 4, 1024)
        self._lead = integer("lead", lead, 0, depth - 2)
        super().__init__(
            {
                "available": Out(1),
                "take": In(1),
                "write": In(1),
                "word": In(shape),
                "o": Out(stream.Signature(shape)),
            }
        )

    @property
    def depth(self) -> int:
        """Places."""
        return self._depth

    def elaborate(self, platform):
        m = Module()
        o, depth = self.o, self._depth

        # A place is free again a clock after its word was taken.
        budget = Signal(range(depth + 1), init=depth)
        freed = Signal()
        m.d.sync += [
            freed.eq(o.valid & o.ready),
            budget.eq(budget - self.take + freed),
            self.available.eq(budget > 1 + self._lead),
        ]

        # The last place is the register that offers a word.
        m.submodules.storage = storage = memory.Memory(
            shape=self.word.shape(), depth=depth - 1, init=[]
        )
        write, read = storage.write_port(), storage.read_port(domain="comb")
        stored = Signal(range(depth))
        some = Signal()
        load = Signal()
        m.d.comb += [
            write.en.eq(self.write),
            write.data.eq(self.word),
            load.eq(some & (~o.valid | o.ready)),
        ]
        m.d.sync += [
            stored.eq(stored + self.write - load),
            some.eq(self.write | (stored > 1) | ((stored == 1) & ~load)),
        ]
        for port, moves in ((write, self.write), (read, load)):
            with m.If(moves):
                m.d.sync += port.addr.eq(Mux(port.addr == depth - 2, 0, port.addr + 1))
        with m.If(~o.valid | o.ready):
            m.d.sync += o.valid.eq(some)
        with m.If(load):
            m.d.sync += o.payload.eq(read.data)
        return m
