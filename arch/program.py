# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""A compiled layer: what the compute core's streams carry, whoever made it and whatever runs it."""

from dataclasses import dataclass
from typing import Any

from macaw.arch.config import AcceleratorConfig
from macaw.arch.shapes import Conv2dShape

__all__ = ["CoreProgram"]


@dataclass(frozen=True, kw_only=True, eq=False)
class CoreProgram:
    """A layer, ready for a compute core of ``config``.

    The image is int8, or uint8 with ``input_signed=False``; so is the result by
    ``output_signed``. ``descriptor`` and the entries of ``table`` have the fields of
    `macaw.arch.core`. ``weights`` is an array, int8 (words, columns, lanes); ``parameters`` has
    the arrays ``bias``, ``multiplier`` and ``shift``, int64 (out_channels,). ``name`` is the
    layer's.

    ``result_bytes`` is 4 where the result is int32 (mode ``raw``), little endian: ``shape`` then
    has an output channel for each of its bytes.
    """

    name: str
    config: AcceleratorConfig
    shape: Conv2dShape
    input_signed: bool
    output_signed: bool
    descriptor: dict[str, int]
    table: tuple[dict[str, int], ...]
    weights: Any
    parameters: dict[str, Any]
    result_bytes: int = 1

    @property
    def image_row_words(self) -> int:
        """Words of an image row in the image stream."""
        return self.descriptor["row_words"] + 1

    @property
    def result_row_words(self) -> int:
        """Words of a result row in the result stream."""
        return self.descriptor["result_words"] + 1
