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
        read, words, write = self.memory.read, self.memory.words, self.memory.write
        place = Signal(self._config.address_bits)
        header = data.View(HEADER, Signal(HEADER))
        asked, taken, left = Signal(17), Signal(17), Signal(17)
        key, index = Signal(8), Signal(16)
        running, waiting, late, tail = Signal(), Signal(), Signal(), Signal()
        copying = Signal()
        m.d.comb += left.eq(header.count - asked)
        with m.If(self.start):
            m.d.sync += [
                place.eq(self.program), index.eq(0), self.error.eq(Error.DONE),
                *(self.counters[name].eq(0) for name in COUNTERS),
            ]  # fmt: skip
        with m.If(self.busy):
            m.d.sync += self.counters["cycles"].eq(self.counters["cycles"] + 1)
        with m.If(words.valid & words.ready):
            m.d.sync += self.counters["outer_reads"].eq(self.counters["outer_reads"] + 1)
        with m.If(write.valid & write.ready):
            m.d.sync += self.counters["outer_writes"].eq(self.counters["outer_writes"] + 1)
        m.d.comb += self.busy.eq(running)
        if self._fault == "sleep":
            m.d.comb += self.busy.eq(running & late)
            m.d.sync += late.eq(running)
        moved = Signal(data.ArrayLayout(8, self._config.word_bytes))
        full = words.valid
        m.d.comb += moved.eq(words.payload)
        if self._fault == "blind":
            m.d.comb += words.ready.eq(copying & (~waiting | write.ready))
            with m.If(words.ready):
                m.d.sync += waiting.eq(words.valid & copying)
            full = waiting
        else:
            m.d.comb += words.ready.eq(copying & write.ready)
        hangs = (taken != 0) if self._fault == "hang" else 0
        m.d.comb += [
            write.valid.eq(copying & full & ~hangs),
            write.payload.address.eq(header.to + taken),
            write.payload.enable.eq(header.enable),
            *(write.payload.data[i].eq(moved[i] ^ key) for i in range(self._config.word_bytes)),
        ]
        if self._fault == "hang":
            m.d.comb += words.ready.eq(copying & write.ready & ~hangs)
        if self._fault == "change":
            drift = Signal(8)
            with m.If(write.valid & ~write.ready):
                m.d.sync += drift.eq(drift + 1)
            m.d.comb += write.payload.data[0].eq(moved[0] ^ key ^ drift)
        with m.If(copying & write.valid & write.ready):
            m.d.sync += taken.eq(taken + 1)
        if self._fault == "early":
            m.d.comb += copying.eq(tail & (taken != header.count))
        with m.FSM():
            with m.State("IDLE"):
                with m.If(self.start):
                    m.d.sync += running.eq(1)
                    m.next = "ASK"
            with m.State("ASK"):
                m.d.comb += [read.valid.eq(1), read.payload.address.eq(place)]
                with m.If(read.ready):
                    m.next = "DECODE"
            with m.State("DECODE"):
                with m.If(words.valid):
                    m.d.comb += words.ready.eq(1)
                    m.d.sync += [header.eq(words.payload), asked.eq(0), taken.eq(0), tail.eq(0)]
                    m.d.sync += [place.eq(place + 1), index.eq(index + 1)]
                    m.next = "EXECUTE"
            with m.State("EXECUTE"):
                with m.Switch(header.op):
                    with m.Case(COPY):
                        m.next = "COPY"
                    with m.Case(KEY):
                        m.d.sync += key.eq(header.source[:8])
                        m.next = "ASK"
                    with m.Case(END):
                        m.next = "RESTLESS" if self._fault == "restless" else "END"
                    with m.Default():
                        m.d.sync += [self.error.eq(Error.OPCODE), self.error_index.eq(index - 1)]
                        m.next = "END"
            with m.State("COPY"):
                blink = Signal()
                if self._fault == "retract":
                    m.d.sync += blink.eq(read.valid & ~read.ready)
                burst = Mux(left < BURST, left, BURST)
                m.d.comb += [
                    copying.eq(1),
                    read.valid.eq((left != 0) & ~blink),
                    read.payload.address.eq(header.source + asked),
                    read.payload.count.eq(burst - 1),
                ]
                with m.If(read.valid & read.ready):
                    m.d.sync += asked.eq(asked + burst)
                done = (left == 0) if self._fault == "early" else (taken == header.count)
                with m.If(done):
                    m.d.sync += tail.eq(1)
                    m.next = "END" if self._fault == "early" else "ASK"
            with m.State("RESTLESS"):
                m.d.comb += [read.valid.eq(1), read.payload.address.eq(0)]
                with m.If(read.ready):
                    m.next = "END"
            with m.State("END"):
                m.d.sync += running.eq(0)
                m.next = "IDLE"
        return m
