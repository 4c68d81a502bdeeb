# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Credits: what one block may send and another has room for never overflows and never leaks.

Each block is proved with an environment that keeps to its contract; that the blocks are such
environments of each other is proved as well: claims of rows, and entries into column groups.
"""

from collections.abc import Callable
from dataclasses import replace

from amaranth.hdl import Mux, Signal

from macaw.arch import preset
from macaw.hw.parameter_store import ParameterStore
from macaw.hw.result_buffer import ResultBuffer
from macaw.hw.step_fetcher import StepFetcher
from macaw.prove.harness import Harness
from macaw.prove.properties import Property
from macaw.prove.queues import places_agree, queue_level
from macaw.prove.solver import Method

__all__ = ["CREDITS"]

_TINY = preset("tiny")

#: The registers that a step and a word of the result pass on their way to the queue.
_ISSUED = ("issue_later", "issue_later_later")
_FETCHED = ("fetch_later", "fetch_later_later", "fetch_later_later_later")

#: Clocks from one claim of a row to the next at least, as `StepFetcher` makes them.
_CLAIM_CLOCKS = 5

#: Words of the result buffer in the proofs of its rows.
_RESULT_WORDS = 4

#: Clocks after which words that have left must show as room.
_ROOM_CLOCKS = 4

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


def _counted(harness: Harness, name: str, clocks: int, condition) -> Signal:
    """Whether ``condition`` held in each of the last ``clocks`` clocks."""
    count = Signal(range(clocks + 1), name=name)
    harness.m.d.sync += count.eq(Mux(condition, Mux(count == clocks, clocks, count + 1), 0))
    return count == clocks


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


class _Rows:
    """A result buffer with rows claimed and completed by its contract, and their words: those
    ``claimed`` that have not been fetched, each row of ``words``, which change between layers."""

    def __init__(self) -> None:
        memory = replace(_TINY.memory)
        # A core has sixteen words at least, of which the search knows no end.
        object.__setattr__(memory, "result_words", _RESULT_WORDS)
        self.harness = harness = Harness(ResultBuffer(replace(_TINY, memory=memory)))
        self.buffer = buffer = harness.component
        m, signal = harness.m, harness.opened.signal
        harness.cut("bank_0", "bank_1")
        size, self.words = Signal(2), Signal(3)
        m.d.comb += self.words.eq(size + 1)
        layer = Signal(buffer.layer.shape(), name="layer_now")
        m.d.comb += [layer.eq(harness.free(layer.shape(), "layer")), layer.result_words.eq(size)]
        harness.drive(buffer.layer, layer)
        self.claimed = Signal(range(8))
        # Rows that are claimed and not written, and those on their way to being complete.
        open_rows = Signal(range(8))
        ending = sum(signal(f"ends_{stage}") for stage in range(6))
        quiet = (open_rows == 0) & (ending == 0)
        harness.drive(buffer.start, harness.free(1, "begin") & quiet)
        changes = harness.free(1, "changes") & quiet & ~signal("claim_later")
        self.age = Signal(range(4))
        self.waits = Signal(range(3))
        self.claim = (
            harness.free(1, "take") & buffer.room & (self.waits == 0) & (self.age == 3) & ~changes
        )
        harness.drive(buffer.claim, self.claim)
        # A row ends only after its claim.
        writes = harness.free(1, "write_valid") & (open_rows != 0)
        harness.drive(buffer.write_valid, writes)
        self.freed = signal("fetch")
        m.d.sync += [
            self.age.eq(Mux(changes, 0, Mux(self.age == 3, 3, self.age + 1))),
            self.waits.eq(Mux(self.claim, 2, Mux(self.waits == 0, 0, self.waits - 1))),
            self.claimed.eq(self.claimed + Mux(self.claim, self.words, 0) - self.freed),
            open_rows.eq(open_rows + self.claim - (writes & buffer.write.row_end)),
        ]
        with m.If(changes):
            m.d.sync += size.eq(harness.free(2, "size"))
        # What helps the proofs: the counts of the buffer are those of its rows.
        pitch, most, added = signal("pitch"), signal("most"), signal("added")
        times = sum(Mux((open_rows + ending)[bit], self.words << bit, 0) for bit in range(4))
        self.counts_agree = (
            Mux(self.age == 0, ~signal("ends_5_later"), pitch == self.words)
            & (self.claimed <= _RESULT_WORDS)
            & ((self.age < 2) | (most == _RESULT_WORDS - self.words))
            & (signal("held") + Mux(signal("claim_later"), self.words, 0) == self.claimed)
            & (self.claimed == signal("complete") + self.freed + added + times)
            & (added == Mux(signal("ends_5_later"), pitch, 0))
            & (~signal("sending") | signal("complete").any())
            & (signal("claim_later") == (self.waits == 2))
            & ((self.waits != 2) | open_rows.any())
            & ((self.age == 3) | quiet)
            & (~(buffer.room & (self.waits == 0) & (self.age == 3)) | (signal("held") <= most))
            & (self.waits != 3)
            & ((self.waits != 1) | open_rows.any() | signal("ends_0"))
        )


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


def _result_rows(mutant: bool) -> Harness:
    rows = _Rows()
    if mutant:
        held = rows.harness.opened.signal("held")
        most = rows.harness.opened.signal("most")
        rows.harness.opened.override("room", held <= most + 1)
    rows.harness.check(rows.counts_agree & (rows.claimed <= _RESULT_WORDS))
    return rows.harness


def _result_full(mutant: bool) -> Harness:
    """All words claimed at once, which a ring of fewer never shows."""
    rows = _Rows()
    if mutant:
        rows.harness.opened.override("room", 0, when=rows.claimed == _RESULT_WORDS - 1)
    rows.harness.check(rows.claimed < _RESULT_WORDS)
    return rows.harness


def _result_complete(mutant: bool) -> Harness:
    rows = _Rows()
    opened = rows.harness.opened
    if mutant:
        opened.override("complete", opened.signal("complete") + 1, when=rows.claim)
    decides, complete = opened.signal("decides"), opened.signal("complete")
    rows.harness.check(rows.counts_agree & (~decides | complete.any()))
    return rows.harness


def _result_room(mutant: bool) -> Harness:
    rows = _Rows()
    harness, opened = rows.harness, rows.harness.opened
    if mutant:
        held = opened.signal("held")
        opened.override("held", held + 1, when=opened.signal("claim_later") & rows.freed)
    spare = (rows.claimed + rows.words <= _RESULT_WORDS) & ~rows.claim & (rows.age == 3)
    spare = _counted(harness, "spare", _ROOM_CLOCKS, spare)
    harness.check(rows.counts_agree & (~spare | rows.buffer.room))
    return harness


def _result_room_stays(mutant: bool) -> Harness:
    rows = _Rows()
    harness, buffer = rows.harness, rows.buffer
    if mutant:
        harness.opened.override("room", 0, when=rows.freed)
    waits = rows.claim | (rows.waits != 0) | (rows.age != 3)
    settled = harness.past(buffer.room & ~waits, "room_before") & (rows.age == 3)
    harness.check(rows.counts_agree & (~settled | buffer.room))
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
    harness.check(groups.store.loaded, when=_counted(harness, "spare", _LOAD_CLOCKS, spare))
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


def _property(
    component: str, name: str, statement: str, harness: Callable[[bool], Harness], size: str = "",
    **more,
) -> Property:  # fmt: skip
    return Property(
        component=component, name=name, statement=statement, harness=harness, size=size,
        config=_TINY, method=Method.PROOF, **more,
    )  # fmt: skip


_ROWS = f"a ring of {_RESULT_WORDS} words, rows of up to four, others in each layer"
_GROUPS = "up to four column groups of up to four entries"

#: The properties of credits.
CREDITS = (
    _property(
        "StepFetcher", "queue credits",
        "budget, entries under way and entries in the queue are always its 16 places",
        _fetcher_queue,
    ),
    _property(
        "StepFetcher", "queue room", "no entry comes while the queue is full", _fetcher_overflow
    ),
    _property(
        "StepFetcher", "claims",
        "a row is claimed with room seen two clocks before, five clocks after the last claim",
        _fetcher_claims,
    ),
    _property(
        "StepFetcher", "enters",
        "a group is entered that was loaded, and not entered, the clock before",
        _fetcher_enters,
    ),
    _property(
        "ResultBuffer", "queue credits",
        "budget, words under way and words in the queue are always its 16 places",
        _result_queue,
    ),
    _property(
        "ResultBuffer", "queue room", "no word comes while the queue is full", _result_overflow
    ),
    _property(
        "ResultBuffer", "rows", "no more words are claimed than the ring holds",
        _result_rows, _ROWS,
    ),
    _property(
        "ResultBuffer", "all rows", "all words of a ring can be claimed at once",
        _result_full, _ROWS, reaches=True,
    ),
    _property(
        "ResultBuffer", "complete rows", "no word is fetched of a row that is not complete",
        _result_complete, _ROWS,
    ),
    _property(
        "ResultBuffer", "room returns", "words that have left are room again within 4 clocks",
        _result_room, _ROWS,
    ),
    _property(
        "ResultBuffer", "room stays", "room stays until a row is claimed", _result_room_stays, _ROWS
    ),
    _property(
        "ParameterStore", "counts",
        "halves in use are the groups entered and ready, at most two",
        _store_counts, _GROUPS,
    ),
    _property(
        "ParameterStore", "halves", "nothing is copied while both halves are in use",
        _store_halves, _GROUPS,
    ),
    _property(
        "ParameterStore", "next group",
        f"with a half free, the next group of up to four is loaded in {_LOAD_CLOCKS} clocks",
        _store_loads, _GROUPS,
    ),
    _property(
        "ParameterStore", "loaded stays", "a loaded group stays until it is entered",
        _store_loaded_stays, _GROUPS,
    ),
    _property(
        "ParameterStore", "both halves", "a group is ready while another one is in use",
        _store_both, _GROUPS, reaches=True,
    ),
)  # fmt: skip
