# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The FETCH engine: images for the compute engine, and second operands for the store engine."""

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from macaw.arch.checks import instance
from macaw.arch.machine import Engine, MachineConfig
from macaw.hw.machine.layouts import command_layout, storing_layout, word_layout
from macaw.hw.machine.word_reader import WordReader
from macaw.hw.memory_port import read_layout

__all__ = ["Fetcher"]


class Fetcher(wiring.Component):
    """Reads words, and those of a second operand, ahead of who takes them.

    A FETCH is complete when its words have been read: they may still wait here, and those of the
    next one come behind them.

    Parameters
    ----------
    config : MachineConfig
        The configuration.

    Members
    -------
    command : In
        A FETCH; taken when the one before is complete.
    done : Out
        It is complete, for one clock.
    reads, words : Out, In
        Bursts of the memory outside for each of the two, and their words.
    hungry : Out
        Words of the memory outside would have been taken in the clock before.
    addresses, addresses_valid, addresses_ready : Out, Out, In
        With a tensor memory: its port, for each operand, as `WordReader` has it.
    arrived, arrives : In
        With a tensor memory: a word of it, and for which operand.
    storing : In
        With a tensor memory: the STORE behind whose words those of a FETCH are taken; not that of
        its own stream.
    o : Out
        The words.
    second : Out
        The second operand's.
    """

    def __init__(self, config: MachineConfig):
        self._config = instance("config", config, MachineConfig)
        word = word_layout(config)
        members = {
            "command": In(stream.Signature(command_layout(config, Engine.FETCH))),
            "done": Out(1),
            "reads": Out(stream.Signature(read_layout(config))).array(2),
            "words": In(stream.Signature(word)).array(2),
            "hungry": Out(1),
            "o": Out(stream.Signature(word)),
            "second": Out(stream.Signature(word)),
        }
        if config.tensor_words:
            members |= {
                "addresses": Out(config.tensor_address_bits).array(2),
                "addresses_valid": Out(1).array(2),
                "addresses_ready": In(1).array(2),
                "arrived": In(word),
                "arrives": In(1).array(2),
                "storing": In(storing_layout(config)),
            }
        super().__init__(members)

    def elaborate(self, platform):
        m = Module()
        fields = self.command.payload.fields.fetch
        readers = []
        for index in range(2):
            m.submodules[f"reader_{index}"] = reader = WordReader(
                self._config,
                depth=self._config.fetch_words,
                tensor=bool(self._config.tensor_words),
                runs=True,
                tail=index == 0,
            )
            connect(m, flipped(self.reads[index]), reader.read)
            connect(m, flipped(self.words[index]), reader.words)
            if self._config.tensor_words:
                m.d.comb += [
                    self.addresses[index].eq(reader.address),
                    self.addresses_valid[index].eq(reader.address_valid),
                    reader.address_ready.eq(self.addresses_ready[index]),
                    reader.arrived.eq(self.arrived),
                    reader.storing.eq(self.storing),
                    reader.arrives.eq(self.arrives[index]),
                ]
            readers.append(reader)
        first, second = readers
        connect(m, first.o, flipped(self.o))
        connect(m, second.o, flipped(self.second))
        m.d.sync += self.hungry.eq(first.hungry | second.hungry)

        busy = Signal()
        starting = Signal()
        for reader, prefix in ((first, ""), (second, "second_")):
            span = reader.span.payload
            m.d.comb += [span[name].eq(fields[f"{prefix}{name}"]) for name, _ in span.shape()]
        idle = first.idle & second.idle
        with m.If(~busy):
            m.d.comb += self.command.ready.eq(idle)
            with m.If(self.command.valid & idle):
                m.d.comb += [
                    first.span.valid.eq(1),
                    second.span.valid.eq(fields.second_count != 0),
                ]
                m.d.sync += [busy.eq(1), starting.eq(1)]
        with m.Elif(starting):
            m.d.sync += starting.eq(0)
        with m.Elif(idle):
            m.d.comb += self.done.eq(1)
            m.d.sync += busy.eq(0)
        return m
