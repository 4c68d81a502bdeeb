# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Shares the memory's bursts between readers."""

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from macaw.arch.checks import instance, integer
from macaw.arch.machine import MachineConfig
from macaw.hw.machine.layouts import word_layout
from macaw.hw.machine.register_queue import RegisterQueue
from macaw.hw.memory_port import BURST_BITS, read_layout

__all__ = ["ReadArbiter"]

#: Bursts that are under way at once.
_BURSTS = 16


class ReadArbiter(wiring.Component):
    """Passes bursts of several readers on, those of the first reader before all others, and gives
    each its words.

    A reader that does not take its words stops those of the others.

    Parameters
    ----------
    config : MachineConfig
        The configuration.
    readers : int
        How many, 2 ... 8.

    Members
    -------
    reads : In
        Bursts of each reader.
    hold : In
        The last reader's wait.
    words : Out
        Words for each reader.
    read, arriving : Out, In
        The memory.
    """

    def __init__(self, config: MachineConfig, readers: int):
        self._readers = integer("readers", readers, 2, 8)
        word = word_layout(instance("config", config, MachineConfig))
        super().__init__(
            {
                "reads": In(stream.Signature(read_layout(config))).array(readers),
                "words": Out(stream.Signature(word)).array(readers),
                "hold": In(1),
                "read": Out(stream.Signature(read_layout(config))),
                "arriving": In(stream.Signature(word)),
            }
        )

    def elaborate(self, platform):
        m = Module()
        owner = data.StructLayout({"reader": range(self._readers), "count": BURST_BITS})
        m.submodules.owners = owners = RegisterQueue(owner, _BURSTS)
        asks, given = owners.i.payload, owners.o.payload
        free = Signal()
        m.d.comb += free.eq((~self.read.valid | self.read.ready) & owners.i.ready)
        with m.If(self.read.ready):
            m.d.sync += self.read.valid.eq(0)
        last = self._readers - 1
        taken = Const(0)
        for index, read in enumerate(self.reads):
            if index == last:
                taken = taken | self.hold
            grant = Signal(name=f"grant_{index}")
            m.d.comb += [grant.eq(read.valid & free & ~taken), read.ready.eq(free & ~taken)]
            with m.If(grant):
                m.d.comb += [
                    owners.i.valid.eq(1),
                    asks.reader.eq(index),
                    asks.count.eq(read.payload.count),
                ]
                m.d.sync += [self.read.valid.eq(1), self.read.payload.eq(read.payload)]
            taken = taken | read.valid

        # Words are counted to the end of their burst.
        counted = Signal(BURST_BITS)
        moves = Signal()
        for index, words in enumerate(self.words):
            mine = owners.o.valid & (given.reader == index)
            m.d.comb += [
                words.payload.eq(self.arriving.payload),
                words.valid.eq(self.arriving.valid & mine),
            ]
            with m.If(mine):
                m.d.comb += self.arriving.ready.eq(words.ready)
        m.d.comb += moves.eq(self.arriving.valid & self.arriving.ready)
        with m.If(moves):
            m.d.sync += counted.eq(counted + 1)
            with m.If(counted == given.count):
                m.d.comb += owners.o.ready.eq(1)
                m.d.sync += counted.eq(0)
        return m
