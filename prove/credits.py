# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Credits: what one block may send and another has room for never overflows and never leaks.

Each block is proved with an environment that keeps to its contract; that the blocks are such
environments of each other is proved as well: claims of rows, and entries into column groups.
"""

from functools import partial

from amaranth.hdl import Mux, Signal

from macaw.arch import preset
from macaw.hw.result_buffer import ResultBuffer
from macaw.hw.step_fetcher import StepFetcher
from macaw.prove.harness import Harness
from macaw.prove.properties import stated
from macaw.prove.queues import places_agree, queue_level

__all__ = ["CREDITS"]

_TINY = preset("tiny")

#: The registers that a step and a word of the result pass on their way to the queue.
_ISSUED = ("issue_later", "issue_later_later")
_FETCHED = ("fetch_later", "fetch_later_later", "fetch_later_later_later")

#: Clocks from one claim of a row to the next at least, as `StepFetcher` makes them.
_CLAIM_CLOCKS = 5


def _fetcher_queue(mutant: bool) -> Harness:
    harness = Harness(StepFetcher(_TINY))
    fetcher = harness.component
    harness.cut("ram")
    if mutant:
        budget, issue = harness.opened.signal("queue.budget"), harness.opened.signal("issue")
        taken = fetcher.steps.valid & fetcher.steps.ready
        harness.opened.override("queue.budget", budget + 1, when=taken & issue)
    harness.check(places_agree(harness, _ISSUED))
    return harness


def _fetcher_overflow(mutant: bool) -> Harness:
    harness = Harness(StepFetcher(_TINY))
    signal = harness.opened.signal
    harness.cut("ram")
    if mutant:
        harness.opened.override("queue.available", signal("queue.budget") != 0)
    overflow = signal("queue.write") & (queue_level(harness) == signal("queue.budget").init)
    harness.check(places_agree(harness, _ISSUED) & ~overflow)
    return harness


def _fetcher_claims(mutant: bool) -> Harness:
    harness = Harness(StepFetcher(_TINY))
    fetcher, m = harness.component, harness.m
    harness.cut("ram")
    if mutant:
        harness.opened.override("settled", 3)
    room = harness.past(harness.past(fetcher.room, "room_before"), "room_earlier")
    free = Signal(range(_CLAIM_CLOCKS), init=_CLAIM_CLOCKS - 1)
    m.d.sync += free.eq(Mux(fetcher.claim, 0, Mux(free == _CLAIM_CLOCKS - 1, free, free + 1)))
    harness.check(room & (free == _CLAIM_CLOCKS - 1), when=fetcher.claim)
    return harness


def _fetcher_enters(mutant: bool) -> Harness:
    harness = Harness(StepFetcher(_TINY))
    fetcher, signal = harness.component, harness.opened.signal
    harness.cut("ram")
    if mutant:
        harness.opened.override("may_begin", signal("active"))
    before = harness.past(fetcher.loaded & ~fetcher.enter, "loaded_before")
    harness.check(before, when=fetcher.enter)
    return harness


def _result_queue(mutant: bool) -> Harness:
    harness = Harness(ResultBuffer(_TINY))
    buffer = harness.component
    harness.cut("bank_0", "bank_1")
    sends = buffer.result.valid & buffer.result.ready
    if mutant:
        budget = harness.opened.signal("queue.budget")
        harness.opened.override("queue.budget", budget + 1, when=sends)
    harness.check(places_agree(harness, _FETCHED))
    return harness


def _result_overflow(mutant: bool) -> Harness:
    harness = Harness(ResultBuffer(_TINY))
    signal = harness.opened.signal
    harness.cut("bank_0", "bank_1")
    if mutant:
        harness.opened.override("fetch", 1, when=signal("queue.budget") == 0)
    overflow = signal("queue.write") & (queue_level(harness) == signal("queue.budget").init)
    harness.check(places_agree(harness, _FETCHED) & ~overflow)
    return harness


_of = partial(stated, config=_TINY)

#: The properties of credits.
CREDITS = (
    _of(
        "StepFetcher", "queue credits",
        "budget, entries under way and entries in the queue are always its 16 places",
        _fetcher_queue,
    ),
    _of(
        "StepFetcher", "queue room", "no entry comes while the queue is full", _fetcher_overflow
    ),
    _of(
        "StepFetcher", "claims",
        "a row is claimed with room seen two clocks before, five clocks after the last claim",
        _fetcher_claims,
    ),
    _of(
        "StepFetcher", "enters",
        "a group is entered that was loaded, and not entered, the clock before",
        _fetcher_enters,
    ),
    _of(
        "ResultBuffer", "queue credits",
        "budget, words under way and words in the queue are always its 16 places",
        _result_queue,
    ),
    _of(
        "ResultBuffer", "queue room", "no word comes while the queue is full", _result_overflow
    ),
)  # fmt: skip
