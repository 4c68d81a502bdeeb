# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Drivers of streams for cocotb benches: source, sink and monitor, with random pauses.

Python is awake at each clock edge, some 50,000 words a second: right for blocks. Long runs
belong to `streams`. Words are integers, the bits of the payload. At a rising edge signals are
read as they were before it, and written as they are after it.
"""

import random
from collections import deque
from collections.abc import Iterable
from typing import Any

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles, RisingEdge

__all__ = ["Pause", "StreamMonitor", "StreamSink", "StreamSource", "start_clock"]

_RESET_CYCLES = 4


async def start_clock(top: Any) -> None:
    """Starts the clock ``clk`` of ``top``, and holds ``rst`` for four cycles."""
    top.rst.value = 1
    Clock(top.clk, 2, "step").start(start_high=False)
    await ClockCycles(top.clk, _RESET_CYCLES)
    top.rst.value = 0


class Pause:
    """A generator of pauses: each call is true with ``probability``, by ``seed``."""

    def __init__(self, probability: float = 0.0, seed: int | str = 0):
        if not 0 <= probability < 1:
            raise ValueError(f"probability must be at least 0 and less than 1, not {probability!r}")
        self._probability = probability
        self._random = random.Random(seed)

    def __call__(self) -> bool:
        return self._random.random() < self._probability


class _Stream:
    """The handles of the stream port called ``name``."""

    def __init__(self, top: Any, name: str):
        self.name = name
        self.clock = top.clk
        self.reset = top.rst
        self.payload = getattr(top, f"{name}__payload")
        self.valid = getattr(top, f"{name}__valid")
        self.ready = getattr(top, f"{name}__ready")

    def transfers(self) -> bool:
        """Whether the edge that just rose transfers a word."""
        return bool(self.valid.value) and bool(self.ready.value) and not self.reset.value


class StreamSource:
    """Sends queued words into an input stream, with a ``pause`` where that says so.

    While ``valid`` is low the payload is the complement of the last word, so that a component
    that reads it then fails.
    """

    def __init__(self, top: Any, name: str, pause: Pause | None = None):
        self._stream = _Stream(top, name)
        self._pause = pause or Pause()
        self._queue: deque[int] = deque()
        self._mask = (1 << len(self._stream.payload)) - 1
        self._stream.valid.value = 0
        self._stream.payload.value = 0
        cocotb.start_soon(self._drive())

    def send(self, words: Iterable[int]) -> None:
        """Appends ``words`` to the queue."""
        self._queue.extend(words)

    @property
    def waiting(self) -> int:
        """The words that were not taken yet."""
        return len(self._queue)

    async def sent(self, timeout_cycles: int) -> None:
        """Returns when all words were taken; ``AssertionError`` after ``timeout_cycles``."""
        for _ in range(timeout_cycles):
            if not self._queue:
                return
            await RisingEdge(self._stream.clock)
        raise AssertionError(
            f"source {self._stream.name} has {len(self._queue)} words left "
            f"after {timeout_cycles} cycles"
        )

    async def _drive(self) -> None:
        stream, shown = self._stream, False
        while True:
            await RisingEdge(stream.clock)
            if shown and stream.transfers():
                word = self._queue.popleft()
                shown = False
                stream.payload.value = ~word & self._mask
            if not shown:
                shown = bool(self._queue) and not stream.reset.value and not self._pause()
                if shown:
                    stream.payload.value = self._queue[0]
                stream.valid.value = int(shown)


class StreamSink:
    """Takes words from an output stream, not ready where ``pause`` says so."""

    def __init__(self, top: Any, name: str, pause: Pause | None = None):
        self._stream = _Stream(top, name)
        self._pause = pause or Pause()
        self._words: deque[int] = deque()
        self._stream.ready.value = 0
        cocotb.start_soon(self._drive())

    async def receive(self, count: int, timeout_cycles: int) -> list[int]:
        """The next ``count`` words; ``AssertionError`` after ``timeout_cycles`` without them."""
        for _ in range(timeout_cycles):
            if len(self._words) >= count:
                break
            await RisingEdge(self._stream.clock)
        else:
            raise AssertionError(
                f"sink {self._stream.name} has {len(self._words)} of {count} words "
                f"after {timeout_cycles} cycles"
            )
        return [self._words.popleft() for _ in range(count)]

    async def expect_nothing(self, cycles: int) -> None:
        """``AssertionError`` where a word waits or comes in ``cycles``."""
        await ClockCycles(self._stream.clock, cycles)
        if self._words:
            raise AssertionError(
                f"sink {self._stream.name} has {len(self._words)} surplus words, "
                f"the first is {self._words[0]:#x}"
            )

    async def _drive(self) -> None:
        stream = self._stream
        while True:
            await RisingEdge(stream.clock)
            if stream.transfers():
                self._words.append(int(stream.payload.value))
            stream.ready.value = int(not self._pause())


class StreamMonitor:
    """Records the words that pass through a stream in ``words``, and fails the test where the
    stream takes back ``valid`` or changes its payload before ``ready``."""

    def __init__(self, top: Any, name: str):
        self.words: list[int] = []
        self._stream = _Stream(top, name)
        cocotb.start_soon(self._watch())

    async def _watch(self) -> None:
        stream = self._stream
        held: int | None = None
        while True:
            await RisingEdge(stream.clock)
            if stream.reset.value:
                held = None
                continue
            valid = bool(stream.valid.value)
            word = int(stream.payload.value) if valid else None
            if held is not None and word != held:
                raise AssertionError(
                    f"stream {stream.name} takes back valid or changes its payload "
                    f"before ready, after {len(self.words)} words"
                )
            if valid and stream.ready.value:
                self.words.append(int(stream.payload.value))
                held = None
            else:
                held = word
