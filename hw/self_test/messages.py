# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The messages of a plan as words of a memory, and the block that reads them."""

from collections.abc import Iterable
from itertools import groupby

from amaranth import *
from amaranth.lib import data, memory, stream, wiring
from amaranth.lib.wiring import Out
from amaranth.utils import ceil_log2

from macaw.arch.checks import instance
from macaw.arch.config import AcceleratorConfig
from macaw.arch.self_test import (
    MOST_ALIKE,
    Message,
    MessageKind,
    SelfTestPlan,
    expectation_fields,
)
from macaw.hw.layouts import channel_parameters_layout, layer_layout, layout_of, step_layout

__all__ = ["MessageReader", "message_layouts", "message_words"]

# As wide as the narrowest block RAM is in one cell.
_WORD_BITS = 16
_KIND_BITS = 3


def message_layouts(config: AcceleratorConfig) -> dict[MessageKind, data.StructLayout]:
    """What the messages of each kind carry."""
    return {
        MessageKind.TABLE: data.StructLayout({"entry": step_layout(config)}),
        MessageKind.PARAMETERS: data.StructLayout(
            {"parameters": channel_parameters_layout(config)}
        ),
        MessageKind.WEIGHTS: data.StructLayout(
            {"mask": config.array.lanes, "more": range(MOST_ALIKE)}
        ),
        MessageKind.DESCRIPTOR: layer_layout(config),
        MessageKind.EXPECTATION: layout_of(expectation_fields(config)),
    }


def _words(layout: data.StructLayout) -> int:
    """Memory words of a message's payload."""
    return -(-layout.size // _WORD_BITS)


def _runs(messages: Iterable[Message]) -> list[list[Message]]:
    """The messages, those of a kind that follow each other together."""
    return [list(run) for _, run in groupby(messages, key=lambda message: message.kind)]


def message_words(messages: Iterable[Message], config: AcceleratorConfig) -> list[int]:
    """The memory words of ``messages``: for each run of one kind a word with the kind, in its
    lowest bits, and the number of messages; then their payloads, lowest bits first."""
    layouts = message_layouts(config)
    words = []
    for run in _runs(messages):
        kind = run[0].kind
        layout = layouts[kind]
        words.append(kind | len(run) << _KIND_BITS)
        for message in run:
            bits = layout.const(message.values).as_bits()
            words += [
                bits >> (_WORD_BITS * index) & ((1 << _WORD_BITS) - 1)
                for index in range(_words(layout))
            ]
    return words


class MessageReader(wiring.Component):
    """Gives the messages of ``plan`` one after the other, for ever.

    A message takes two clocks for each of its memory words and one until it is taken, a run of one
    kind two clocks more. At first the memory is read once for nothing, since for some microseconds
    after configuration an iCE40's gives zeros.

    Members
    -------
    message : Out(stream.Signature(StructLayout({"kind": 3, "address": ..., "payload": ...})))
        A message; `payload` has its bits in the shape of its kind, ``address`` counts the writes of
        a run. Weights with ``more`` writes come as many times more.
    """

    def __init__(self, plan: SelfTestPlan):
        self._plan = instance("plan", plan, SelfTestPlan)
        config = plan.config
        self._layouts = message_layouts(config)
        self._longest = max(map(_words, self._layouts.values()))
        shape = data.StructLayout(
            {
                "kind": _KIND_BITS,
                "address": range(
                    max(
                        config.memory.step_entries,
                        config.memory.parameter_entries,
                        config.memory.weight_words * config.array.columns,
                    )
                ),
                "payload": self._longest * _WORD_BITS,
            }
        )
        super().__init__({"message": Out(stream.Signature(shape))})

    def payload(self, kind: MessageKind) -> data.View:
        """The payload of ``message`` in the shape of ``kind``."""
        layout = self._layouts[kind]
        # Words come in at the upper end.
        bits = self.message.payload.payload[-_words(layout) * _WORD_BITS :]
        return data.View(layout, bits[: layout.size])

    def elaborate(self, platform):
        m = Module()
        words = message_words(self._plan.messages, self._plan.config)
        # Behind the last one there are runs of no message, up to where the address wraps by itself.
        words += [0] * ((1 << ceil_log2(len(words))) - len(words))
        m.submodules.memory = script = memory.Memory(shape=_WORD_BITS, depth=len(words), init=words)
        read = script.read_port(domain="sync")
        address = Signal(range(len(words)))
        settled = Signal()
        here = Signal()
        shown = Signal()
        held = self.message.payload
        # Of the run the messages, of the message the words that are to come, the one in hand
        # included; of the writes those that were like it.
        messages = Signal(range(max(map(len, _runs(self._plan.messages))) + 1))
        part, last_part = Signal(range(self._longest)), Signal(range(self._longest))
        repeated = Signal(range(MOST_ALIKE))
        repeats = Signal()
        weights = self.payload(MessageKind.WEIGHTS)
        m.d.comb += [
            read.addr.eq(address),
            read.en.eq(1),
            self.message.valid.eq(shown),
            repeats.eq((held.kind == MessageKind.WEIGHTS) & (repeated != weights.more)),
        ]
        with m.Switch(held.kind):
            for kind, layout in self._layouts.items():
                with m.Case(kind):
                    m.d.comb += last_part.eq(_words(layout) - 1)

        with m.If(shown):
            with m.If(self.message.ready):
                m.d.sync += held.address.eq(held.address + 1)
                with m.If(repeats):
                    m.d.sync += repeated.eq(repeated + 1)
                with m.Else():
                    m.d.sync += [shown.eq(0), repeated.eq(0), messages.eq(messages - 1)]
        with m.Elif(~here):
            m.d.sync += here.eq(1)
        with m.Else():
            m.d.sync += [here.eq(0), address.eq(address + 1)]
            with m.If(~settled):
                m.d.sync += settled.eq(address.all())
            with m.Elif(messages == 0):
                m.d.sync += [
                    held.kind.eq(read.data),
                    messages.eq(read.data[_KIND_BITS:]),
                    held.address.eq(0),
                ]
            with m.Else():
                m.d.sync += held.payload.eq(Cat(held.payload[_WORD_BITS:], read.data))
                with m.If(part == last_part):
                    m.d.sync += [part.eq(0), shown.eq(1)]
                with m.Else():
                    m.d.sync += part.eq(part + 1)
        return m
