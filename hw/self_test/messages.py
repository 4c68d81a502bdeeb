# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The messages of a plan as words of a memory, and the block that reads them."""

from collections.abc import Iterable

from amaranth import *
from amaranth.lib import data, memory, stream, wiring
from amaranth.lib.wiring import Out

from macaw.arch.checks import instance
from macaw.arch.config import AcceleratorConfig
from macaw.arch.self_test import Message, MessageKind, SelfTestPlan, expectation_fields
from macaw.hw.layouts import layer_layout, layout_of
from macaw.hw.parameter_store import parameter_write_layout
from macaw.hw.step_fetcher import table_write_layout

__all__ = ["MessageReader", "message_layouts", "message_words"]

_WORD_BITS = 32
_KIND_BITS = 3


def message_layouts(config: AcceleratorConfig) -> dict[MessageKind, data.StructLayout]:
    """What the messages of each kind carry."""
    array, memories = config.array, config.memory
    beats = range(memories.weight_words * array.columns)
    return {
        MessageKind.EXPECTATION: layout_of(expectation_fields(config)),
        MessageKind.TABLE: table_write_layout(config),
        MessageKind.PARAMETERS: parameter_write_layout(config),
        MessageKind.WEIGHTS: data.StructLayout({"address": beats, "mask": array.lanes}),
        MessageKind.DESCRIPTOR: layer_layout(config),
    }


def _words(layout: data.StructLayout) -> int:
    """Memory words of a message's payload."""
    return -(-layout.size // _WORD_BITS)


def message_words(messages: Iterable[Message], config: AcceleratorConfig) -> list[int]:
    """The memory words of ``messages``: for each its kind, then its payload, lowest bits first."""
    layouts = message_layouts(config)
    words = []
    for message in messages:
        layout = layouts[message.kind]
        bits = layout.const(message.values).as_bits()
        words.append(int(message.kind))
        words += [
            bits >> (_WORD_BITS * index) & ((1 << _WORD_BITS) - 1)
            for index in range(_words(layout))
        ]
    return words


class MessageReader(wiring.Component):
    """Gives the messages of ``plan`` one after the other, for ever.

    A message takes two clocks for each of its memory words, and one until it is taken.

    Members
    -------
    message : Out(stream.Signature(StructLayout({"kind": MessageKind, "payload": ...})))
        A message; `payload` has its bits in the shape of its kind.
    """

    def __init__(self, plan: SelfTestPlan):
        self._plan = instance("plan", plan, SelfTestPlan)
        self._layouts = message_layouts(plan.config)
        self._longest = max(map(_words, self._layouts.values()))
        shape = data.StructLayout({"kind": _KIND_BITS, "payload": self._longest * _WORD_BITS})
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
        m.submodules.memory = script = memory.Memory(shape=_WORD_BITS, depth=len(words), init=words)
        read = script.read_port(domain="sync")
        address = Signal(range(len(words)))
        here = Signal()
        shown = Signal()
        left = Signal(range(self._longest + 1))
        held = self.message.payload
        m.d.comb += [read.addr.eq(address), read.en.eq(1), self.message.valid.eq(shown)]

        with m.If(shown):
            m.d.sync += shown.eq(~self.message.ready)
        with m.Elif(~here):
            m.d.sync += here.eq(1)
        with m.Else():
            m.d.sync += [
                here.eq(0),
                address.eq(Mux(address == len(words) - 1, 0, address + 1)),
            ]
            with m.If(left == 0):
                m.d.sync += held.kind.eq(read.data)
                with m.Switch(read.data[:_KIND_BITS]):
                    for kind, layout in self._layouts.items():
                        with m.Case(kind):
                            m.d.sync += left.eq(_words(layout))
            with m.Else():
                m.d.sync += [
                    held.payload.eq(Cat(held.payload[_WORD_BITS:], read.data)),
                    left.eq(left - 1),
                    shown.eq(left == 1),
                ]
        return m
