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
        # Words of a row, of those that are claimed and of those that are written: where they
        # differ, `earlier` rows are still to be written before the change.
        size, written_size = Signal(2, name="size_now"), Signal(2, name="written_size")
        self.words, words = Signal(3), Signal(3)
        m.d.comb += [self.words.eq(size + 1), words.eq(written_size + 1)]
        layer = Signal(buffer.layer.shape(), name="layer_now")
        m.d.comb += [
            layer.eq(harness.free(layer.shape(), "layer")),
            layer.result_words.eq(written_size),
        ]
        harness.drive(buffer.layer, layer)
        harness.drive(buffer.claimed_words, size)
        self.claimed = Signal(range(8))
        # Rows that are claimed and not written, and those on their way to being complete.
        open_rows, earlier = Signal(range(8)), Signal(range(8))
        behind = Signal(name="behind")
        ending = sum(signal(f"ends_{stage}") for stage in range(6))
        ended = signal("ends_5_later")
        self.age = Signal(range(4))
        self.waits = Signal(range(3))
        changes = harness.free(1, "changes") & ~behind & ~signal("claim_later") & (self.age == 3)
        follows = harness.free(1, "follows") & behind & (earlier == 0) & (ending == 0) & ~ended
        self.claim = (
            harness.free(1, "take") & buffer.room & (self.waits == 0) & (self.age == 3) & ~changes
        )
        harness.drive(buffer.claim, self.claim)
        # A row ends only after its claim.
        mine = Mux(behind, earlier, open_rows)
        writes = harness.free(1, "write_valid") & (mine != 0)
        harness.drive(buffer.write_valid, writes)
        self.freed = signal("fetch")
        ends = writes & buffer.write.row_end
        m.d.sync += [
            self.age.eq(Mux(changes, 0, Mux(self.age == 3, 3, self.age + 1))),
            self.waits.eq(Mux(self.claim, 2, Mux(self.waits == 0, 0, self.waits - 1))),
            self.claimed.eq(self.claimed + Mux(self.claim, self.words, 0) - self.freed),
            open_rows.eq(open_rows + self.claim - (ends & ~behind)),
            earlier.eq(earlier - (ends & behind)),
        ]
        with m.If(changes):
            m.d.sync += [
                size.eq(harness.free(2, "size")), behind.eq(1), open_rows.eq(0),
                earlier.eq(open_rows - ends),
            ]  # fmt: skip
        with m.If(follows):
            m.d.sync += [written_size.eq(size), behind.eq(0)]
        # What helps the proofs: the counts of the buffer are those of its rows.
        pitch, claims, most = signal("pitch"), signal("claims"), signal("most")
        added = signal("added")
        self.counts_agree = (
            ((pitch == words) | ((ending == 0) & ~ended))
            & ((self.age == 0) | (claims == self.words))
            & (self.claimed <= _WORDS)
            & ((self.age < 2) | (most == _WORDS - self.words))
            & (signal("held") + Mux(signal("claim_later"), self.words, 0) == self.claimed)
            & (
                self.claimed
                == signal("complete")
                + self.freed
                + added
                + _times(ending + Mux(behind, earlier, open_rows), words)
                + Mux(behind, _times(open_rows, self.words), 0)
            )
            & (behind | ((size == written_size) & (earlier == 0)))
            & (added == Mux(ended, pitch, 0))
            & (~signal("sending") | signal("complete").any())
            & (signal("claim_later") == (self.waits == 2))
            & ((self.waits != 2) | open_rows.any())
            & ((self.age == 3) | behind | ((open_rows == 0) & (ending == 0)))
            & (~(buffer.room & (self.waits == 0) & (self.age == 3)) | (signal("held") <= most))
            & (self.waits != 3)
        )


def _times(rows, words):
    return sum(Mux(rows[bit], words << bit, 0) for bit in range(len(rows)))


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
