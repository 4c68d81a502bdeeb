# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Where image rows stand in the line buffer."""

from dataclasses import dataclass

from macaw.arch.config import AcceleratorConfig
from macaw.arch.core import SIZE_BITS
from macaw.arch.shapes import Conv2dShape

__all__ = ["BANKS", "Ring", "place_rows"]

#: Banks of the line buffer.
BANKS = 4


@dataclass(frozen=True, kw_only=True)
class Ring:
    """A ring of ``rows`` rows, ``pitch`` words apart; of the whole memory of ``memory_words``
    words, where that is given."""

    pitch: int
    rows: int
    memory_words: int | None = None

    @property
    def words(self) -> int:
        """Words of the ring."""
        return self.memory_words or self.pitch * self.rows


def place_rows(
    shape: Conv2dShape,
    config: AcceleratorConfig,
    *,
    eighths: int = 4,
    rows: int = 1,
    words: int = 2,
) -> Ring | None:
    """The largest ring for an image in some ``eighths`` of the line buffer, so that the next
    image finds a place beside it; where the kernel's rows and those of its next place do not fit
    there, the largest one in a half, and then in all of it, or ``None`` where it does not fit.

    ``rows`` neighbouring kernel rows, with ``words`` neighbouring words of each, will be read in
    one clock: they lie in different banks, wherever in the ring the first row is. Rows beyond
    those that the image or the kernel has are not cared for. A narrow core has no such banks, and
    its ring is the whole memory.
    """
    available = config.memory.activation_words
    row_words = -(-shape.width * shape.in_channels // config.array.lanes)
    needed = min(shape.extent_height, shape.height)
    if config.narrow:
        count = available // row_words
        whole = Ring(pitch=row_words, rows=count, memory_words=available)
        return whole if count >= needed else None
    together = min(rows, shape.kernel_height)
    for share in dict.fromkeys((eighths, 4)):
        ring = _largest(shape, row_words, share * available // 8, together, words)
        if ring and ring.rows >= min(needed + shape.stride[0], shape.height):
            return ring
    largest = _largest(shape, row_words, available, together, words)
    return largest if largest and largest.rows >= needed else None


def _largest(
    shape: Conv2dShape, row_words: int, available: int, together: int, words: int
) -> Ring | None:
    """The ring of most rows in ``available`` words."""
    best: Ring | None = None
    for pitch in range(row_words, row_words + BANKS):
        most = min(available // pitch, (1 << SIZE_BITS) - 1)
        for count in range(most, max(most - BANKS, 0), -1):
            ring = Ring(pitch=pitch, rows=count)
            if _separate(ring, shape.dilation[0], together, words) and (
                best is None or best.rows < count
            ):
                best = ring
    return best


def _separate(ring: Ring, dilation: int, rows: int, words: int) -> bool:
    """Whether ``rows`` kernel rows with ``words`` words of each lie in banks of their own."""
    for first in range(ring.rows):
        slots = {(first + row * dilation) % ring.rows for row in range(rows)}
        banks = [(slot * ring.pitch + word) % BANKS for slot in slots for word in range(words)]
        if len(set(banks)) < len(banks):
            return False
    return True
