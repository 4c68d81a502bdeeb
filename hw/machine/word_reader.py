# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Reads words in their order, in bursts and ahead of who takes them."""

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from macaw.arch.checks import instance, power_of_two
from macaw.arch.instructions import COUNT_BITS
from macaw.arch.machine import MachineConfig
from macaw.hw.machine.layouts import storing_layout, word_layout
from macaw.hw.machine.register_queue import RegisterQueue
from macaw.hw.memory_port import read_layout

__all__ = ["WordReader", "span_layout"]


def span_layout(
    config: MachineConfig, *, runs: bool = False, tail: bool = False
) -> data.StructLayout:
    """Words to read: the first one, with the space as its top bit, and how many. With ``runs``
    there are so many in each run, and some words between two runs, which are not read; with
    ``tail`` those behind the first ``head`` runs, if that is not zero, stand elsewhere."""
    place = config.address_bits + 1
    fields = {"run": COUNT_BITS, "skip": config.address_bits} if runs else {}
    fields |= {"head": COUNT_BITS, "tail_address": place} if tail else {}
    return data.StructLayout({"address": place, "count": COUNT_BITS, **fields})


class WordReader(wiring.Component):
    """Words of the memory outside or of the tensor memory as a stream.

    No more words are asked for than there is room for, so that words never wait in the memory.

    Parameters
    ----------
    config : MachineConfig
        The configuration.
    depth : int
        Room for words, a power of two in 16 ... 1024; a burst is at most a quarter of it, so
        that three quarters cover the memory's latency.
    tensor : bool
        There is a port to the tensor memory.
    runs : bool
        Words stand in runs; otherwise one behind the other.
    tail : bool
        With ``runs``: the last ones may stand elsewhere, in the other memory too.

    Members
    -------
    span : In
        What to read; taken while `idle`.
    cancel : In
        No more words are asked for.
    idle : Out
        All words asked for have come: the memory is not needed any more.
    hungry : Out
        Words are to come of the memory outside, and would be taken at once.
    read, words : Out, In
        Bursts of the memory outside, and their words.
    address, address_valid, address_ready : Out, Out, In
        With ``tensor``: the word of the tensor memory to read, whether there is one, and whether
        it is read in this clock.
    arrived, arrives : In
        With ``tensor``: the word, some clocks later.
    storing : In
        With ``tensor``: a STORE. Words that it has not written yet are not asked for.
    o : Out
        The words.
    """

    def __init__(
        self,
        config: MachineConfig,
        *,
        depth: int,
        tensor: bool = False,
        runs: bool = False,
        tail: bool = False,
    ):
        self._config = instance("config", config, MachineConfig)
        self._depth = power_of_two("depth", depth, 16, 1024)
        self._tensor = bool(tensor)
        self._runs = bool(runs)
        self._tail = self._runs and bool(tail)
        word = word_layout(config)
        members = {
            "span": In(stream.Signature(span_layout(config, runs=self._runs, tail=self._tail))),
            "cancel": In(1),
            "idle": Out(1, init=1),
            "hungry": Out(1),
            "read": Out(stream.Signature(read_layout(config))),
            "words": In(stream.Signature(word)),
            "o": Out(stream.Signature(word)),
        }
        if tensor:
            members |= {
                "address": Out(config.tensor_address_bits),
                "address_valid": Out(1),
                "address_ready": In(1),
                "arrived": In(word),
                "arrives": In(1),
                "storing": In(storing_layout(config)),
            }
        super().__init__(members)

    def elaborate(self, platform):
        m = Module()
        depth, burst = self._depth, min(self._depth // 4, 1 << len(self.read.payload.count))
        m.submodules.room = room = RegisterQueue(
            word_layout(self._config), depth + 1, self._config.core.technology
        )
        address = Signal(self._config.address_bits, reset_less=True)
        # Words of a run that have not been asked for, and those of the runs behind it.
        left = Signal(COUNT_BITS)
        more = Signal(COUNT_BITS)
        due = Signal(COUNT_BITS)
        outside = Signal()
        # Words that may be asked for.
        credit = Signal(range(depth + 1), init=depth)
        asked = Signal(range(burst + 1))
        taken = Signal()
        arrives = self.words.valid & self.words.ready
        m.d.comb += [
            taken.eq(self.o.valid & self.o.ready),
            self.hungry.eq(outside & ~self.idle & self.o.ready),
            self.words.ready.eq(1),
            self.span.ready.eq(self.idle),
            room.i.payload.eq(self.words.payload),
            room.i.valid.eq(arrives),
        ]
        wiring.connect(m, room.o, wiring.flipped(self.o))
        m.d.sync += credit.eq(credit + taken - asked)

        # A burst is decided a clock after the one before: the credit is then up to date.
        length = Mux(left > burst, burst, left)[: len(asked)]
        decided = Signal()
        m.d.sync += decided.eq(0)
        with m.If(self.read.valid & self.read.ready):
            m.d.sync += self.read.valid.eq(0)
        with m.If(~self.read.valid & ~decided & outside & (left != 0) & (credit >= burst)):
            m.d.comb += asked.eq(length)
            m.d.sync += [
                self.read.valid.eq(1),
                self.read.payload.address.eq(address),
                self.read.payload.count.eq(length - 1),
                decided.eq(1),
            ]
        if self._tensor:
            some = Signal()
            # Known a clock before, for this word and the next one; of a STORE's last word once it
            # is complete.
            written = Signal()
            word = address[: self._config.tensor_address_bits]
            m.d.sync += written.eq(
                ~self.storing.busy | (word + 1 < self.storing.next) | (word >= self.storing.end)
            )
            m.d.comb += [
                some.eq(~outside & (left != 0) & (credit != 0) & written),
                self.address.eq(address),
                self.address_valid.eq(some),
            ]
            with m.If(some & self.address_ready):
                m.d.comb += asked.eq(1)
            with m.If(self.arrives):
                m.d.comb += [room.i.payload.eq(self.arrived), room.i.valid.eq(1)]
            arrives = arrives | self.arrives

        m.d.sync += [left.eq(left - asked), address.eq(address + asked), due.eq(due - arrives)]
        span = self.span.payload
        first = span.count
        if self._runs:
            run = Signal.like(span.run, reset_less=True)
            skip = Signal.like(span.skip, reset_less=True)
            ends = (left == 0) & (more != 0)
            if self._tail:
                # Runs of the head that are left. The tail begins once all words of these have come:
                # those of one memory must not overtake the other's. Both are known a clock later,
                # in which no run ends.
                head = Signal.like(span.head)
                tail = Signal.like(span.tail_address, reset_less=True)
                last = Signal()
                settled = Signal()
                turns = Signal()
                m.d.sync += [last.eq(head == 1), settled.eq(due == more)]
                ends &= settled | ~last
                m.d.comb += turns.eq(ends & last)
            with m.If(ends):
                following = Mux(more > run, run, more)
                m.d.sync += [
                    left.eq(following),
                    more.eq(more - following),
                    address.eq(address + skip),
                ]
                if self._tail:
                    m.d.sync += head.eq(head - (head != 0))
                    with m.If(turns):
                        m.d.sync += [address.eq(tail), outside.eq(~tail[-1])]
                if self._tensor:
                    m.d.sync += written.eq(0)
            first = Mux(span.count > span.run, span.run, span.count)
        with m.If(arrives & (due == 1)):
            m.d.sync += self.idle.eq(1)
        with m.If(self.cancel & ~self.idle):
            owed = (due - left - more + asked - arrives)[: len(due)]
            m.d.sync += [left.eq(0), more.eq(0), due.eq(owed), self.idle.eq(owed == 0)]
        with m.If(self.span.valid & self.idle):
            m.d.sync += [
                address.eq(span.address),
                outside.eq(~span.address[-1]),
                left.eq(first),
                due.eq(span.count),
                self.idle.eq(span.count == 0),
            ]
            if self._runs:
                m.d.sync += [more.eq(span.count - first), run.eq(span.run), skip.eq(span.skip)]
            if self._tail:
                m.d.sync += [head.eq(span.head), tail.eq(span.tail_address)]
            if self._tensor:
                m.d.sync += written.eq(0)
        return m
