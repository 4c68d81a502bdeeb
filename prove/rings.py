# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The line buffer's ring: rows are taken for which there is room, and all of them arrive."""

from functools import partial

from amaranth.hdl import Mux, Signal, signed

from macaw.arch import preset
from macaw.hw.countdown import Countdown
from macaw.hw.image_intake import ImageIntake
from macaw.hw.line_buffer import LineBuffer
from macaw.prove.harness import Harness
from macaw.prove.properties import Property
from macaw.prove.solver import Method

__all__ = ["RINGS"]

#: Clocks in which a word is taken, with room for its row: a start and the limit's two registers.
_TAKE_CLOCKS = 6


class _Image:
    """A line buffer with images one after the other, and the count of the words taken."""

    def __init__(self) -> None:
        self.harness = harness = Harness(LineBuffer(lanes=8, words=64))
        self.buffer = buffer = harness.component
        m = harness.m
        harness.cut("bank_0", "bank_1", "bank_2", "bank_3")
        # Up to four rows of up to two words, in a ring of up to four rows.
        self.height = harness.constant(2, "height") + 1
        self.ring_rows = harness.constant(2, "ring_rows") + 1
        words = harness.constant(1, "row_words")
        harness.drive(buffer.height, self.height)
        harness.drive(buffer.ring_rows, self.ring_rows)
        harness.drive(buffer.row_words, words)
        self.row = Signal(4)
        word = Signal(1)
        self.running = Signal()
        # An image begins when none is there, or all of the last one's rows have been received.
        ended = ~self.running | (buffer.received == self.height)
        self.start = harness.free(1, "begin") & ended & harness.past(1, "settled")
        harness.drive(buffer.start, self.start)
        harness.offer(buffer.image, "image")
        # Rows are given up in order, also such as are not there yet.
        self.released = Signal(4)
        gives = harness.free(1, "give") & self.running & (self.released != self.height)
        harness.drive(buffer.released, self.released)
        self.taken = buffer.image.valid & buffer.image.ready
        ends = self.taken & (word == words)
        with m.If(self.start):
            m.d.sync += [
                self.row.eq(0), word.eq(0), self.released.eq(0), self.running.eq(1),
            ]  # fmt: skip
        with m.Else():
            m.d.sync += [
                self.row.eq(self.row + ends),
                word.eq(Mux(self.taken, Mux(ends, 0, word + 1), word)),
                self.released.eq(self.released + gives),
            ]
        signal = harness.opened.signal
        # What helps the proofs: the buffer counts the rows as they come.
        self.counts_agree = ~self.running | (
            (signal("written") == self.row)
            & (signal("following") == self.row + 1)
            & (signal("word") == word)
        )


def _room(mutant: bool) -> Harness:
    image = _Image()
    harness = image.harness
    if mutant:
        harness.opened.override("limit", image.height)
    inside = (image.row < image.height) & (image.row < image.released + image.ring_rows)
    harness.check(image.counts_agree & (~image.taken | (image.running & inside)))
    return harness


def _full(mutant: bool) -> Harness:
    """Four rows in the ring, none of them given up."""
    image = _Image()
    if mutant:
        image.harness.opened.override("limit", 3, when=image.released == 0)
    image.harness.check(~((image.row == 4) & (image.released == 0)))
    return image.harness


def _takes(mutant: bool) -> Harness:
    image = _Image()
    harness, m, signal = image.harness, image.harness.m, image.harness.opened.signal
    if mutant:
        following, taking = signal("following"), signal("taking")
        lost = taking & (following == image.height)
        harness.opened.override("following", following + 2, when=lost & image.taken)
    spare = (image.row < image.height) & (image.row < image.released + image.ring_rows)
    waits = image.running & ~image.start & spare & ~image.buffer.image.ready
    count = Signal(range(_TAKE_CLOCKS + 1), name="waited")
    m.d.sync += count.eq(Mux(waits, Mux(count == _TAKE_CLOCKS, count, count + 1), 0))
    harness.check(image.counts_agree & (count < _TAKE_CLOCKS))
    return harness


def _arrives(mutant: bool) -> Harness:
    image = _Image()
    harness, m = image.harness, image.harness.m
    if mutant:
        harness.opened.override("arrived_1", 0, when=image.taken)
    rows = [image.row]
    for stage in range(LineBuffer.write_latency - 1):
        later = Signal(4, name=f"row_{stage}")
        m.d.sync += later.eq(Mux(image.start, 0, rows[-1]))
        rows.append(later)
    arrived = image.buffer.received == rows[-1]
    harness.check(image.counts_agree & (~image.running | arrived))
    return harness


def _countdown(mutant: bool) -> Harness:
    harness = Harness(Countdown(6))
    places, m = harness.component, harness.m
    following = harness.constant(6, "following")
    harness.drive(places.following, following)
    if mutant:
        harness.opened.override("single", following == 1)
    place, running = Signal(6), Signal()
    with m.If(places.start & harness.past(1, "settled")):
        m.d.sync += [place.eq(0), running.eq(1)]
    with m.Elif(places.advance):
        m.d.sync += place.eq(Mux(place == following, 0, place + 1))
    left = harness.opened.signal("left")
    single = harness.opened.signal("single") == (following == 0)
    agrees = (places.last == (place == following)) & (left == (following - place)[:6]) & single
    harness.check(~running | agrees)
    return harness


def _intake(fault: str, mutant: bool) -> Harness:
    """Layers are taken one after the other, each with a descriptor that stays until then."""
    harness = Harness(ImageIntake(preset("tiny")))
    intake, m = harness.component, harness.m
    if mutant:
        harness.opened.override(fault, 0)
    pause, held = Signal(range(16)), Signal()
    running = Signal()
    taken = harness.free(1, "take") & intake.valid & ~running & (pause == 0)
    harness.drive(intake.taken, taken)
    harness.drive(intake.valid, harness.free(1, "offer") | held)
    # Some clocks after a layer's end its descriptor may be taken, and others pass before it ends.
    ends = harness.free(1, "ends") & running & (pause == 0)
    harness.drive(intake.running, running)
    m.d.sync += [
        held.eq(intake.valid & ~taken),
        running.eq((running | taken) & ~ends),
        pause.eq(Mux(taken, 10, Mux(ends, 1, Mux(pause == 0, 0, pause - 1)))),
    ]
    # An image that is loaded begins, two clocks later.
    early, signal = Signal(signed(4)), harness.opened.signal
    loads = signal("begins") | (taken & ~signal("ahead"))
    m.d.sync += early.eq(early + loads - taken)
    # What helps the proof: `ahead` is that image, and begins but once, under a layer.
    ahead, begins = signal("ahead"), signal("begins")
    alone = ~ahead & (signal("recent") == 0) & (running | (pause != 0))
    strange = ~ahead | ((signal("recent") == 0) & signal("strange"))
    harness.check(((early == 0) | (early == 1)) & (early == ahead) & (~begins | alone) & strange)
    harness.check(intake.spared == 0, when=ahead)
    return harness


_SIZE = "images of up to four rows of up to two words, rings of up to four rows"

#: The properties of rings and of the counters that walk them.
RINGS = (
    Property(
        component="ImageIntake",
        name="one image",
        statement="each layer has one image, which begins with it or while the layer before runs",
        config=preset("tiny"),
        method=Method.PROOF,
        harness=partial(_intake, "ahead"),
    ),
    Property(
        component="ImageIntake",
        name="nothing spared",
        statement="no row is given up of an image that has begun before its layer",
        config=preset("tiny"),
        method=Method.PROOF,
        harness=partial(_intake, "strange"),
    ),
    Property(
        component="Countdown",
        name="last",
        statement="it equals a counter: last is high just at the last place, for every number",
        size="6 bits",
        method=Method.PROOF,
        harness=_countdown,
    ),
    Property(
        component="LineBuffer",
        name="room",
        statement="a word is taken only of a row of the image, and for which the ring has room",
        size=_SIZE,
        method=Method.PROOF,
        harness=_room,
    ),
    Property(
        component="LineBuffer",
        name="full ring",
        statement="all four rows of a ring are filled before any is given up",
        size=_SIZE,
        method=Method.PROOF,
        harness=_full,
        reaches=True,
    ),
    Property(
        component="LineBuffer",
        name="room returns",
        statement=f"with room for its row, a word is taken within {_TAKE_CLOCKS} clocks",
        size=_SIZE,
        method=Method.PROOF,
        harness=_takes,
    ),
    Property(
        component="LineBuffer",
        name="received",
        statement="received is the number of rows taken, four clocks after their last words",
        size=_SIZE,
        method=Method.PROOF,
        harness=_arrives,
    ),
)
