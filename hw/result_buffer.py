# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Orders the results of a row: written in any order, streamed out as NHWC words."""

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped
from amaranth.utils import exact_log2

from macaw.arch.checks import instance
from macaw.arch.config import AcceleratorConfig
from macaw.hw.credit_queue import CreditQueue
from macaw.hw.delay import delay
from macaw.hw.fanout import fan_out
from macaw.hw.layouts import layer_layout
from macaw.hw.ram import BlockRam
from macaw.hw.result_collector import result_write_layout
from macaw.hw.selector import select

__all__ = ["ResultBuffer"]

#: Parts of a word that have their own copy of what turns or chooses it.
_PARTS = 4


class ResultBuffer(wiring.Component):
    """A ring of words in two banks, so that a run of bytes is written at any offset in one clock;
    complete rows, each of which begins with a new word, are streamed out in their order, also
    those of the layer before while rows of the next one are written.

    Parameters
    ----------
    config : AcceleratorConfig
        The configuration.

    Members
    -------
    layer : In
        The descriptor of the layer whose rows are written, constant until eight clocks behind the
        last row's ``row_end``.
    claimed_words : In
        Words of a row of the layer whose rows are claimed, less one; constant from four clocks
        before the first claim until a clock behind the last.
    room : Out
        One more row may be begun; at most three clocks after ``claim`` it speaks of the next.
    claim : In
        A row is begun: it will be written, and completed by ``row_end``.
    write_valid : In
        ``write`` is made.
    write : In
        A run of bytes in the row that was claimed first and is not complete.
    result : Out
        Words of complete rows.
    empty : Out
        All rows have left through ``result``.
    """

    def __init__(self, config: AcceleratorConfig):
        self._config = instance("config", config, AcceleratorConfig)
        super().__init__(
            {
                "layer": In(layer_layout(config)),
                "claimed_words": In(layer_layout(config)["result_words"].shape),
                "room": Out(1),
                "claim": In(1),
                "write_valid": In(1),
                "write": In(result_write_layout(config)),
                "result": Out(stream.Signature(data.ArrayLayout(8, config.array.lanes))),
                "empty": Out(1, init=1),
            }
        )

    def elaborate(self, platform):
        m = Module()
        lanes, words = self._config.array.lanes, self._config.memory.result_words
        banks = []
        for index in range(2):
            bank = BlockRam(width=lanes, depth=words // 2, technology=self._config.technology)
            m.submodules[f"bank_{index}"] = bank
            banks.append(bank)
        completed = self._write(m, banks)
        self._read(m, banks, completed)
        return m

    def _write(self, m, banks):
        """Rotates each run into place: in one word, or the end of it and the next one's begin."""
        lanes = self._config.array.lanes
        fine_bits = exact_log2(lanes)
        write = self.write
        row_ends = self.write_valid & write.row_end
        # Each row stands behind the one before, around the end of the memory.
        row = Signal.like(self.layer.result_words, name="row")
        with m.If(row_ends):
            m.d.sync += row.eq(row + self.layer.result_words + 1)

        # A clock in which the turns spread, then one for each two bits of the rotation.
        stages = (fine_bits + 1) // 2
        word = Signal.like(row, reset_less=True)
        m.d.sync += word.eq(row + (write.address >> fine_bits))
        flip = self.layer.output_unsigned.replicate(lanes)
        sign_bits = Cat(Cat(Const(0, 7), bit) for bit in flip)
        current = delay(m, write.data.as_value() ^ sign_bits, 1)
        for stage in range(stages):
            turn = write.address[2 * stage : min(2 * stage + 2, fine_bits)]
            name, compact = f"turn_copies_{stage}", self._config.compact
            turns = fan_out(m, name, turn, _PARTS, clocks=1 + stage, compact=compact)
            rotated = Signal(8 * lanes, name=f"rotated_{stage}", reset_less=True)
            for part, copy in enumerate(turns):
                bits = slice(part * 8 * lanes // _PARTS, (part + 1) * 8 * lanes // _PARTS)
                choices = [
                    current.rotate_left(8 * (value << (2 * stage)))[bits]
                    for value in range(1 << len(turn))
                ]
                name = f"select_{stage}_{part}"
                technology = self._config.technology
                m.d.sync += rotated[bits].eq(select(m, name, copy, choices, technology=technology))
            current = rotated
        valid = delay(m, self.write_valid, 1 + stages, reset_less=False)
        offset = delay(m, write.address[:fine_bits], 1 + stages)
        word = delay(m, word, stages)

        # Lane p of the rotated run is byte p - offset of it, in this word if that is not negative.
        end = delay(m, write.address[:fine_bits] + write.count, 1 + stages, name="end")
        here = Cat(valid & (lane >= offset) & (lane < end) for lane in range(lanes))
        there = Cat(valid & (lane < offset) & (lane + lanes < end) for lane in range(lanes))
        for index, bank in enumerate(banks):
            mine = word[0] == index
            enable = Signal(lanes, name=f"enable_{index}")
            address = Signal(len(bank.write_address), name=f"address_{index}", reset_less=True)
            m.d.sync += [
                enable.eq(Mux(mine, here, there)),
                address.eq(Mux(mine, word, word + 1) >> 1),
            ]
            m.d.comb += [
                bank.write_address.eq(address),
                bank.write_data.eq(delay(m, current, 1)),
                bank.write_enable.eq(enable),
            ]
        # Two clocks more than the write takes to reach the banks.
        ends = row_ends
        for stage in range(stages + 4):
            later = Signal(name=f"ends_{stage}")
            m.d.sync += later.eq(ends)
            ends = later
        return ends

    def _read(self, m, banks, completed):
        """Streams the words of complete rows through a small queue; counts those in the ring."""
        size = self._config.memory.result_words
        pitch = Signal(range(size + 1), reset_less=True)
        claims = Signal.like(pitch, reset_less=True)
        most = Signal.like(pitch, reset_less=True)
        m.d.sync += [
            pitch.eq(self.layer.result_words + 1),
            claims.eq(self.claimed_words + 1),
            most.eq(size - claims),
        ]
        held = Signal(range(size + 1))
        complete = Signal(range(size + 1))
        m.submodules.queue = queue = CreditQueue(self.result.payload.shape(), lead=1)
        # Registers say whether a word may be fetched; it is fetched a clock later.
        grows = delay(m, completed, 1, reset_less=False)
        added = Signal(range(size + 1))
        sending = Signal()
        decides = Signal()
        fetch = Signal()
        m.d.comb += decides.eq(sending & queue.available)
        m.d.sync += [
            added.eq(Mux(completed, pitch, 0)),
            complete.eq(complete + added - decides),
            sending.eq(grows | (complete > 1) | ((complete == 1) & ~decides)),
            fetch.eq(decides),
        ]
        # Room may be late, and the claim comes from far away.
        claimed = delay(m, self.claim, 1, reset_less=False)
        m.d.sync += [held.eq(held + Mux(claimed, claims, 0) - fetch), self.room.eq(held <= most)]
        sends = self.result.valid & self.result.ready
        leaving = Signal(range(2 * queue.depth))
        m.d.sync += [
            leaving.eq(leaving + fetch - sends),
            self.empty.eq((held == 0) & (leaving == 0)),
        ]

        word = Signal.like(self.layer.result_words)
        address = Signal.like(word, reset_less=True)
        m.d.sync += [word.eq(word + fetch), address.eq(word)]
        wait = 1 + BlockRam.latency
        m.d.comb += [bank.read_address.eq(address >> 1) for bank in banks]
        bank_copies = fan_out(
            m,
            "bank_copies",
            address[0],
            _PARTS,
            clocks=BlockRam.latency,
            compact=self._config.compact,
        )
        part_bits = 2 * self._config.array.lanes
        words_read = [bank.read_data.as_value() for bank in banks]
        data_read = Cat(
            Mux(
                copy,
                words_read[1].word_select(part, part_bits),
                words_read[0].word_select(part, part_bits),
            )
            for part, copy in enumerate(bank_copies)
        )
        m.d.comb += [
            queue.take.eq(fetch),
            queue.write.eq(delay(m, fetch, wait, reset_less=False)),
            queue.word.eq(data_read),
        ]
        connect(m, queue.o, flipped(self.result))
