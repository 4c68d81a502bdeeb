# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""A small machine with the members of the accelerator, which copies words of memory."""

import numpy as np
from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from macaw.arch import preset
from macaw.arch.machine import COUNTERS, Error, MachineConfig
from macaw.hw.memory_port import memory_signature

CONFIG = MachineConfig(name="copier", core=preset("tiny"), patience=1 << 10)
END, COPY, KEY = 1, 2, 3
BURST = 16

HEADER = data.StructLayout({"op": 4, "unused": 4, "enable": 8, "source": 16, "to": 16, "count": 16})


def instruction(op, source=0, to=0, count=0, enable=0xFF):
    """A word of the copier's program, uint8 [1, word bytes]."""
    bits = HEADER.const(
        {"op": op, "enable": enable, "source": source, "to": to, "count": count}
    ).as_bits()
    return np.frombuffer(int(bits).to_bytes(CONFIG.word_bytes, "little"), np.uint8)[None]


class Copier(wiring.Component):
    """Copies ``count`` words, in bursts, with only the ``enable``-d bytes of each, XOR-ed with the
    key, which stays from one program to the next. ``fault`` builds in one of these faults:

    ``retract``
        a burst is taken back where the memory is not ready,
    ``change``
        a word to write changes where the memory is not ready,
    ``sleep``
        it is busy only in the second clock after its start,
    ``restless``
        it asks for a burst more at its end, and takes no word of it,
    ``early``
        it is no longer busy when the last burst's words are still to be copied,
    ``hang``
        no word is taken after the first one of a copy,
    ``blind``
        it takes the payload a clock after the word.
    """

    def __init__(self, config=CONFIG, fault=None):
        self._config, self._fault = config, fault
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
        self._place = Signal(self._config.address_bits)
        self._header = data.View(HEADER, Signal(HEADER))
        self._key, self._index = Signal(8), Signal(16)
        # Words of a copy that bursts were asked for, and words that are written.
        self._asked, self._taken = Signal(17), Signal(17)
        self._running, self._copying, self._tail = Signal(), Signal(), Signal()
        m.d.comb += self.busy.eq(self._running)
        if self._fault == "sleep":
            late = Signal()
            m.d.comb += self.busy.eq(self._running & late)
            m.d.sync += late.eq(self._running)
        self._count(m)
        self._move(m)
        self._control(m)
        return m

    def _count(self, m):
        words, write = self.memory.words, self.memory.write
        counted = {
            "cycles": self.busy,
            "outer_reads": words.valid & words.ready,
            "outer_writes": write.valid & write.ready,
        }
        for name, counts in counted.items():
            m.d.sync += self.counters[name].eq(self.counters[name] + counts)
        with m.If(self.start):
            m.d.sync += [self.counters[name].eq(0) for name in COUNTERS]

    def _move(self, m):
        """Words that come are written."""
        words, write = self.memory.words, self.memory.write
        stalls, drift = Signal(), Signal(8)
        full = words.valid
        takes = self._copying & write.ready & ~stalls
        match self._fault:
            case "blind":
                waiting = Signal()
                takes = self._copying & (~waiting | write.ready)
                with m.If(words.ready):
                    m.d.sync += waiting.eq(words.valid & self._copying)
                full = waiting
            case "hang":
                m.d.comb += stalls.eq(self._taken != 0)
            case "change":
                with m.If(write.valid & ~write.ready):
                    m.d.sync += drift.eq(drift + 1)
            case "early":
                m.d.comb += self._copying.eq(self._tail & (self._taken != self._header.count))
        m.d.comb += [
            words.ready.eq(takes),
            write.valid.eq(self._copying & full & ~stalls),
            write.payload.address.eq(self._header.to + self._taken),
            write.payload.enable.eq(self._header.enable),
            *(
                write.payload.data[lane].eq(words.payload[lane] ^ self._key ^ drift)
                for lane in range(self._config.word_bytes)
            ),
        ]
        with m.If(write.valid & write.ready):
            m.d.sync += self._taken.eq(self._taken + 1)

    def _control(self, m):
        """Reads instructions, and asks for the words of copies."""
        read, words, header = self.memory.read, self.memory.words, self._header
        with m.FSM():
            with m.State("IDLE"):
                with m.If(self.start):
                    m.d.sync += [self._running.eq(1), self._place.eq(self.program)]
                    m.d.sync += [self._index.eq(0), self.error.eq(Error.DONE)]
                    m.next = "ASK"
            with m.State("ASK"):
                m.d.comb += [read.valid.eq(1), read.payload.address.eq(self._place)]
                with m.If(read.ready):
                    m.next = "DECODE"
            with m.State("DECODE"):
                with m.If(words.valid):
                    m.d.comb += words.ready.eq(1)
                    m.d.sync += [
                        header.eq(words.payload),
                        self._asked.eq(0),
                        self._taken.eq(0),
                        self._tail.eq(0),
                        self._place.eq(self._place + 1),
                        self._index.eq(self._index + 1),
                    ]
                    m.next = "EXECUTE"
            with m.State("EXECUTE"):
                with m.Switch(header.op):
                    with m.Case(COPY):
                        m.next = "COPY"
                    with m.Case(KEY):
                        m.d.sync += self._key.eq(header.source[:8])
                        m.next = "ASK"
                    with m.Case(END):
                        m.next = "RESTLESS" if self._fault == "restless" else "END"
                    with m.Default():
                        m.d.sync += self.error.eq(Error.OPCODE)
                        m.d.sync += self.error_index.eq(self._index - 1)
                        m.next = "END"
            with m.State("COPY"):
                blink, left = Signal(), Signal(17)
                if self._fault == "retract":
                    m.d.sync += blink.eq(read.valid & ~read.ready)
                burst = Mux(left < BURST, left, BURST)
                m.d.comb += [
                    left.eq(header.count - self._asked),
                    self._copying.eq(1),
                    read.valid.eq((left != 0) & ~blink),
                    read.payload.address.eq(header.source + self._asked),
                    read.payload.count.eq(burst - 1),
                ]
                with m.If(read.valid & read.ready):
                    m.d.sync += self._asked.eq(self._asked + burst)
                early = self._fault == "early"
                with m.If(left == 0 if early else self._taken == header.count):
                    m.d.sync += self._tail.eq(1)
                    m.next = "END" if early else "ASK"
            with m.State("RESTLESS"):
                m.d.comb += [read.valid.eq(1), read.payload.address.eq(0)]
                with m.If(read.ready):
                    m.next = "END"
            with m.State("END"):
                m.d.sync += self._running.eq(0)
                m.next = "IDLE"
