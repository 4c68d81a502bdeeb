# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Where image rows stand in the line buffer."""

from dataclasses import dataclass

from macaw.arch.config import AcceleratorConfig
from macaw.arch.core import SIZE_BITS
from macaw.arch.shapes import Conv2dShape

__all__ = ["Ring", "place_rows"]

_BANKS = 4


@dataclass(frozen=True, kw_only=True)
class Ring:
    """A ring of ``rows`` rows, ``pitch`` words apart."""

    pitch: int
    rows: int

    @property
    def words(self) -> int:
        """Words of the ring."""
        return self.pitch * self.rows


def place_rows(
    shape: Conv2dShape, config: AcceleratorConfig, distance: int | None = None
) -> Ring | None:
    """The ring for an image, or ``None`` where it does not fit.

    Neighbouring kernel rows are ``dilation * pitch`` words apart; ``distance`` asks for that to
    be odd (1: four rows lie in four banks) or 2 modulo 4 (2: two pairs of words do).
    """
    words = config.memory.activation_words
    row_words = -(-shape.width * shape.in_channels // config.array.lanes)
    needed = min(shape.extent_height, shape.height)
    for pitch in range(row_words, row_words + _BANKS):
        apart = pitch * shape.dilation[0] % _BANKS
        if distance == 1 and apart not in (1, 3) or distance == 2 and apart != 2:
            continue
        rows = min(words // pitch, (1 << SIZE_BITS) - 1)
        if distance is not None:
            # The ring's end must not disturb the banks' order.
            while rows * pitch % _BANKS:
                rows -= 1
        if rows >= needed:
            return Ring(pitch=pitch, rows=rows)
    return None
