# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Flatbuffers, read with a check of every offset: what a damaged file says is not believed.

The format (https://flatbuffers.dev/internals): a table starts with a signed distance back to its
vtable, which lists, as 16-bit numbers, the table's size and where in the table each field stands;
0 means that the field is absent. Vectors, strings and tables lie at a distance that the field
holds; a vector starts with its length. All numbers are little endian.
"""

import struct
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from macaw.nn.errors import ModelError

__all__ = ["FileBytes", "Table"]

#: A file may show the same bytes at several places; this often all of them are read at most.
_REPEATS = 64
_FLOOR = 1 << 20


@dataclass
class FileBytes:
    """The bytes of a file, and how many of them may still be read.

    The bound keeps the time that a file takes proportional to its length, however often its
    offsets lead to the same place.
    """

    content: bytes
    budget: int = field(init=False)

    def __post_init__(self) -> None:
        self.budget = _REPEATS * len(self.content) + _FLOOR

    def check(self, position: int, count: int) -> None:
        """Refuse ``count`` bytes at ``position`` unless they lie within the file and the budget."""
        if not 0 <= position <= position + count <= len(self.content):
            raise ModelError(
                f"the file must hold what it refers to, but has {len(self.content)} bytes, and "
                f"{count} at {position} are asked for"
            )

    def number(self, layout: str, position: int) -> Any:
        """The number of a `struct` format at ``position``."""
        count = struct.calcsize(layout)
        self.check(position, count)
        self.spend(count)
        return struct.unpack_from(f"<{layout}", self.content, position)[0]

    def spend(self, count: int) -> None:
        """Take ``count`` bytes off the budget."""
        self.budget -= count
        if self.budget < 0:
            raise ModelError("the file must not refer to the same bytes over and over")

    def root(self, identifier: bytes) -> "Table":
        """The table that the file starts with; ``identifier`` are the bytes 4 ... 7."""
        self.check(0, 8)
        if self.content[4:8] != identifier:
            raise ModelError(
                f"the file must have the identifier {identifier!r}, not {self.content[4:8]!r}"
            )
        return Table(self, self.number("I", 0))


class Table:
    """The table at ``position`` of ``file``; fields are asked for by their number."""

    def __init__(self, file: FileBytes, position: int) -> None:
        self._file = file
        self._position = position
        self._vtable = position - file.number("i", position)
        self._length = file.number("H", self._vtable)
        file.check(self._vtable, self._length)

    def present(self) -> list[int]:
        """The numbers of the fields that the table has."""
        count = max(0, (self._length - 4) // 2)
        return [index for index in range(count) if self._place(index) is not None]

    def _place(self, index: int) -> int | None:
        """Where the field stands in the file."""
        entry = 4 + 2 * index
        if entry + 2 > self._length:
            return None
        offset = self._file.number("H", self._vtable + entry)
        return self._position + offset if offset else None

    def _target(self, index: int) -> int | None:
        """Where the vector, string or table lies that the field refers to."""
        place = self._place(index)
        return None if place is None else place + self._file.number("I", place)

    def scalar(self, index: int, layout: str, default: Any) -> Any:
        """The number in a field; ``default`` for an absent one."""
        place = self._place(index)
        return default if place is None else self._file.number(layout, place)

    def table(self, index: int) -> "Table | None":
        """The table that a field refers to."""
        target = self._target(index)
        return None if target is None else Table(self._file, target)

    def vector(self, index: int, dtype: Any, *, free: bool = False) -> NDArray[Any] | None:
        """The vector of numbers that a field refers to, a view of the file.

        ``free`` ones do not count as read: their numbers are not looked at, value by value.
        """
        target = self._target(index)
        if target is None:
            return None
        kind = np.dtype(dtype).newbyteorder("<")
        length = self._file.number("I", target)
        self._file.check(target + 4, length * kind.itemsize)
        if not free:
            self._file.spend(length * kind.itemsize)
        return np.frombuffer(self._file.content, kind, length, target + 4)

    def tables(self, index: int) -> "list[Table]":
        """The vector of tables that a field refers to; an absent one is empty."""
        offsets = self.vector(index, np.uint32)
        if offsets is None:
            return []
        first = int(self._target(index) or 0) + 4
        return [
            Table(self._file, first + 4 * number + int(offset))
            for number, offset in enumerate(offsets)
        ]

    def string(self, index: int) -> str:
        """The string that a field refers to; what is no UTF-8 is shown as escapes."""
        characters = self.vector(index, np.uint8)
        return (
            "" if characters is None else characters.tobytes().decode("utf-8", "backslashreplace")
        )
