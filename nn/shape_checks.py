# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""What the rules of shapes ask of attributes and shapes."""

from typing import Any

from macaw.nn.errors import ModelError

__all__ = ["Shape", "as_axis", "as_image", "broadcast", "demand", "whole"]

#: The size of a tensor along each axis.
Shape = tuple[int, ...]


def broadcast(first: Shape, second: Shape) -> Shape:
    """The shape of two operands' result: axes are aligned at the end, and sizes of 1 stretch."""
    count = max(len(first), len(second))
    result = []
    for a, b in zip(_extended(first, count), _extended(second, count), strict=True):
        if a != b and 1 not in (a, b):
            raise ModelError(f"shapes must fit each other, not {first!r} and {second!r}")
        result.append(b if a == 1 else a)
    return tuple(result)


def _extended(shape: Shape, count: int) -> Shape:
    return (1,) * (count - len(shape)) + shape


def demand(condition: bool, sentence: str) -> None:
    """Refuse with `ModelError` and its ``sentence`` what does not meet a ``condition``."""
    if not condition:
        raise ModelError(sentence)


def whole(what: str, values: Any, count: int, minimum: int, maximum: int = 1 << 16) -> None:
    """Refuse ``values`` that are not ``count`` integers within bounds."""
    demand(
        isinstance(values, tuple)
        and len(values) == count
        and all(isinstance(value, int) and minimum <= value <= maximum for value in values),
        f"{what} must be {count} integers in {minimum} ... {maximum}, not {values!r}",
    )


def as_image(shape: Shape) -> Shape:
    """``shape``, which must have the four axes of an image."""
    demand(len(shape) == 4, f"image must have 4 axes, not shape {shape!r}")
    return shape


def as_axis(axis: int, count: int) -> int:
    """``axis``, which must be one of ``count``."""
    demand(
        isinstance(axis, int) and 0 <= axis < count,
        f"axis must be in 0 ... {count - 1}, not {axis!r}",
    )
    return axis
