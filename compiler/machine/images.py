# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Tensors as the machine sees them: rows of bytes, each beginning with a new word."""

import math
from dataclasses import dataclass, replace

from macaw.arch.machine import MachineConfig
from macaw.nn.graph import Tensor

__all__ = ["Image", "batch_of", "image_of"]


@dataclass(frozen=True, kw_only=True)
class Image:
    """``height`` rows of ``width`` pixels of ``channels`` bytes."""

    height: int
    width: int
    channels: int

    @property
    def row_bytes(self) -> int:
        """Bytes of a row in use."""
        return self.width * self.channels

    @property
    def shape(self) -> tuple[int, int, int]:
        """Rows, pixels of one, and channels of these."""
        return self.height, self.width, self.channels

    @property
    def size(self) -> int:
        """All bytes in use."""
        return self.height * self.row_bytes

    def row_words(self, config: MachineConfig) -> int:
        """Words of a row."""
        return config.words(self.row_bytes)

    def words(self, config: MachineConfig) -> int:
        """Words of all rows."""
        return self.height * self.row_words(config)

    def solid(self, config: MachineConfig) -> bool:
        """Whether its bytes in use stand one behind the other without gaps."""
        return self.height == 1 or self.row_bytes % config.word_bytes == 0


def image_of(tensor: Tensor) -> Image:
    """A tensor of 8 bits: the last axis are channels, the one before pixels, all others rows; a
    matrix is an image of one pixel a row.

    Raises ``ValueError`` for other types.
    """
    if not tensor.dtype.quantised:
        raise ValueError(f"{tensor.name}: a tensor must have 8 bits, not be {tensor.dtype}")
    shape = tensor.shape
    if len(shape) < 3:
        rows, channels = (1, *shape)[-2:] if shape else (1, 1)
        return Image(height=rows, width=1, channels=channels)
    return Image(height=math.prod(shape[:-2]), width=shape[-2], channels=shape[-1])


def batch_of(tensor: Tensor) -> tuple[int, Image]:
    """The images of a tensor, how many and one of them; ``ValueError`` as of `image_of`."""
    image = image_of(tensor)
    batch = math.prod(tensor.shape[:-3])
    return batch, replace(image, height=image.height // batch)
