# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The LOAD engine: from words of memory to the core's memories and the lookup tables."""

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from macaw.arch.checks import instance
from macaw.arch.loading import load_format
from macaw.arch.machine import Engine, LoadTarget, MachineConfig
from macaw.hw.layouts import channel_parameters_layout, step_layout
from macaw.hw.lookup_lane import lookup_layout
from macaw.hw.machine.layouts import command_layout, word_layout
from macaw.hw.machine.word_reader import WordReader
from macaw.hw.memory_port import read_layout
from macaw.hw.parameter_store import parameter_write_layout
from macaw.hw.step_fetcher import table_write_layout

__all__ = ["Loader", "weight_write_layout"]

#: Words that are asked for ahead.
_DEPTH = 64

#: Clocks from a write to the memory's having it, at most.
_SETTLE = 12


def weight_write_layout(config: MachineConfig) -> data.StructLayout:
    """One write to the weight memory."""
    beats = load_format(config, LoadTarget.WEIGHTS).capacity
    return data.StructLayout({"address": range(beats), "data": word_layout(config)})


class Loader(wiring.Component):
    """Reads the units of a target and writes them, one a clock or as fast as their words come.

    Parameters
    ----------
    config : MachineConfig
        The configuration.

    Members
    -------
    command : In
        A LOAD; taken when the one before is complete.
    done : Out
        It is complete, for one clock.
    read, words : Out, In
        Bursts of the memory outside, and their words.
    weights, parameters, table, lookup : Out
        Writes, which must be taken at once.
    """

    def __init__(self, config: MachineConfig):
        self._config = instance("config", config, MachineConfig)
        super().__init__(
            {
                "command": In(stream.Signature(command_layout(config, Engine.LOAD))),
                "done": Out(1),
                "read": Out(stream.Signature(read_layout(config))),
                "words": In(stream.Signature(word_layout(config))),
                "weights": Out(stream.Signature(weight_write_layout(config))),
                "parameters": Out(stream.Signature(parameter_write_layout(config.core))),
                "table": Out(stream.Signature(table_write_layout(config.core))),
                "lookup": Out(stream.Signature(lookup_layout())),
            }
        )

    def elaborate(self, platform):
        m = Module()
        config = self._config
        fields = self.command.payload.fields.load
        m.submodules.reader = reader = WordReader(config, depth=_DEPTH)
        connect(m, flipped(self.read), reader.read)
        connect(m, flipped(self.words), reader.words)
        target = Signal(LoadTarget)
        unit = Signal.like(fields.start)
        left = Signal.like(fields.count)
        formats = {each: load_format(config, each) for each in LoadTarget}
        # Words that have come of a unit, and units of a word that are written.
        words_of_unit = max(form.words for form in formats.values())
        part = Signal(range(max(2, words_of_unit)))
        held = Signal(8 * config.word_bytes * words_of_unit, reset_less=True)
        units_of_word = max(form.units for form in formats.values())
        place = Signal(range(max(2, units_of_word)))
        word, some = reader.o.payload.as_value(), reader.o.valid
        writing = Signal()
        settle = Signal(range(_SETTLE + 1))
        busy = Signal()

        with m.If(~busy):
            m.d.comb += [
                self.command.ready.eq(reader.span.ready),
                reader.span.valid.eq(self.command.valid),
                reader.span.payload.address.eq(fields.address),
                reader.span.payload.count.eq(fields.count),
            ]
            with m.If(self.command.valid & self.command.ready):
                m.d.sync += [
                    target.eq(fields.target),
                    unit.eq(fields.start),
                    left.eq(fields.count),
                    part.eq(0),
                    place.eq(0),
                    settle.eq(_SETTLE),
                    busy.eq(1),
                ]
        with m.Elif((left == 0) & ~writing):
            # What has been written last is on its way to its memory.
            m.d.sync += settle.eq(settle - 1)
            with m.If(settle == 0):
                m.d.comb += self.done.eq(1)
                m.d.sync += busy.eq(0)

        # A unit is written a clock after its last word has come.
        m.d.sync += writing.eq(0)
        with m.Switch(target):
            for each, form in formats.items():
                with m.Case(each):
                    last_part = part == form.words - 1
                    last_place = place == form.units - 1
                    m.d.comb += reader.o.ready.eq(busy & last_place)
                    with m.If(busy & some & (left != 0)):
                        m.d.sync += [
                            held.word_select(part, len(word)).eq(
                                word >> (place * form.bits) if form.units > 1 else word
                            ),
                            writing.eq(last_part),
                            part.eq(Mux(last_part, 0, part + 1)),
                            place.eq(Mux(last_place, 0, place + 1)),
                            left.eq(left - last_place),
                        ]
        with m.If(writing):
            m.d.sync += unit.eq(unit + 1)
        bits = held
        m.d.comb += [
            self.weights.payload.address.eq(unit),
            self.weights.payload.data.eq(bits),
            self.parameters.payload.address.eq(unit),
            self.parameters.payload.parameters.eq(
                bits[: channel_parameters_layout(config.core).size]
            ),
            self.table.payload.address.eq(unit),
            self.table.payload.entry.eq(bits[: step_layout(config.core).size]),
            self.lookup.payload.address.eq(unit),
            self.lookup.payload.entry.eq(bits),
            self.weights.valid.eq(writing & (target == LoadTarget.WEIGHTS)),
            self.parameters.valid.eq(writing & (target == LoadTarget.PARAMETERS)),
            self.table.valid.eq(writing & (target == LoadTarget.TABLE)),
            self.lookup.valid.eq(writing & (target == LoadTarget.LOOKUP)),
        ]
        return m
