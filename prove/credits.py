# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Credits: what one block may send and another has room for never overflows and never leaks.

Each block is proved with an environment that keeps to its contract; that the blocks are such
environments of each other is proved as well: claims of rows, and entries into column groups.
"""

from functools import partial

from amaranth.hdl import Mux, Signal

from macaw.arch import preset
from macaw.hw.parameter_store import ParameterStore
from macaw.hw.result_buffer import ResultBuffer
from macaw.hw.step_fetcher import StepFetcher
from macaw.prove.harness import Harness
from macaw.prove.properties import stated
from macaw.prove.queues import counted, places_agree, queue_level

__all__ = ["CREDITS"]

_TINY = preset("tiny")

#: The registers that a step and a word of the result pass on their way to the queue.
_ISSUED = ("issue_later", "issue_later_later")
_FETCHED = ("fetch_later", "fetch_later_later", "fetch_later_later_later")

#: Clocks from one claim of a row to the next at least, as `StepFetcher` makes them.
_CLAIM_CLOCKS = 5

#: Clocks in which a group of four entries is loaded, on its way at the least, into a free half of
#: the parameter store.
_LOAD_CLOCKS = 7


def _small(harness: Harness, layer: Signal, **bits: int) -> Signal:
    """A descriptor of anything, in which some fields are in 1 ... 2**bits or, if negative, in
    0 ... 2**-bits - 1."""
    small = Signal(layer.shape(), name="small")
    harness.m.d.comb += small.eq(harness.constant(layer.shape(), "layer"))
    for name, count in bits.items():
        value = harness.constant(abs(count), name)
        harness.m.d.comb += small[name].eq(value + (count > 0))
    return small


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


class _Groups:
    """A parameter store whose groups are entered and left by its contract, and their count."""

    def __init__(self) -> None:
        self.harness = harness = Harness(ParameterStore(_TINY))
        self.store = store = harness.component
        m = harness.m
        harness.cut("ram")
        self.layer = _small(
            harness, store.layer,
            outer_groups=-1, inner_groups=-1,
            group_channels=2, inner_channels=2, final_channels=2,
        )  # fmt: skip
        harness.drive(store.layer, self.layer)
        self.inside = Signal(range(4))
        self.started = Signal()
        again = (self.inside == 0) & harness.past(1, "settled")
        self.start = harness.free(1, "begin") & again
        harness.drive(store.start, self.start)
        before = harness.past(store.loaded & ~store.enter & ~self.start, "loaded_before")
        self.enter = harness.free(1, "take") & before & ~self.start
        harness.drive(store.enter, self.enter)
        self.leave = harness.free(1, "give") & (self.inside != 0) & ~self.start
        harness.drive(store.leave, self.leave)
        m.d.sync += [
            self.started.eq(self.started | self.start),
            self.inside.eq(self.inside + self.enter - self.leave),
        ]


def _store_counts(mutant: bool) -> Harness:
    groups = _Groups()
    harness, signal = groups.harness, groups.harness.opened.signal
    in_use, ready = signal("in_use"), signal("ready")
    if mutant:
        harness.opened.override(
            "ready", ready + 1, when=signal("read") & signal("final") & groups.enter
        )
    harness.check(
        (in_use == groups.inside + ready) & (in_use <= 2) & (groups.store.loaded == (ready != 0))
    )
    return harness


def _store_halves(mutant: bool) -> Harness:
    groups = _Groups()
    harness, signal = groups.harness, groups.harness.opened.signal
    if mutant:
        harness.opened.override("in_use", 0, when=groups.leave)
    taken = harness.past(groups.inside + signal("ready"), "taken")
    harness.check(taken < 2, when=signal("arrives_0"))
    return harness


def _store_loads(mutant: bool) -> Harness:
    groups = _Groups()
    harness, signal = groups.harness, groups.harness.opened.signal
    if mutant:
        in_use, ends = signal("in_use"), signal("read") & signal("final")
        harness.opened.override("in_use", in_use + 1, when=groups.leave & ends)
    spare = groups.started & ~groups.start & (groups.inside < 2) & ~groups.enter
    harness.check(groups.store.loaded, when=counted(harness, "spare", _LOAD_CLOCKS, spare))
    return harness


def _store_loaded_stays(mutant: bool) -> Harness:
    groups = _Groups()
    harness, store = groups.harness, groups.store
    if mutant:
        harness.opened.override("loaded", 0, when=groups.leave)
    before = harness.past(store.loaded & ~groups.enter & ~groups.start, "loaded_till_now")
    harness.check(store.loaded, when=before)
    return harness


def _store_both(mutant: bool) -> Harness:
    """One group entered and the next one loaded, while a third cannot be."""
    groups = _Groups()
    harness = groups.harness
    if mutant:
        harness.opened.override("loaded", 0, when=(groups.inside != 0) | groups.enter)
    harness.check(~((groups.inside == 1) & groups.store.loaded))
    return harness


_of = partial(stated, config=_TINY)

_GROUPS = "up to four column groups of up to four entries"

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
    _of(
        "ParameterStore", "counts",
        "halves in use are the groups entered and ready, at most two",
        _store_counts, _GROUPS,
    ),
    _of(
        "ParameterStore", "halves", "nothing is copied while both halves are in use",
        _store_halves, _GROUPS,
    ),
    _of(
        "ParameterStore", "next group",
        f"with a half free, the next group of up to four is loaded in {_LOAD_CLOCKS} clocks",
        _store_loads, _GROUPS,
    ),
    _of(
        "ParameterStore", "loaded stays", "a loaded group stays until it is entered",
        _store_loaded_stays, _GROUPS,
    ),
    _of(
        "ParameterStore", "both halves", "a group is ready while another one is in use",
        _store_both, _GROUPS, reaches=True,
    ),
)  # fmt: skip
