# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Takes a program apart into instructions and gives each to its engine."""

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from macaw.arch.checks import instance
from macaw.arch.instructions import (
    OPCODE_BITS,
    WAIT_BITS,
    Opcode,
    engine_of,
    instruction_fields,
    instruction_words,
)
from macaw.arch.machine import Engine, Error, MachineConfig
from macaw.hw.layouts import layout_of
from macaw.hw.machine.layouts import INDEX_BITS, header_layout, queued_layout, word_layout

__all__ = ["Sequencer"]


class Sequencer(wiring.Component):
    """The words of a program in, its instructions out, each to the engine that executes it.

    An instruction that there is none of, or one that waits for others that have not come before
    it, ends the program with an error: so no circle of waits can arise.

    Parameters
    ----------
    config : MachineConfig
        The configuration.

    Members
    -------
    start : In
        A program begins, for one clock.
    words : In
        Its words; those behind its end are taken and dropped.
    load, fetch, compute, store : Out
        Instructions for each engine.
    ended : Out
        The program has come to its end, or to an error.
    error : Out
        What ended it.
    index : Out
        The instruction that ended it.
    """

    def __init__(self, config: MachineConfig):
        self._config = instance("config", config, MachineConfig)
        super().__init__(
            {
                "start": In(1),
                "words": In(stream.Signature(word_layout(config))),
                "load": Out(stream.Signature(queued_layout(config, Engine.LOAD))),
                "fetch": Out(stream.Signature(queued_layout(config, Engine.FETCH))),
                "compute": Out(stream.Signature(queued_layout(config, Engine.COMPUTE))),
                "store": Out(stream.Signature(queued_layout(config, Engine.STORE))),
                "ended": Out(1, init=1),
                "error": Out(Error),
                "index": Out(INDEX_BITS),
            }
        )

    def elaborate(self, platform):
        m = Module()
        config = self._config
        lengths = {opcode: instruction_words(config, opcode) for opcode in Opcode}
        word_bits = 8 * config.word_bytes
        # Words of an instruction enter at the top, so that the first one ends at the bottom of
        # those that have come.
        most = max(lengths.values())
        held = Signal(word_bits * most, reset_less=True)
        count = Signal(range(most + 1))
        opcode = self.words.payload.as_value()[:OPCODE_BITS]
        kind = Signal(OPCODE_BITS, reset_less=True)
        length = Signal(range(most + 1))
        known = Signal()
        dispatched = Signal(data.ArrayLayout(WAIT_BITS, len(Engine)))
        index = Signal(INDEX_BITS)

        take = self.words.valid & self.words.ready
        place = Array(held.word_select(position, word_bits) for position in range(most))
        with m.FSM():
            with m.State("ended"):
                m.d.comb += self.words.ready.eq(1)
                with m.If(self.start):
                    m.d.sync += [
                        self.ended.eq(0),
                        self.error.eq(Error.DONE),
                        dispatched.eq(0),
                        index.eq(0),
                        count.eq(0),
                    ]
                    m.next = "first"
            with m.State("first"):
                m.d.comb += self.words.ready.eq(1)
                with m.If(take):
                    m.d.sync += [place[0].eq(self.words.payload), kind.eq(opcode), count.eq(1)]
                    m.next = "look"
            with m.State("look"):
                with m.Switch(kind):
                    for each, words in lengths.items():
                        with m.Case(each):
                            m.d.comb += known.eq(1)
                            m.d.sync += length.eq(words)
                with m.If(~known):
                    m.d.sync += [self.ended.eq(1), self.error.eq(Error.OPCODE)]
                    m.next = "ended"
                with m.Elif(kind == Opcode.END):
                    m.d.sync += self.ended.eq(1)
                    m.next = "ended"
                with m.Else():
                    m.next = "rest"
            with m.State("rest"):
                with m.If(count == length):
                    m.next = "check"
                with m.Else():
                    m.d.comb += self.words.ready.eq(1)
                    with m.If(take):
                        m.d.sync += [place[count].eq(self.words.payload), count.eq(count + 1)]
            header = data.View(header_layout(), held[: header_layout().size])
            early = Signal(len(Engine))
            with m.State("check"):
                m.d.sync += [
                    early[engine].eq(header.after[engine] > dispatched[engine])
                    for engine in range(len(Engine))
                ]
                m.next = "checked"
            with m.State("checked"):
                with m.If(early.any()):
                    m.d.sync += [self.ended.eq(1), self.error.eq(Error.WAIT)]
                    m.next = "ended"
                with m.Else():
                    m.next = "dispatch"
            with m.State("dispatch"):
                for number, engine in enumerate(Engine):
                    out = getattr(self, engine)
                    mine = [each for each in Opcode if engine_of(each) == engine]
                    with m.If(Cat(kind == each for each in mine).any()):
                        m.d.comb += out.valid.eq(1)
                        with m.If(out.ready):
                            m.d.sync += [
                                dispatched[number].eq(dispatched[number] + 1),
                                index.eq(index + 1),
                            ]
                            m.next = "first"
        m.d.comb += self.index.eq(index)
        for engine in Engine:
            payload = getattr(self, engine).payload
            m.d.comb += [
                payload.index.eq(index),
                payload.after.eq(header.after),
                payload.command.opcode.eq(kind),
            ]
            behind = held[header_layout().size :]
            for each in Opcode:
                if engine_of(each) == engine:
                    fields = layout_of(instruction_fields(config, each))
                    with m.If(kind == each):
                        m.d.comb += payload.command.fields.as_value().eq(behind[: fields.size])
        return m
