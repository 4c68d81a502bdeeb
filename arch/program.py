# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Compiled layers: what the compute core's streams carry, whoever made it and whatever runs it."""

from dataclasses import dataclass
from typing import Any

from macaw.arch.config import AcceleratorConfig
from macaw.arch.shapes import Conv2dShape

__all__ = ["CoreLayer", "CorePart", "CoreProgram"]


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


@dataclass(frozen=True, kw_only=True, eq=False)
class CorePart:
    """A part of a layer: ``program`` reads the rows, columns and channels ``image`` of the
    layer's image, and writes those of its result that ``result`` names."""

    program: CoreProgram
    image: tuple[slice, slice, slice]
    result: tuple[slice, slice, slice]


@dataclass(frozen=True, kw_only=True, eq=False)
class CoreLayer:
    """A layer in as many parts as it needs, each run for every image of a batch.

    ``image_shape`` and ``result_shape`` are (batch, height, width, channels). Parts write all of
    the result, unless the layer was cropped to its first ``rows`` rows.
    """

    name: str
    image_shape: tuple[int, int, int, int]
    result_shape: tuple[int, int, int, int]
    parts: tuple[CorePart, ...]
    rows: int

    @property
    def macs(self) -> int:
        """Multiply-accumulate operations of all parts, those on padding included."""
        return self.image_shape[0] * sum(part.program.shape.macs for part in self.parts)
