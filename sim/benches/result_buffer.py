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


class _Bench:
    """Drives one result buffer, in the middle of each clock."""

    def __init__(self, top: Any, values: dict[str, Any]):
        self._top, self._values = top, values
        self._random = random.Random(cocotb.RANDOM_SEED)
        self._lanes = values["lanes"]
        self._sink = StreamSink(
            top, "result", Pause(values["stall"], f"{cocotb.RANDOM_SEED} stall")
        )
        self._cycle = 0
        self.full = 0

    async def layer(self, layer: dict[str, Any]) -> None:
        """One layer: rows claimed while there is room, written, and compared."""
        top = self._top
        rows = [self._random.randbytes(layer["row_bytes"]) for _ in range(layer["rows"])]
        top.layer.value = layer["word"]
        await self._clock()
        await self._clock()
        top.start.value = 1
        await self._clock()
        top.start.value = 0
        claimed = written = 0
        looks_at = self._cycle + 1
        runs: deque[tuple[int, int]] = deque()
        while written < len(rows) or int(top.sent.value) < len(rows):
            await self._clock()
            claims = (
                claimed < len(rows)
                and self._cycle >= looks_at
                and bool(top.room.value)
                and self._random.random() < 0.9
            )
            top.claim.value = int(claims)
            assert int(top.sent.value) <= written, f"a row left before it was complete: {self._at}"
            self.full += claimed - int(top.sent.value) == layer["result_rows"]
            if written < claimed and not runs:
                runs = self._runs(layer["row_bytes"])
            writes = written < claimed and self._random.random() >= self._values["gap"]
            top.write_valid.value = int(writes)
            if writes:
                address, count = runs.popleft()
                self._write(rows[written], address, count, not runs)
                written += not runs
            else:
                top.write.value = self._random.getrandbits(len(top.write))
            if claims:
                claimed += 1
                looks_at = self._cycle + _CLAIM_CYCLES
        await self._compare(rows, layer["words"], 0x80 if layer["unsigned"] else 0)

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

    async def _compare(self, rows: list[bytes], words: int, flip: int) -> None:
        received = await self._sink.receive(words * len(rows), timeout_cycles=1)
        for number, row in enumerate(rows):
            part = received[number * words : (number + 1) * words]
            data = b"".join(word.to_bytes(self._lanes, "little") for word in part)
            for byte, value in enumerate(row):
                assert data[byte] == value ^ flip, (
                    f"byte {byte} of row {number} is {data[byte]:#x}, not {value ^ flip:#x}: "
                    f"{self._at}"
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

    Parameters: ``lanes`` of the component; ``layers`` with their descriptor's ``word``, ``rows``,
    ``row_bytes``, ``words`` (of a row), ``result_rows`` and ``unsigned``; ``stall``, the sink's
    pauses, and ``gap``, how probably writes pause; ``fills``, whether all rows must be in use.
    """
    values = parameters()
    for name in ("layer", "start", "claim", "write_valid", "write"):
        getattr(top, name).value = 0
    StreamMonitor(top, "result")
    bench = _Bench(top, values)
    await start_clock(top)
    for layer in values["layers"]:
        await bench.layer(layer)
    assert bench.full >= 20 or not values["fills"], f"all rows were in use {bench.full} clocks only"
