# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""What the machine does in one go: fetch rows of one tensor or two, compute, store a result."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from macaw.arch.machine import MachineConfig
from macaw.arch.program import CoreProgram
from macaw.compiler.elementwise import LookupTables
from macaw.compiler.machine.images import Image

__all__ = ["Buffer", "Copy", "Pass", "Placed", "Rows", "Runs"]


@dataclass(frozen=True, kw_only=True)
class Buffer:
    """A tensor in memory: its ``name``, and how it stands there.

    ``data`` is what a constant holds, uint8 [height, row bytes], and ``None`` elsewhere.
    """

    name: str
    image: Image
    data: NDArray[np.uint8] | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, kw_only=True)
class Runs:
    """``count`` words of a buffer from word ``first`` on, in runs of ``run``, with ``skip`` words
    between two of them."""

    first: int
    count: int
    run: int
    skip: int

    @property
    def end(self) -> int:
        """The word behind the last one."""
        return self.first + self.count + (self.number - 1) * self.skip

    @property
    def number(self) -> int:
        """Of runs."""
        return -(-self.count // self.run)

    def behind(self, count: int) -> "Runs":
        """The same without the first ``count`` words: whole runs, or a part of the only one."""
        left = self.count - count
        run = self.run if self.number > 1 else left
        first = self.first + count + count // self.run * self.skip
        return Runs(first=first, count=left, run=run, skip=self.skip)


@dataclass(frozen=True, kw_only=True)
class Rows:
    """``count`` rows of a buffer from ``first`` on, each ``step`` behind the one before; of these
    the neighbouring ``columns`` and ``channels``, by default all."""

    buffer: Buffer
    first: int
    count: int
    step: int = 1
    columns: range | None = None
    channels: range | None = None

    @property
    def image(self) -> Image:
        """What is fetched."""
        whole = self.buffer.image
        return Image(
            height=self.count,
            width=whole.width if self.columns is None else len(self.columns),
            channels=whole.channels if self.channels is None else len(self.channels),
        )

    def runs(self, config: MachineConfig) -> Runs | None:
        """Their words; ``None`` where they do not stand in runs of whole words, each as far from
        the one before. Behind the last byte of a run a word may hold others."""
        whole, image = self.buffer.image, self.image
        row_words, size = whole.row_words(config), config.word_bytes
        if image.channels == whole.channels:
            first_byte = self.columns.start * whole.channels if self.columns else 0
            run, pitch = image.row_words(config), self.step * row_words
            number = self.count
        else:
            first_byte = self.channels.start if self.channels else 0
            run, pitch = config.words(image.channels), config.words(whole.channels)
            number = self.count * whole.width
            if image.width < whole.width or self.step > 1 or whole.channels % size:
                return None
        if first_byte % size:
            return None
        if run == pitch or number == 1:
            run, pitch, number = number * run, number * run, 1
        first = self.first * row_words + first_byte // size
        return Runs(first=first, count=number * run, run=run, skip=pitch - run)


@dataclass(frozen=True, kw_only=True)
class Placed:
    """Where a result goes: byte (y, x, c) of it to byte ``y * row_pitch + x * pixel_pitch + c``,
    counted from ``first_byte`` of the buffer on.

    ``rows``, ``pixels`` and ``pixel_bytes`` are the result's. Without ``gaps`` it fills whole rows
    of the buffer, one behind the other.
    """

    buffer: Buffer
    first_byte: int
    rows: int
    pixels: int
    pixel_bytes: int
    pixel_pitch: int
    row_pitch: int
    gaps: bool


@dataclass(frozen=True, kw_only=True)
class Copy:
    """Nothing is computed."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Pass:
    """``work`` on the first of the rows ``sources``; where there are ``tables``, they make of its
    words, and of those of the second rows, if they are of two operands, what is put into
    ``target``. ``name`` is what the pass is called, ``operator`` the first result of the operator
    that it is a part of, ``also`` that of one that the tables are of.

    The first words of the first rows are read where they stand once more, if they do: ``kept``."""

    name: str
    sources: tuple[Rows, ...]
    work: CoreProgram | Copy
    target: Placed
    tables: LookupTables | None = None
    operator: str = ""
    also: str = ""
    kept: Rows | None = None

    @property
    def reads(self) -> tuple[Rows, ...]:
        """All rows of which words are read."""
        return self.sources if self.kept is None else (*self.sources, self.kept)
