# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The engines around the core: the rules of their streams, and what they promise of words."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from amaranth.hdl import Cat, Const, Mux, Signal

from macaw.arch import preset
from macaw.arch.machine import MachineConfig
from macaw.hw.machine.read_arbiter import ReadArbiter
from macaw.hw.machine.register_queue import RegisterQueue
from macaw.hw.machine.scatter import Scatter
from macaw.hw.machine.word_reader import WordReader
from macaw.prove.harness import Harness
from macaw.prove.properties import stated
from macaw.prove.solver import Method
from macaw.prove.streams import KEEPS, WAITS, keeps, waits_not

__all__ = ["MACHINE"]

_TINY = preset("tiny")
_CONFIG = MachineConfig(name="tiny", core=_TINY, tensor_words=192, queue=2)

#: Words of the tensor memory behind whose STORE a FETCH reads.
_TENSOR_WORDS = 8


def _register_queue(check: str) -> Callable[[bool], Harness]:
    def build(mutant: bool) -> Harness:
        harness = Harness(RegisterQueue(5, 3))
        queue, opened, m = harness.component, harness.opened, harness.m
        harness.offer(queue.i, "input")
        stored, some = opened.signal("stored"), opened.signal("some")
        if check == "keeps":
            if mutant:
                opened.override("goes", some)
            keeps(harness, queue.o)
        elif check == "waits":
            if mutant:
                opened.override("o__valid", 0, when=~queue.o.ready)
            waits_not(harness, queue.o, owed=stored != 0, clocks=1, helper=some == (stored != 0))
        else:
            # As many words are in it as came and have not left, and no more than it has places.
            if mutant:
                opened.override("full", 0)
            count = Signal(range(8))
            taken, given = queue.i.valid & queue.i.ready, queue.o.valid & queue.o.ready
            m.d.sync += count.eq(count + taken - given)
            full = opened.signal("full")
            harness.check(
                (count <= 3)
                & (count == stored + queue.o.valid)
                & (full == (stored == 2))
                & (some == (stored != 0))
            )
        return harness

    return build


def _scatter(mutant: bool) -> Harness:
    harness = Harness(Scatter(_CONFIG))
    scatter, opened = harness.component, harness.opened
    harness.offer(scatter.i, "input")
    if mutant:
        opened.override("o__valid", 0, when=~scatter.o.ready)
    keeps(harness, scatter.o)
    return harness


def _arbiter(mutant: bool) -> Harness:
    harness = Harness(ReadArbiter(_CONFIG, 3))
    arbiter, opened = harness.component, harness.opened
    for index in range(3):
        harness.offer(arbiter.reads[index], f"read_{index}")
    harness.offer(arbiter.arriving, "word")
    if mutant:
        opened.override("free", 1)
    keeps(harness, arbiter.read)
    return harness


def _reader_stays(mutant: bool) -> Harness:
    harness = Harness(WordReader(_CONFIG, depth=16, runs=True, tail=True))
    reader = harness.component
    harness.offer(reader.span, "span")
    if mutant:
        harness.opened.override("read__valid", 0, when=reader.words.valid)
    keeps(harness, reader.read, reader.o)
    return harness


class _Reader:
    """A reader of the memory outside. ``owed`` are words that it has asked for and that have not
    come; ``adds_up`` says that these, places, and words that are kept are as many as they were."""

    def __init__(self) -> None:
        self.harness = harness = Harness(WordReader(_CONFIG, depth=16, runs=True, tail=True))
        self.component = reader = harness.component
        harness.offer(reader.span, "span")
        signal = harness.opened.signal
        self.owed = owed = Signal(range(64), name="owed")
        comes = reader.words.valid & reader.words.ready
        harness.drive(reader.words.valid, harness.free(1, "comes") & (owed != 0))
        harness.m.d.sync += owed.eq(owed + signal("asked") - comes)
        credit, stored = signal("credit"), signal("room.stored")
        held = stored + reader.o.valid
        self.adds_up = (
            (credit + owed + held == Mux(credit.any(), credit.init, 16))
            & (signal("room.some") == (stored != 0))
            & (signal("room.full") == (stored == 16))
        )


def _reader(mutant: bool) -> Harness:
    """No more words are asked for than there are places: none that comes has to wait."""
    beside = _Reader()
    if mutant:
        beside.harness.opened.override("taken", 1)
    beside.harness.check(beside.adds_up)
    return beside.harness


def _turns(mutant: bool) -> Harness:
    """The tail begins when all words of the head have come: they cannot be overtaken."""
    beside = _Reader()
    harness, owed = beside.harness, beside.owed
    signal = harness.opened.signal
    if mutant:
        harness.opened.override("settled", 1, when=signal("more") == 1)
    due, left, more = signal("due"), signal("left"), signal("more")
    helper = (due == left + more + owed) & (~signal("settled") | (owed == 0))
    helper &= ~beside.component.idle | (due == 0)
    harness.check(owed == 0, when=signal("turns"), helper=helper & beside.adds_up)
    return harness


def _follows(mutant: bool) -> Harness:
    """Words of the tensor memory are read behind those that a STORE writes."""
    config = replace(_CONFIG)
    # Fewer words than a machine may have, of which the search would know no end.
    object.__setattr__(config, "tensor_words", _TENSOR_WORDS)
    harness = Harness(WordReader(config, depth=16, tensor=True, runs=True))
    reader, opened, m = harness.component, harness.opened, harness.m
    harness.cut("room")
    # Spans lie within the tensor memory, and runs have a word or more.
    run = harness.free(2, "run")
    span = Signal(reader.span.payload.shape(), name="span")
    m.d.comb += [
        span.address.eq(Cat(harness.free(2, "word"), Const(0, 22), harness.free(1, "space"))),
        span.count.eq(harness.free(2, "count")),
        span.run.eq(Mux(run == 0, 1, run)),
        span.skip.eq(harness.free(1, "skip")),
    ]
    harness.drive(reader.span.valid, harness.free(1, "asks"))
    harness.drive(reader.span.payload, span)
    left, more, outside = (opened.signal(name) for name in ("left", "more", "outside"))
    if mutant:
        opened.override("written", 1, when=left == 3)
    # The STORE begins while nothing is read, writes word by word, and ends behind its last one.
    busy, place, end = Signal(name="storing"), Signal(4, name="place"), Signal(4, name="end")
    storing = Signal(reader.storing.shape(), name="storing_now")
    m.d.comb += [storing.busy.eq(busy), storing.next.eq(place), storing.end.eq(end)]
    harness.drive(reader.storing, storing)
    taken = reader.span.valid & reader.span.ready
    begins = harness.free(1, "begins") & ~busy & (left == 0) & (more == 0) & ~taken
    writes = harness.free(1, "writes") & busy & (place != end)
    with m.If(begins):
        first = harness.free(2, "first")
        m.d.sync += [busy.eq(1), place.eq(first), end.eq(first + harness.free(2, "size"))]
    with m.Else():
        m.d.sync += [
            place.eq(place + writes),
            busy.eq(busy & ~((place == end) & harness.free(1, "ends"))),
        ]
    word = reader.address
    unwritten = busy & (word >= place) & (word < end)
    # What helps the proof: the register says so of the next word that is asked for.
    helper = (~opened.signal("written") | (left == 0) | outside | ~unwritten) & (place <= end)
    run, skip = opened.signal("run"), opened.signal("skip")
    small = (left + more < 4) & ((more == 0) | ((run != 0) & (skip < 2)))
    reach = word + left[:2] + more[:2] + Mux(skip[0], more[:2], 0)
    inside = small & (outside | (reach <= _TENSOR_WORDS))
    harness.check(~(reader.address_valid & unwritten) & (helper | ~busy) & inside)
    return harness


_of = partial(stated, config=_TINY)

#: The properties of the machine's components.
MACHINE = (
    _of("RegisterQueue", "output stays", KEEPS, _register_queue("keeps"), size="3 words"),
    _of(
        "RegisterQueue",
        "valid first",
        f"{WAITS}: a stored word is offered in the next clock",
        _register_queue("waits"),
        size="3 words",
    ),
    _of(
        "RegisterQueue",
        "places",
        "as many words are in it as came and have not left, and never more than places",
        _register_queue("places"),
        size="3 words",
    ),
    _of("Scatter", "output stays", KEEPS, _scatter),
    _of("ReadArbiter", "output stays", KEEPS, _arbiter, size="3 readers"),
    _of("WordReader", "output stays", KEEPS, _reader_stays, size="16 words"),
    _of(
        "WordReader",
        "credit",
        "places, words asked for and words kept add up: no word has to wait in the memory",
        _reader,
        size="16 words",
    ),
    _of(
        "WordReader",
        "tail",
        "the tail of a span is asked for when all words of its head have come",
        _turns,
        size="16 words",
        method=Method.INDUCTION,
    ),
    _of(
        "WordReader",
        "follows",
        "no word of the tensor memory is read that a STORE begun before has still to write",
        _follows,
        size=f"{_TENSOR_WORDS} words",
    ),
)
