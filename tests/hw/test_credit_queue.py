# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Words that come a while after their places were taken leave in their order, and none is lost."""

import random
from collections import deque

import pytest
from amaranth.sim import Simulator

from macaw.hw.credit_queue import CreditQueue

SEED = 20261125


def run(queue, *, lead, latency, stall, clocks=3000):
    """(words in, words out, most places in use) of a queue whose places are taken whenever it
    says so, each word ``latency`` clocks after its place."""
    generator = random.Random(SEED)
    sent, received = [], []
    most = 0

    async def bench(context):
        nonlocal most
        said, under_way = deque([0] * (lead + 1)), deque([0] * latency)
        in_use = 0
        for _ in range(clocks):
            said.append(context.get(queue.available))
            take = said[-1 - lead] and generator.random() > 0.1
            under_way.append(take)
            write = under_way.popleft()
            word = generator.getrandbits(8)
            ready = generator.random() >= stall
            context.set(queue.take, take)
            context.set(queue.write, write)
            context.set(queue.word, word)
            context.set(queue.o.ready, ready)
            if write:
                sent.append(word)
            gone = ready and context.get(queue.o.valid)
            if gone:
                received.append(context.get(queue.o.payload))
            in_use += take
            most = max(most, in_use)
            in_use -= bool(gone)
            await context.tick()

    simulator = Simulator(queue)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()
    return sent, received, most


@pytest.mark.parametrize("stall", [0.0, 0.3, 0.95])
@pytest.mark.parametrize(
    ("lead", "latency", "depth"), [(0, 1, 4), (0, 3, 16), (1, 4, 16), (2, 2, 7)]
)
def test_words_leave_in_their_order(lead, latency, depth, stall):
    queue = CreditQueue(8, lead=lead, depth=depth)
    sent, received, most = run(queue, lead=lead, latency=latency, stall=stall)
    assert received == sent[: len(received)]
    assert len(sent) - len(received) <= depth
    # All places but those that a late decision could take as well.
    assert depth - 1 - lead <= most <= depth or stall == 0.0


def test_a_reader_that_never_waits_gets_a_word_a_clock():
    queue = CreditQueue(8, depth=16)
    sent, received, _ = run(queue, lead=0, latency=4, stall=0.0)
    assert len(received) > 0.88 * 3000
    assert len(sent) - len(received) < 16


@pytest.mark.parametrize(
    ("name", "value"), [("depth", 3), ("depth", 1025), ("lead", -1), ("lead", 15)]
)
def test_refuses(name, value):
    with pytest.raises(ValueError, match=name):
        CreditQueue(8, **{"depth": 16, name: value})
