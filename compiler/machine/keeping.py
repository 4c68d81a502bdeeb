# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Words that many passes read: copied into the tensor memory, so that they come once."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from macaw.arch.machine import MachineConfig
from macaw.compiler.machine.clocks import fits_inside, room_beside
from macaw.compiler.machine.images import Image
from macaw.compiler.machine.passes import Buffer, Copy, Pass, Rows
from macaw.compiler.machine.placing import Placing

__all__ = ["kept_inside"]


def kept_inside(passes: Sequence[Pass], config: MachineConfig) -> tuple[Pass, ...] | None:
    """The passes of a layer, which read the first words of their image from copies in the tensor
    memory: those that several passes read, one behind the other, as far as there is room beside
    the result.

    ``None`` where there are no such words, or the image fits there as a whole.
    """
    if not passes:
        return None
    readers: dict[Rows, list[Rows]] = {}
    for each in passes:
        readers.setdefault(_whole_rows(each.sources[0]), []).append(each.sources[0])
    free, places = room_beside(passes[-1].target.buffer.image, config), Placing(config)
    copies: dict[Rows, _Words] = {}
    found: list[Pass] = []
    for each in passes:
        rows, *others = each.sources
        whole = _whole_rows(rows)
        if whole not in copies and (words := _kept(whole, readers[whole], free, config)):
            free -= words
            name = f"{rows.buffer.name} for {each.name}, {words} words of rows from {whole.first}"
            copies[whole] = kept = _Words(whole, words, name, config)
            target = places.whole(kept.buffer)
            found.append(Pass(name=each.name, sources=(kept.source,), work=Copy(), target=target))
        if whole in copies:
            copied = copies[whole].seen_by(rows)
            if copied.image == rows.image:
                each = replace(each, sources=(copied, *others))
            else:
                each = replace(each, kept=copied)
        found.append(each)
    return tuple(found) if copies else None


@dataclass(frozen=True)
class _Words:
    """The first ``words`` of ``whole`` rows, copied into a buffer called ``name``."""

    whole: Rows
    words: int
    name: str
    config: MachineConfig

    @property
    def buffer(self) -> Buffer:
        return Buffer(name=self.name, image=self._row(self.words))

    @property
    def source(self) -> Rows:
        """Where they are copied from: some words of all of that buffer's."""
        image = self.whole.buffer.image
        first = self.whole.first * image.row_words(self.config)
        buffer = replace(self.whole.buffer, image=self._row(image.words(self.config)))
        return Rows(buffer=buffer, first=0, count=1, columns=range(first, first + self.words))

    def seen_by(self, rows: Rows) -> Rows:
        """Of the copies, what is read of ``rows``."""
        image = self.whole.image
        count, part = divmod(self.words, image.row_words(self.config))
        if part:
            return Placing(self.config).everything(self.buffer)
        buffer = replace(self.buffer, image=replace(image, height=count))
        return Rows(buffer=buffer, first=0, count=count, columns=rows.columns)

    def _row(self, words: int) -> Image:
        return Image(height=1, width=words, channels=self.config.word_bytes)


def _whole_rows(rows: Rows) -> Rows:
    """The same with all columns."""
    return replace(rows, columns=None)


def _kept(whole: Rows, readers: Sequence[Rows], free: int, config: MachineConfig) -> int:
    """How many words of these rows there is room for, of which ``readers`` read all or some
    columns: whole rows of these. None of an image that fits inside, or that one pass alone reads;
    nor where rows are not neighbours, or only channels of them are read."""
    image = whole.buffer.image
    if (
        len(readers) == 1
        or fits_inside(image, config)
        or whole.step > 1
        or whole.image.channels < image.channels
    ):
        return 0
    every = all(rows.image.width == image.width for rows in readers)
    unit = 1 if every else image.row_words(config)
    return min(free, whole.image.words(config)) // unit * unit
