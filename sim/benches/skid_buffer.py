# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Testbench of a block that passes the words of a stream on: ``i`` in, the same words ``o``."""

import random
from typing import Any

import cocotb
from cocotb.utils import get_sim_time

from macaw.sim.drivers import Pause, StreamMonitor, StreamSink, StreamSource, start_clock
from macaw.sim.run import parameters

__all__ = ["check_passes_words_on", "passes_words_on"]


@cocotb.test()
async def passes_words_on(top: Any) -> None:
    """What `check_passes_words_on` asks for."""
    await check_passes_words_on(top)


async def check_passes_words_on(top: Any) -> None:
    """All words, in order, under the pauses of the parameters ``idle`` and ``stall``; without
    pauses in one cycle a word, and a latency of one cycle."""
    values = parameters()
    seed = cocotb.RANDOM_SEED
    count, idle, stall = values["words"], values["idle"], values["stall"]
    source = StreamSource(top, "i", Pause(idle, f"{seed} idle"))
    sink = StreamSink(top, "o", Pause(stall, f"{seed} stall"))
    entered, left = StreamMonitor(top, "i"), StreamMonitor(top, "o")
    await start_clock(top)

    generator = random.Random(seed)
    words = [generator.getrandbits(len(top.i__payload)) for _ in range(count)]
    source.send(words)
    started = get_sim_time("step")
    received = await sink.receive(count, timeout_cycles=100 * count + 100)
    cycles = (get_sim_time("step") - started) // 2
    await source.sent(timeout_cycles=1)
    await sink.expect_nothing(cycles=8)

    assert entered.words == words, "the source sent other words than it was given"
    assert left.words == received, "monitor and sink disagree"
    wrong = next((index for index in range(count) if received[index] != words[index]), None)
    assert wrong is None, (
        f"word {wrong} is {received[wrong]:#x}, not {words[wrong]:#x} (seed {seed})"
    )
    if not idle and not stall:
        # One cycle to show the first word, one of latency, one to take the last.
        assert cycles <= count + 3, f"{count} words took {cycles} cycles"
