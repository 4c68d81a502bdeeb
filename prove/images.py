# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Images for buffers of rows, for the proofs of these buffers."""

from amaranth.hdl import Mux, Signal

from macaw.prove.harness import Harness

__all__ = ["IMAGE_SIZE", "Image"]

#: What was made small.
IMAGE_SIZE = "images of up to four rows of up to two words, rings of up to four rows"


class Image:
    """A buffer of rows with images one after the other, and the count of the rows taken.

    ``height`` rows of ``words`` and one more word, in a ring of ``ring_rows``; rows are given up
    in order, also such as are not there yet. The buffer has the members ``start``, ``image``,
    ``received`` and ``released``; how it is told the sizes is its own matter.
    """

    def __init__(self, harness: Harness):
        self.harness = harness
        self.buffer = buffer = harness.component
        m = harness.m
        self.height = harness.constant(2, "height") + 1
        self.ring_rows = harness.constant(2, "ring_rows") + 1
        self.words = harness.constant(1, "row_words")
        self.row, self.word = Signal(4, name="row"), Signal(1, name="word")
        self.running, self.released = Signal(name="running"), Signal(4, name="released")
        # An image begins when none is there, or all of the last one's rows have been received.
        ended = ~self.running | (buffer.received == self.height)
        self.start = harness.free(1, "begin") & ended & harness.past(1, "settled")
        harness.drive(buffer.start, self.start)
        harness.offer(buffer.image, "image")
        gives = harness.free(1, "give") & self.running & (self.released != self.height)
        harness.drive(buffer.released, self.released)
        self.taken = buffer.image.valid & buffer.image.ready
        ends = self.taken & (self.word == self.words)
        with m.If(self.start):
            m.d.sync += [
                self.row.eq(0), self.word.eq(0), self.released.eq(0), self.running.eq(1),
            ]  # fmt: skip
        with m.Else():
            m.d.sync += [
                self.row.eq(self.row + ends),
                self.word.eq(Mux(self.taken, Mux(ends, 0, self.word + 1), self.word)),
                self.released.eq(self.released + gives),
            ]

    @property
    def has_room(self):
        """The next word's row is one of the image, and the ring has room for it."""
        return (self.row < self.height) & (self.row < self.released + self.ring_rows)
