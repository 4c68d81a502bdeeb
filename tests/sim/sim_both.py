# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""A machine that reads and writes as fast as the memory lets it, the one apart from the other."""

from amaranth.hdl import Module, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from macaw.arch.machine import COUNTERS
from macaw.hw.memory_port import memory_signature

#: Bursts of 16 words that it reads, from word 0 on.
BURSTS = 25


class Both(wiring.Component):
    """Reads `BURSTS` bursts from word 0 on, and writes as many words behind them."""

    def __init__(self, config):
        self._config = config
        super().__init__(
            {
                "memory": Out(memory_signature(config)),
                "start": In(1),
                "program": In(config.address_bits),
                "busy": Out(1),
                "error": Out(2),
                "error_index": Out(16),
                "counters": Out(data.StructLayout(dict.fromkeys(COUNTERS, 32))),
            }
        )

    def elaborate(self, platform):
        m = Module()
        read, words, write = self.memory.read, self.memory.words, self.memory.write
        count = 16 * BURSTS
        asked, taken, written = Signal(range(BURSTS + 1)), Signal(10), Signal(10)
        m.d.comb += [
            read.valid.eq(self.busy & (asked != BURSTS)),
            read.payload.address.eq(asked << 4),
            read.payload.count.eq(15),
            words.ready.eq(1),
            write.valid.eq(self.busy & (written != count)),
            write.payload.address.eq(count + written),
            write.payload.enable.eq(-1),
        ]
        m.d.sync += [
            asked.eq(asked + (read.valid & read.ready)),
            taken.eq(taken + words.valid),
            written.eq(written + (write.valid & write.ready)),
        ]
        with m.If(self.start):
            m.d.sync += [self.busy.eq(1), asked.eq(0), taken.eq(0), written.eq(0)]
        with m.Elif((taken == count) & (written == count)):
            m.d.sync += self.busy.eq(0)
        return m
