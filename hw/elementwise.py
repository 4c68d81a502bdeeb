# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The elementwise pass: sums of one or two operands, byte by byte, by tables."""

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from macaw.arch.checks import instance
from macaw.arch.core import Field
from macaw.arch.instructions import COUNT_BITS, elementwise_fields
from macaw.arch.machine import MachineConfig
from macaw.hw.credit_queue import CreditQueue
from macaw.hw.delay import delay
from macaw.hw.layouts import layout_of
from macaw.hw.lookup_lane import LookupLane, lookup_layout

__all__ = ["Elementwise", "operation_layout"]

#: Clocks from a word's place in the queue to its first byte in the lanes, from there to the queue,
#: to the reader, and back to where the place can be taken again.
_ROUND_TRIP = 1 + LookupLane.latency + 2 + 3


def operation_layout() -> data.StructLayout:
    """What a store says of the pass, and the words of its result."""
    count = Field(name="count", bits=COUNT_BITS, meaning="words of the result")
    return layout_of((count, *elementwise_fields()))


class Elementwise(wiring.Component):
    """Adds, subtracts, and computes functions of one byte: each byte of a result is the sum of
    one entry for each operand, rounded, with the zero point, and bounded.

    ``config.elementwise_lanes`` bytes are looked up in each clock, so that an operand's word takes
    ``word_bytes / elementwise_lanes`` clocks, and a result word twice as many where there are two
    operands. There are no other clocks between the words of an operation while operands come and
    results go. Lanes take turns with the operands: each has one copy of the tables, with one read
    port.

    Parameters
    ----------
    config : MachineConfig
        The configuration, with one lane or more.

    Members
    -------
    lookup : In
        Writes to the tables, one a clock, always taken; for while ``idle`` is high.
    operation : In
        One or two ``operands``; taken while ``idle`` is high.
    idle : Out
        There is no operation: the last result word has left.
    first, second : In
        The words of the operands; no more are taken than the operation needs.
    result : Out
        The words of the result.

    Raises ``TypeError`` for a ``config`` of another type, ``ValueError`` for one without lanes.
    """

    def __init__(self, config: MachineConfig):
        self._config = instance("config", config, MachineConfig)
        if not config.elementwise_lanes:
            raise ValueError("elementwise_lanes must be at least 1, not 0")
        word = data.ArrayLayout(8, config.word_bytes)
        super().__init__(
            {
                "lookup": In(stream.Signature(lookup_layout())),
                "operation": In(stream.Signature(operation_layout())),
                "idle": Out(1, init=1),
                "first": In(stream.Signature(word)),
                "second": In(stream.Signature(word)),
                "result": Out(stream.Signature(word)),
            }
        )

    @property
    def latency(self) -> int:
        """Clocks from the words of two operands to the ``result``, where none came before."""
        return 2 * self._beats + LookupLane.latency + 2

    @property
    def _beats(self) -> int:
        """Clocks in which the lanes look up a word."""
        return self._config.word_bytes // self._config.elementwise_lanes

    def elaborate(self, platform):
        m = Module()
        m.submodules.queue = queue = CreditQueue(
            self.result.payload.shape(), depth=2 + -(-_ROUND_TRIP // self._beats)
        )
        operation = Signal(self.operation.payload.shape(), reset_less=True)
        two = operation.operands[1]
        first, second, look_up, last = self._words(m, two, self._account(m, operation), queue)
        lanes = self._lanes(m, operation, two)
        size = 8 * len(lanes)
        for index, lane in enumerate(lanes):
            byte = slice(8 * index, 8 * index + 8)
            turn = two & look_up
            m.d.comb += lane.address.eq(Cat(Mux(turn, second[byte], first[byte]), turn))

        # Bytes move through a register until their word is complete.
        flip = Cat(Const(0, 7), operation.output_unsigned)
        results = Cat(lane.result.as_unsigned() ^ flip for lane in lanes)
        collected = Signal(8 * self._config.word_bytes, reset_less=True)
        word = Cat(collected[size:], results)
        with m.If(delay(m, look_up, LookupLane.latency, name="look_up")):
            m.d.sync += collected.eq(word)
        m.d.comb += [
            queue.word.eq(word),
            queue.write.eq(delay(m, last, LookupLane.latency, name="last", reset_less=False)),
        ]
        wiring.connect(m, queue.o, wiring.flipped(self.result))
        return m

    def _account(self, m, operation):
        """Takes operations; whether one lacks operands, a register."""
        payload = self.operation.payload
        lacking = Signal.like(payload.count)
        outstanding = Signal.like(payload.count)
        needed = Signal()
        taken = self.first.valid & self.first.ready
        left = self.result.valid & self.result.ready
        m.d.comb += self.operation.ready.eq(self.idle)
        m.d.sync += needed.eq(Mux(taken, lacking != 1, lacking != 0))
        with m.If(taken):
            m.d.sync += lacking.eq(lacking - 1)
        with m.If(left):
            m.d.sync += outstanding.eq(outstanding - 1)
        with m.If(self.idle):
            m.d.sync += [
                operation.eq(payload),
                lacking.eq(Mux(self.operation.valid, payload.count, 0)),
                outstanding.eq(payload.count),
                self.idle.eq(~self.operation.valid),
            ]
        with m.Elif(outstanding == 0):
            m.d.sync += self.idle.eq(1)
        return needed

    def _words(self, m, two, needed, queue):
        """The words that are looked up, the next bytes lowest: of the first and of the second
        operand; whether it is the second one's turn, or the only one's; and whether this clock
        completes a result word."""
        size = 8 * self._config.elementwise_lanes
        first, second = (
            Signal(8 * self._config.word_bytes, name=name, reset_less=True)
            for name in ("first", "second")
        )
        # Clocks behind this one in which the words are looked up; this one is the last, or idle.
        behind = Signal(range(2 * self._beats))
        ending = Signal(init=1)
        busy = Signal()
        free = Signal()
        load = Signal()
        look_up = ~two | ~behind[0]
        m.d.comb += [
            free.eq(needed & ending & queue.available),
            load.eq(free & self.first.valid & (self.second.valid | ~two)),
            self.first.ready.eq(free & (self.second.valid | ~two)),
            self.second.ready.eq(free & self.first.valid & two),
            queue.take.eq(load),
        ]
        with m.If(load):
            m.d.sync += [
                first.eq(self.first.payload),
                second.eq(self.second.payload),
                behind.eq(Mux(two, 2 * self._beats - 1, self._beats - 1)),
                ending.eq(~two if self._beats == 1 else 0),
            ]
        with m.Else():
            m.d.sync += ending.eq(behind[1:] == 0)
            with m.If(~ending):
                m.d.sync += behind.eq(behind - 1)
            with m.If(look_up):
                for word in (first, second):
                    m.d.sync += word[:-size].eq(word[size:])
        with m.If(load | ending):
            m.d.sync += busy.eq(load)
        return first, second, look_up, busy & ending

    def _lanes(self, m, operation, two):
        """As many as are looked up in a clock, all with the same tables and operation."""
        lanes = []
        write = delay(m, self.lookup.payload, 1, name="write")
        write_valid = delay(m, self.lookup.valid, 1, name="write_valid", reset_less=False)
        m.d.comb += self.lookup.ready.eq(1)
        for index in range(self._config.elementwise_lanes):
            m.submodules[f"lane_{index}"] = lane = LookupLane(self._config.core.technology)
            lanes.append(lane)
            m.d.comb += [
                lane.write_valid.eq(write_valid),
                lane.write.eq(write),
                lane.two.eq(two),
                *(
                    getattr(lane, name).eq(operation[name])
                    for name in ("rounding", "zero_point", "minimum", "maximum")
                ),
            ]
        return lanes
