# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""FlexBuffers, in which custom operators have their attributes: maps of numbers, read with a check
of every offset.

The format (https://flatbuffers.dev/internals) is read from its end: the last byte is the width of
the root in bytes, the one before its type, and before that stands the root. A type is packed: the
kind times 4, and the logarithm of a width. Whatever is no number stands at a distance, which leads
back. A map has its values, all of one width, and behind them the type of each; before them stand
the distance to its keys, the width of these, and the number of values. Keys are distances too, to
strings that end with 0, in ascending order.
"""

from enum import IntEnum

from macaw.nn.errors import ModelError
from macaw.nn.tflite.flatbuffer import FileBytes

__all__ = ["read_map"]

#: Values that a map may have at most, and bytes of a key.
_MOST = 256


class _Kind(IntEnum):
    """Kinds of values."""

    INT = 1
    UINT = 2
    FLOAT = 3
    MAP = 9
    BOOL = 26


_UNSIGNED = {1: "B", 2: "H", 4: "I", 8: "Q"}
#: The formats of `struct` by kind and width.
_LAYOUTS = {
    _Kind.INT: {1: "b", 2: "h", 4: "i", 8: "q"},
    _Kind.UINT: _UNSIGNED,
    _Kind.FLOAT: {4: "f", 8: "d"},
    _Kind.BOOL: _UNSIGNED,
}


def read_map(content: bytes) -> dict[str, int | float | bool]:
    """The numbers of the FlexBuffer ``content``, a map, by their keys.

    Keys that begin with ``_`` are TensorFlow's own, of which kernels know nothing: they are left
    out. Raises `ModelError` for what is damaged, is no map, or has values that are no numbers.
    """
    data = FileBytes(content)
    end = len(content)
    width, packed = data.number("B", end - 1), data.number("B", end - 2)
    _check_width(width)
    if packed >> 2 != _Kind.MAP:
        raise ModelError(f"attributes must be a map, not of kind {packed >> 2}")
    values = _followed(data, end - 2 - width, width)
    width = 1 << (packed & 3)
    count = _unsigned(data, values - width, width)
    if count > _MOST:
        raise ModelError(f"attributes must be at most {_MOST}, not {count}")
    key_width = _unsigned(data, values - 2 * width, width)
    _check_width(key_width)
    keys = _followed(data, values - 3 * width, width)
    found: dict[str, int | float | bool] = {}
    last = b""
    for index in range(count):
        key = _string(data, _followed(data, keys + index * key_width, key_width))
        # Kernels look keys up by halves, and would find others if they were in disorder.
        if key <= last:
            raise ModelError(f"attributes must be in ascending order, not {key!r} after {last!r}")
        last = key
        name = key.decode("utf-8", "backslashreplace")
        if name.startswith("_"):
            continue
        kind = data.number("B", values + count * width + index) >> 2
        layout = _LAYOUTS.get(kind, {}).get(width)
        if layout is None:
            raise ModelError(f"{name!r} must be a number, not of kind {kind} in {width} bytes")
        number = data.number(layout, values + index * width)
        found[name] = bool(number) if kind == _Kind.BOOL else number
    return found


def _check_width(width: int) -> None:
    if width not in _UNSIGNED:
        raise ModelError(f"widths must be 1, 2, 4 or 8 bytes, not {width}")


def _unsigned(data: FileBytes, position: int, width: int) -> int:
    return int(data.number(_UNSIGNED[width], position))


def _followed(data: FileBytes, position: int, width: int) -> int:
    """Where the distance at ``position`` leads."""
    return position - _unsigned(data, position, width)


def _string(data: FileBytes, position: int) -> bytes:
    """The bytes at ``position`` up to a 0."""
    data.check(position, 0)
    key = data.content[position : position + _MOST].partition(b"\0")
    data.spend(len(key[0]) + 1)
    if not key[1]:
        raise ModelError(f"keys must end within {_MOST} bytes")
    return key[0]
