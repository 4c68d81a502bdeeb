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
from macaw.prove.images import IMAGE_SIZE, Image
from macaw.prove.properties import stated

__all__ = ["RINGS"]

#: Clocks in which a word is taken, with room for its row: a start and the limit's two registers.
_TAKE_CLOCKS = 6


class _Image(Image):
    """Of a line buffer."""

    def __init__(self) -> None:
        super().__init__(Harness(LineBuffer(lanes=8, words=64)))
        harness, buffer = self.harness, self.buffer
        harness.cut("bank_0", "bank_1", "bank_2", "bank_3")
        harness.drive(buffer.height, self.height)
        harness.drive(buffer.ring_rows, self.ring_rows)
        harness.drive(buffer.row_words, self.words)
        signal = harness.opened.signal
        # What helps the proofs: the buffer counts the rows as they come.
        self.counts_agree = ~self.running | (
            (signal("written") == self.row)
            & (signal("following") == self.row + 1)
            & (signal("word") == self.word)
        )


def _room(mutant: bool) -> Harness:
    image = _Image()
    harness = image.harness
    if mutant:
        harness.opened.override("limit", image.height)
    harness.check(image.counts_agree & (~image.taken | (image.running & image.has_room)))
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
    waits = image.running & ~image.start & image.has_room & ~image.buffer.image.ready
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
    running, taken = Signal(), Signal()
    taking = harness.free(1, "take") & intake.valid & (pause == 0)
    harness.drive(intake.taking, taking)
    harness.drive(intake.valid, harness.free(1, "offer") | held)
    # The next descriptor may be taken in the clock of a layer's end, or later.
    ends = harness.free(1, "ends") & running & (pause == 0)
    harness.drive(intake.running, running)
    m.d.sync += [
        taken.eq(taking),
        held.eq(intake.valid & ~taken),
        running.eq((running | taken) & ~ends),
        pause.eq(Mux(taking, 11, Mux(ends, 1, Mux(pause == 0, 0, pause - 1)))),
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


#: The properties of rings and of the counters that walk them.
RINGS = (
    stated(
        "ImageIntake",
        "one image",
        "each layer has one image, which begins with it or while the layer before runs",
        partial(_intake, "ahead"),
        config=preset("tiny"),
    ),
    stated(
        "ImageIntake",
        "nothing spared",
        "no row is given up of an image that has begun before its layer",
        partial(_intake, "strange"),
        config=preset("tiny"),
    ),
    stated(
        "Countdown",
        "last",
        "it equals a counter: last is high just at the last place, for every number",
        _countdown,
        "6 bits",
    ),
    stated(
        "LineBuffer",
        "room",
        "a word is taken only of a row of the image, and for which the ring has room",
        _room,
        IMAGE_SIZE,
    ),
    stated(
        "LineBuffer",
        "full ring",
        "all four rows of a ring are filled before any is given up",
        _full,
        IMAGE_SIZE,
        reaches=True,
    ),
    stated(
        "LineBuffer",
        "room returns",
        f"with room for its row, a word is taken within {_TAKE_CLOCKS} clocks",
        _takes,
        IMAGE_SIZE,
    ),
    stated(
        "LineBuffer",
        "received",
        "received is the number of rows taken, four clocks after their last words",
        _arrives,
        IMAGE_SIZE,
    ),
)
