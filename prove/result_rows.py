# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The result buffer's room: rows of changing sizes, claimed, completed and fetched word by word."""

from dataclasses import replace
from functools import partial

from amaranth.hdl import Mux, Signal

from macaw.arch import preset
from macaw.hw.result_buffer import ResultBuffer
from macaw.prove.harness import Harness
from macaw.prove.properties import stated
from macaw.prove.queues import counted

__all__ = ["RESULT_ROWS"]

_TINY = preset("tiny")

#: Words of the result buffer. A core has sixteen at least, and the search would take hours.
_WORDS = 4

#: Clocks after which words that have left must show as room.
_ROOM_CLOCKS = 4


class _Rows:
    """A result buffer with rows claimed and completed by its contract, and their words: those
    ``claimed`` that have not been fetched, each row of ``words``, which change between layers."""

    def __init__(self) -> None:
        memory = replace(_TINY.memory)
        object.__setattr__(memory, "result_words", _WORDS)
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
            & (self.claimed <= _WORDS)
            & ((self.age < 2) | (most == _WORDS - self.words))
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


def _result_rows(mutant: bool) -> Harness:
    rows = _Rows()
    if mutant:
        held = rows.harness.opened.signal("held")
        most = rows.harness.opened.signal("most")
        rows.harness.opened.override("room", held <= most + 1)
    rows.harness.check(rows.counts_agree & (rows.claimed <= _WORDS))
    return rows.harness


def _result_full(mutant: bool) -> Harness:
    """All words claimed at once, which a ring of fewer never shows."""
    rows = _Rows()
    if mutant:
        last = rows.claimed + rows.words == _WORDS
        rows.harness.opened.override("room", 0, when=last)
    rows.harness.check(rows.claimed < _WORDS)
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
    spare = (rows.claimed + rows.words <= _WORDS) & ~rows.claim & (rows.age == 3)
    spare = counted(harness, "spare", _ROOM_CLOCKS, spare)
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


_of = partial(
    stated,
    "ResultBuffer",
    size=f"a ring of {_WORDS} words, rows of up to four, others in each layer",
    config=_TINY,
)

#: The properties of the result buffer's rows.
RESULT_ROWS = (
    _of("rows", "no more words are claimed than the ring holds", _result_rows),
    _of("all rows", "all words of a ring can be claimed at once", _result_full, reaches=True),
    _of("complete rows", "no word is fetched of a row that is not complete", _result_complete),
    _of("room returns", "words that have left are room again within 4 clocks", _result_room),
    _of("room stays", "room stays until a row is claimed", _result_room_stays),
)
