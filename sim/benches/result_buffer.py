# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Testbench of `macaw.hw.result_buffer.ResultBuffer`: rows written in random runs of bytes."""

import random
from collections import deque
from typing import Any

import cocotb
from cocotb.triggers import FallingEdge

from macaw.sim.drivers import Pause, StreamMonitor, StreamSink, start_clock
from macaw.sim.run import parameters

__all__ = ["streams_complete_rows"]

_MOST_CYCLES = 100_000
#: Clocks from a claim until ``room`` has to speak of the row after it.
_CLAIM_CYCLES = 3
#: Clocks from a change of ``claimed_words`` to a claim.
_KNOWN_CYCLES = 4
#: Clocks from a layer's last ``row_end`` to the change of ``layer``.
_WRITTEN_CYCLES = 8


class _Bench:
    """Drives one result buffer, in the middle of each clock."""

    def __init__(self, top: Any, values: dict[str, Any]):
        self._top, self._values = top, values
        self._random = random.Random(cocotb.RANDOM_SEED)
        self._lanes = values["lanes"]
        self._sink = StreamSink(
            top, "result", Pause(values["stall"], f"{cocotb.RANDOM_SEED} stall")
        )
        self._monitor = StreamMonitor(top, "result")
        self._cycle = 0
        self.full = self.overlaps = 0
        # What leaves, word by word, of rows that are complete; and the words claimed.
        self._expected: list[tuple[str, int, int]] = []
        self._claimed_words = 0

    async def run(self, layers: list[dict[str, Any]]) -> None:
        """Rows of all layers, claimed while there is room, and written. Rows of a layer are claimed
        while those of the one before are written. It ends when all are written, wherever they are.
        """
        top = self._top
        rows = deque((layer, number) for layer in layers for number in range(layer["rows"]))
        claimed: deque[tuple[dict[str, Any], int]] = deque()
        claims_of = writes_of = None
        may_claim = may_change = 0
        runs: deque[tuple[int, int]] = deque()
        row = b""
        while rows or claimed:
            await self._clock()
            sent = len(self._monitor.words)
            assert sent <= len(self._expected), f"a row left before it was complete: {self._at}"
            claims = False
            if rows and claims_of is not rows[0][0] and self._cycle > may_claim - _CLAIM_CYCLES:
                claims_of = rows[0][0]
                top.claimed_words.value = claims_of["words"] - 1
                may_claim = self._cycle + _KNOWN_CYCLES
            elif rows and self._cycle >= may_claim and top.room.value:
                claims = self._random.random() < 0.9
            top.claim.value = int(claims)
            if claims_of:
                held = self._claimed_words - sent
                self.full += held > self._values["words"] - claims_of["words"]
            writes = bool(claimed) and self._random.random() >= self._values["gap"]
            if writes and claimed[0][0] is not writes_of:
                writes = self._cycle >= may_change
                self.overlaps += not writes
            top.write_valid.value = int(writes)
            if writes:
                layer, number = claimed[0]
                writes_of = layer
                top.layer.value = layer["word"]
                if not runs:
                    row = self._random.randbytes(layer["row_bytes"])
                    runs = self._runs(layer["row_bytes"])
                address, count = runs.popleft()
                self._write(row, address, count, not runs)
                if not runs:
                    flip = 0x80 if layer["unsigned"] else 0
                    self._expect(f"row {number}", row, layer["words"], flip)
                    claimed.popleft()
                    may_change = self._cycle + _WRITTEN_CYCLES
            else:
                top.write.value = self._random.getrandbits(len(top.write))
            if claims:
                layer, _ = rows[0]
                claimed.append(rows.popleft())
                self._claimed_words += layer["words"]
                may_claim = self._cycle + _CLAIM_CYCLES
        await self._clock()
        top.claim.value = top.write_valid.value = 0

    def _runs(self, row_bytes: int) -> deque[tuple[int, int]]:
        """(address, count) of runs that cover a row, in any order; some of no bytes."""
        found, start = [], 0
        while start < row_bytes:
            count = min(self._random.randint(1, self._lanes), row_bytes - start)
            found.append((start, count))
            start += count
        found += [(self._random.randrange(row_bytes), 0)] * self._random.randrange(2)
        self._random.shuffle(found)
        return deque(found)

    def _write(self, row: bytes, address: int, count: int, row_end: bool) -> None:
        lanes = self._lanes
        surplus = self._random.randbytes(lanes - count)
        data = int.from_bytes(row[address : address + count] + surplus, "little")
        count_bits = lanes.bit_length()
        address_bits = len(self._top.write) - count_bits - 8 * lanes - 1
        word = (int(row_end) << 8 * lanes | data) << count_bits | count
        self._top.write.value = word << address_bits | address

    def _expect(self, where: str, row: bytes, words: int, flip: int) -> None:
        """The words of a row, in which the bytes behind its end may be anything."""
        for word in range(words):
            data = bytes(
                value ^ flip for value in row[word * self._lanes : (word + 1) * self._lanes]
            )
            mask = (1 << 8 * len(data)) - 1
            place = f"word {word} of {where}, in cycle {self._cycle}"
            self._expected.append((place, int.from_bytes(data, "little"), mask))

    async def compare(self) -> None:
        """All words have left, and are those of the rows."""
        while not self._top.empty.value:
            await self._clock()
        received = await self._sink.receive(len(self._expected), timeout_cycles=1)
        for word, (place, value, mask) in zip(received, self._expected, strict=True):
            assert word & mask == value, (
                f"{place} is {word & mask:#x}, not {value:#x} (seed {cocotb.RANDOM_SEED})"
            )
        await self._sink.expect_nothing(8)

    @property
    def _at(self) -> str:
        return f"cycle {self._cycle} (seed {cocotb.RANDOM_SEED})"

    async def _clock(self) -> None:
        await FallingEdge(self._top.clk)
        self._cycle += 1
        assert self._cycle < _MOST_CYCLES, f"nothing moves any more: {self._at}"


@cocotb.test()
async def streams_complete_rows(top: Any) -> None:
    """Every byte of every row leaves at its place, for one layer after the other.

    Parameters: ``lanes`` and ``words`` of the component; ``layers`` with their descriptor's
    ``word``, ``rows``, ``row_bytes``, ``words`` (of a row) and ``unsigned``; ``stall``, the sink's
    pauses, and ``gap``, how probably writes pause; ``fills``, whether room must run out.
    """
    values = parameters()
    for name in ("layer", "claimed_words", "claim", "write_valid", "write"):
        getattr(top, name).value = 0
    bench = _Bench(top, values)
    await start_clock(top)
    await bench.run(values["layers"])
    await bench.compare()
    assert bench.overlaps, "no layer was claimed while the one before was written"
    assert bench.full >= 20 or not values["fills"], f"room ran out in {bench.full} clocks only"
