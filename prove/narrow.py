# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The blocks of the narrow core: what they take, what they offer, and rows that have room."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from amaranth.hdl import Mux, Signal

from macaw.arch import Mode, RequantizerConfig, WindowForm, preset
from macaw.hw.narrow.byte_rows import ByteRows
from macaw.hw.narrow.narrow_core import NarrowCore
from macaw.hw.narrow.row_buffer import RowBuffer
from macaw.hw.narrow.run_sequencer import RunSequencer
from macaw.prove.harness import Harness
from macaw.prove.images import IMAGE_SIZE, Image
from macaw.prove.properties import stated
from macaw.prove.solver import Method
from macaw.prove.streams import always_ready, waits_not

__all__ = ["NARROW"]

_TINY = preset("tiny")
_CONFIG = replace(
    _TINY,
    name="narrow tiny",
    array=replace(_TINY.array, window=WindowForm.LANES),
    requantizer=RequantizerConfig(lanes=1, modes=(Mode.FLOAT32,)),
    weight_zero_point=False,
    compact=True,
)

#: Clocks from one claim of a row to the next at least, as `RunSequencer` makes them.
_CLAIM_CLOCKS = 6


def _output(component: Callable[[], Any], path: str) -> Callable[[bool], Harness]:
    """Result rows alone, or in a core of which all else is cut away. What is offered is the word at
    an address: the memory is cut away too."""

    def build(mutant: bool) -> Harness:
        harness = Harness(component())
        result, opened = harness.component.result, harness.opened
        if path:
            inner = [name for _, name, _ in opened.fragment.subfragments]
            harness.cut(*(name for name in inner if f"{name}." != path))
        harness.cut(f"{path}memory")
        if mutant:
            opened.override(f"{path}result__valid", 0, when=opened.signal(f"{path}complete") == 5)
        word = opened.signal(f"{path}word")
        stalled = harness.past(result.valid & ~result.ready, "stalled_before")
        harness.check(result.valid & (word == harness.past(word, "word_before")), when=stalled)
        return harness

    return build


def _offers(mutant: bool) -> Harness:
    harness = Harness(ByteRows(_CONFIG))
    rows = harness.component
    harness.cut("memory")
    if mutant:
        harness.opened.override("result__valid", 0, when=~rows.result.ready)
    owed = harness.opened.signal("complete") != 0
    waits_not(harness, rows.result, owed=owed, clocks=2)
    return harness


def _claims(mutant: bool) -> Harness:
    """With any table and any loops."""
    harness = Harness(RunSequencer(_CONFIG))
    sequencer, m = harness.component, harness.m
    harness.cut("ram", "loops")
    if mutant:
        harness.opened.override("settled", 7)
    room = harness.past(sequencer.room, "room_before")
    free = Signal(range(_CLAIM_CLOCKS), init=_CLAIM_CLOCKS - 1)
    m.d.sync += free.eq(Mux(sequencer.claim, 0, Mux(free == _CLAIM_CLOCKS - 1, free, free + 1)))
    # A start begins a layer, whose first row is no row after another.
    with m.If(sequencer.start):
        m.d.sync += free.eq(_CLAIM_CLOCKS - 1)
    harness.check(room & (free == _CLAIM_CLOCKS - 1), when=sequencer.claim)
    return harness


class _Image(Image):
    """Of a row buffer."""

    def __init__(self) -> None:
        super().__init__(Harness(RowBuffer(_CONFIG)))
        harness, buffer = self.harness, self.buffer
        harness.cut(*(f"lane_{lane}" for lane in range(_CONFIG.array.lanes)))
        layer = Signal(buffer.layer.shape(), name="small")
        harness.m.d.comb += [
            layer.height.eq(self.height),
            layer.ring_rows.eq(self.ring_rows),
            layer.row_words.eq(self.words),
        ]
        harness.drive(buffer.layer, layer)
        # What helps the proofs: the buffer counts the rows as they come.
        last = harness.opened.signal("words.last")
        self.counts_agree = ~self.running | (
            (buffer.received == self.row) & (last == (self.word == self.words))
        )


def _room(mutant: bool) -> Harness:
    image = _Image()
    if mutant:
        image.harness.opened.override("spare", 1)
    right = ~image.taken | (image.running & image.has_room)
    image.harness.check(image.counts_agree & right)
    return image.harness


def _full(mutant: bool) -> Harness:
    """Four rows in the ring, none of them given up."""
    image = _Image()
    if mutant:
        image.harness.opened.override("spare", 0, when=image.row == 3)
    image.harness.check(~((image.row == 4) & (image.released == 0)))
    return image.harness


_STAYS = "valid stays, and so does the address of the word, until it is taken"


_of = partial(stated, config=_CONFIG)

#: The properties of the narrow core's blocks.
NARROW = (
    _of("ByteRows", "output stays", _STAYS, _output(lambda: ByteRows(_CONFIG), "")),
    _of(
        "ByteRows", "valid first",
        "valid does not wait for ready: a word of a complete row is offered within 2 clocks",
        _offers,
    ),
    _of("NarrowCore", "output stays", _STAYS, _output(lambda: NarrowCore(_CONFIG), "rows.")),
    _of(
        "RunSequencer", "claims",
        f"a row is claimed with room seen the clock before, {_CLAIM_CLOCKS} clocks after the last",
        _claims,
    ),
    _of(
        "RunSequencer", "table taken", "the input is ready in every clock",
        always_ready(lambda: RunSequencer(_CONFIG), "table"), method=Method.FUNCTION,
    ),
    _of(
        "RowBuffer", "room",
        "a word is taken only of a row of the image, and for which the ring has room", _room,
        IMAGE_SIZE,
    ),
    _of(
        "RowBuffer", "full ring", "all four rows of a ring are filled before any is given up",
        _full, IMAGE_SIZE, reaches=True,
    ),
)  # fmt: skip
