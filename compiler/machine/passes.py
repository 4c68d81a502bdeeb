# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""What the machine does in one go: fetch rows of one tensor or two, compute, store a result."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from macaw.arch.program import CoreProgram
from macaw.compiler.elementwise import LookupTables
from macaw.compiler.machine.images import Image

__all__ = ["Buffer", "Copy", "Pass", "Placed", "Rows"]


@dataclass(frozen=True, kw_only=True)
class Buffer:
    """A tensor in memory: its ``name``, and how it stands there.

    ``data`` is what a constant holds, uint8 [height, row bytes], and ``None`` elsewhere.
    """

    name: str
    image: Image
    data: NDArray[np.uint8] | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, kw_only=True)
class Rows:
    """Some rows of a buffer."""

    buffer: Buffer
    first: int
    count: int


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
    """``work`` on the rows ``sources`` (two for the elementwise pass of two operands, one
    otherwise), whose result is ``target``; ``name`` is what it is called, ``operator`` the first
    result of the operator that it is a part of."""

    name: str
    sources: tuple[Rows, ...]
    work: CoreProgram | LookupTables | Copy
    target: Placed
    operator: str = ""
