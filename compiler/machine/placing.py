# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Where the bytes of buffers stand, and what moves them where they must stand in another way."""

from macaw.arch.machine import MachineConfig
from macaw.compiler.machine.images import Image
from macaw.compiler.machine.passes import Buffer, Copy, Pass, Placed, Rows

__all__ = ["Placing"]


class Placing:
    """Places in the buffers of one machine."""

    def __init__(self, config: MachineConfig):
        self._config = config

    def alike(self, one: Image, other: Image) -> bool:
        """Whether the same bytes stand in the same places as either image."""
        if (one.height, one.row_bytes) == (other.height, other.row_bytes):
            return True
        return one.solid(self._config) and other.solid(self._config)

    def part(
        self,
        buffer: Buffer,
        first_row: int,
        chosen: tuple[slice, slice, slice],
        shape: tuple[int, int, int],
    ) -> Placed:
        """Rows, columns and channels of an image of ``shape`` that begins at ``first_row`` of the
        buffer."""
        rows, columns, channels = (
            range(size)[part] for size, part in zip(shape, chosen, strict=True)
        )
        pitch = buffer.image.row_words(self._config) * self._config.word_bytes
        whole = (columns, channels) == (range(shape[1]), range(shape[2])) and rows.step == 1
        first = (first_row + rows.start) * pitch + columns.start * shape[2] + channels.start
        return Placed(
            buffer=buffer,
            first_byte=first,
            rows=len(rows),
            pixels=len(columns),
            pixel_bytes=len(channels),
            pixel_pitch=columns.step * shape[2],
            row_pitch=rows.step * pitch,
            gaps=not whole,
        )

    def whole(self, buffer: Buffer) -> Placed:
        """All of a buffer, as the place of a result."""
        image = buffer.image
        everything = slice(None)
        return self.part(buffer, 0, (everything,) * 3, (image.height, image.width, image.channels))

    def everything(self, buffer: Buffer) -> Rows:
        """All rows of a buffer, to be fetched."""
        return Rows(buffer=buffer, first=0, count=buffer.image.height)

    def seen_as(self, buffer: Buffer, image: Image) -> tuple[Buffer, tuple[Pass, ...]]:
        """The same bytes as another image: where they stand so already, or moved. ``ValueError``
        for an image of fewer or more."""
        _same_size(buffer, image)
        if self.alike(buffer.image, image):
            return Buffer(name=buffer.name, image=image), ()
        moved = Buffer(name=f"{buffer.name}, in {image.height} rows", image=image)
        return moved, self.moved(buffer.name, buffer, moved)

    def made_as(self, buffer: Buffer, image: Image) -> tuple[Buffer, tuple[Pass, ...]]:
        """A buffer in which a result stands as ``image``, and what moves it into ``buffer``;
        ``ValueError`` as of `seen_as`."""
        _same_size(buffer, image)
        if self.alike(buffer.image, image):
            return Buffer(name=buffer.name, image=image), ()
        made = Buffer(name=f"{buffer.name}, in {image.height} rows", image=image)
        return made, self.moved(buffer.name, made, buffer)

    def moved(self, name: str, source: Buffer, target: Buffer) -> tuple[Pass, ...]:
        """The bytes of ``source`` in ``target``, whose rows are others."""
        if self.alike(source.image, target.image):
            whole = self.whole(Buffer(name=target.name, image=source.image))
            return (Pass(name=name, sources=(self.everything(source),), work=Copy(), target=whole),)
        if target.image.solid(self._config):
            image, buffer = source.image, target
        elif source.image.solid(self._config):
            # One row whose pixels become rows.
            image = Image(height=1, width=target.image.height, channels=target.image.row_bytes)
            source, buffer = Buffer(name=source.name, image=image), target
            pitch = target.image.row_words(self._config) * self._config.word_bytes
            placed = Placed(
                buffer=buffer,
                first_byte=0,
                rows=1,
                pixels=image.width,
                pixel_bytes=image.channels,
                pixel_pitch=pitch,
                row_pitch=0,
                gaps=True,
            )
            return (
                Pass(name=name, sources=(self.everything(source),), work=Copy(), target=placed),
            )
        else:
            flat = Image(height=1, width=1, channels=source.image.size)
            middle = Buffer(name=f"{source.name}, in one row", image=flat)
            return self.moved(name, source, middle) + self.moved(name, middle, target)
        placed = Placed(
            buffer=buffer,
            first_byte=0,
            rows=image.height,
            pixels=1,
            pixel_bytes=image.row_bytes,
            pixel_pitch=0,
            row_pitch=image.row_bytes,
            gaps=True,
        )
        return (Pass(name=name, sources=(self.everything(source),), work=Copy(), target=placed),)


def _same_size(buffer: Buffer, image: Image) -> None:
    if buffer.image.size != image.size:
        raise ValueError(f"{buffer.name}: {buffer.image} must be seen whole, not as {image}")
