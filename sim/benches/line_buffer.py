# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Testbench of `macaw.hw.LineBuffer`: images of any geometry, rows released and read at random."""

import random
from collections import Counter, deque
from dataclasses import dataclass
from typing import Any

import cocotb
from cocotb.triggers import FallingEdge, RisingEdge

from macaw.sim.drivers import Pause, StreamSource, start_clock
from macaw.sim.run import parameters

__all__ = ["keeps_rows_until_released"]

_MOST_CYCLES = 50_000


@dataclass(frozen=True, kw_only=True)
class _Image:
    """One image: its geometry, its rows as the buffer's reader should see them, its words."""

    height: int
    row_words: int
    pitch: int
    ring_rows: int
    unsigned: bool
    rows: list[bytes]

    def address(self, row: int) -> int:
        """The ring address of a row's first word."""
        return row % self.ring_rows * self.pitch

    def words(self, lanes: int) -> list[int]:
        """The stream's words."""
        flip = 0x80 if self.unsigned else 0
        data = bytes(value ^ flip for row in self.rows for value in row)
        return [
            int.from_bytes(data[start : start + lanes], "little")
            for start in range(0, len(data), lanes)
        ]


class _Bench:
    """Drives one line buffer. Inputs change in the middle of a clock, so that a read is made in
    the very clock in which ``received`` allows it."""

    def __init__(self, top: Any, values: dict[str, Any]):
        self._top = top
        self._lanes, self._latency = values["lanes"], values["latency"]
        self._release, self._ahead = values["release"], values["ahead"]
        self._random = random.Random(cocotb.RANDOM_SEED)
        self._images = [
            _Image(
                **geometry,
                rows=[
                    self._random.randbytes(geometry["row_words"] * self._lanes)
                    for _ in range(geometry["height"])
                ],
            )
            for geometry in values["images"]
        ]
        self._index = -1
        self._taken = 0
        self._pending: deque[tuple[int, dict[int, tuple[int, int]], str, int]] = deque()
        self._cycle = 0
        self.reads: Counter[str] = Counter()
        self.full_clocks = self.clocks_ahead = self.idle_clocks = 0

    @property
    def _image(self) -> _Image:
        return self._images[self._index]

    def _at(self) -> str:
        return f"image {self._index}, cycle {self._cycle} (seed {cocotb.RANDOM_SEED})"

    async def watch_stream(self) -> None:
        """Words are taken of rows for which the ring has room, and of no others."""
        top = self._top
        while True:
            await RisingEdge(top.clk)
            if top.rst.value or not top.image__valid.value:
                continue
            if not top.image__ready.value:
                self.idle_clocks += 1
                continue
            assert self._index >= 0, f"a word is taken before the first start: {self._at()}"
            row = self._taken // self._image.row_words
            assert row < self._image.height, f"a word is taken after the last row: {self._at()}"
            resident = row - int(top.released.value)
            assert resident < self._image.ring_rows, f"row {row} overwrites another: {self._at()}"
            self._taken += 1

    async def run(self, source: StreamSource) -> None:
        """All images, one behind the other."""
        for image in self._images:
            source.send(image.words(self._lanes))
        for _ in self._images:
            await self._start()
            await self._one_image()

    async def _start(self) -> None:
        top = self._top
        for _ in range(self._random.randrange(4)):
            await self._clock()
        self._index += 1
        self._taken = 0
        image = self._image
        top.height.value = image.height
        top.row_words.value = image.row_words - 1
        top.pitch.value = image.pitch
        top.ring_rows.value = image.ring_rows
        top.image_unsigned.value = int(image.unsigned)
        # What waits in the stream must not be taken for the image before.
        for _ in range(self._random.randint(1, 6)):
            await self._clock()
        top.start.value = 1
        await self._clock()
        top.start.value = 0
        top.released.value = 0

    async def _one_image(self) -> None:
        top, image = self._top, self._image
        released = received = 0
        while received < image.height or self._pending:
            await self._clock()
            before, received = received, int(top.received.value)
            assert before <= received <= self._taken // image.row_words, (
                f"received is {received} after {before}, with {self._taken} words: {self._at()}"
            )
            if received < image.height:
                self.full_clocks += received - released == image.ring_rows
                self.clocks_ahead += released > received
            self._check()
            self._read(range(released, received))
            # Rows are given up once no read of them is on its way.
            if self._random.random() < self._release:
                oldest = min(
                    (row for _, known, *_ in self._pending for row, _ in known.values()),
                    default=image.height,
                )
                limit = image.height if self._random.random() < self._ahead else received
                released = max(released, min(released + self._random.randint(1, 3), limit, oldest))
                top.released.value = released

    async def _clock(self) -> None:
        await FallingEdge(self._top.clk)
        self._cycle += 1
        assert self._cycle < _MOST_CYCLES, f"nothing moves any more: {self._at()}"

    def _read(self, rows: range) -> None:
        """Maybe a read of some of ``rows``; anything else otherwise."""
        top, image, lanes = self._top, self._image, self._lanes
        form = self._random.choice(["none", "one", "two", "four"])
        chosen = self._choose(form, rows)
        addresses = [self._random.randrange(1 << len(top.rows) // 4) for _ in range(4)]
        row_bytes = image.row_words * lanes
        offset = self._random.randint(-2 * lanes, row_bytes + lanes)
        if form == "four":
            offset = offset // (lanes // 2) * (lanes // 2)
        for index, row in enumerate(chosen):
            addresses[index] = image.address(row)
        top.rows.value = sum(
            address << index * (len(top.rows) // 4) for index, address in enumerate(addresses)
        )
        top.offset.value = offset
        top.four.value = int(form == "four")
        if chosen:
            self.reads[form] += 1
            known = {index: (row, offset) for index, row in enumerate(chosen)}
            count = lanes - (offset % lanes if form == "four" else 0)
            self._pending.append((self._cycle + self._latency, known, form, count))

    def _choose(self, form: str, rows: range) -> list[int]:
        """Rows for a read of this form that lie in different banks; none where there are none."""
        image = self._image
        if form == "none" or not rows:
            return []
        if form == "one":
            return [self._random.choice(rows)]
        for _ in range(4):
            chosen = self._random.choices(rows, k=2 if form == "two" else 4)
            banks = [image.address(row) % 4 for row in chosen]
            apart = (banks[1] - banks[0]) % 4 == 2 if form == "two" else len(set(banks)) == 4
            if apart:
                return chosen
        return []

    def _check(self) -> None:
        """The bytes of the read that comes in this clock, as far as they are of its rows."""
        if not self._pending or self._pending[0][0] != self._cycle:
            return
        _, known, form, count = self._pending.popleft()
        lanes = self._lanes
        runs = int(self._top.runs.value).to_bytes(4 * lanes, "little")
        for index, (row, offset) in known.items():
            data = self._image.rows[row]
            for lane in range(count):
                byte = offset + lane
                if 0 <= byte < len(data):
                    found = runs[index * lanes + lane]
                    assert found == data[byte], (
                        f"byte {byte} of row {row}, run {index} of a read of {form} rows at "
                        f"offset {offset}, is {found:#x}, not {data[byte]:#x}: {self._at()}"
                    )


@cocotb.test()
async def keeps_rows_until_released(top: Any) -> None:
    """Rows are taken while the ring has room, and read the same until they are released.

    Parameters: ``lanes`` and ``latency`` of the component; ``images``, the geometries; ``idle``,
    the source's pauses; ``release``, how probably rows are released in a clock, and ``ahead``,
    how probably then also rows that were not received yet; ``covers``, what must have happened:
    names among ``one``, ``two``, ``four`` (reads of so many rows), ``full`` and ``ahead``;
    ``stream_waits``, whether a word may have to wait within an image.
    """
    values = parameters()
    for name in ("height", "row_words", "pitch", "ring_rows", "image_unsigned"):
        getattr(top, name).value = 0
    for name in ("start", "released", "rows", "offset", "four"):
        getattr(top, name).value = 0
    source = StreamSource(top, "image", Pause(values["idle"], f"{cocotb.RANDOM_SEED} idle"))
    await start_clock(top)
    bench = _Bench(top, values)
    cocotb.start_soon(bench.watch_stream())
    await bench.run(source)
    assert source.waiting == 0, f"{source.waiting} words were not taken"
    seen = {**bench.reads, "full": bench.full_clocks, "ahead": bench.clocks_ahead}
    for what in values["covers"]:
        assert seen.get(what, 0) >= 20, f"too rare, {what}: {seen} (seed {cocotb.RANDOM_SEED})"
    if not values["stream_waits"]:
        # Between images: the last row's way to `received`, then the start.
        most = values["clocks_between"] * len(values["images"])
        assert bench.idle_clocks <= most, f"the stream waited {bench.idle_clocks} clocks"
