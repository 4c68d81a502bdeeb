# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Equality of tensors, and differences in the words of tensors."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["Difference", "Mismatch", "check_equal", "first_difference"]


@dataclass(frozen=True, kw_only=True)
class Mismatch:
    """How two tensors differ: ``count`` of ``total`` elements, and where they do first, in the
    order of the last axis fastest."""

    count: int
    total: int
    axes: tuple[str, ...]
    coordinates: tuple[int, ...]
    expected: int
    actual: int

    def __str__(self) -> str:
        place = ", ".join(
            f"{axis} {index}" for axis, index in zip(self.axes, self.coordinates, strict=True)
        )
        return (
            f"{self.count} of {self.total} values differ; the first at {place}: "
            f"expected {self.expected}, got {self.actual}"
        )


class Difference(AssertionError):
    """Two tensors that must be equal are not; ``mismatch`` says how."""

    def __init__(self, mismatch: Mismatch, what: str, seed: int | None):
        origin = "" if seed is None else f" (seed {seed})"
        super().__init__(f"{what}: {mismatch}{origin}")
        self.mismatch = mismatch


def first_difference(
    expected: Any, actual: Any, axes: Sequence[str] = ("y", "x", "channel")
) -> Mismatch | None:
    """How the integer tensors differ, ``None`` where they are equal; ``axes`` names their axes.

    The types may differ (an int8 tensor equals an int64 one with the same values).

    >>> print(first_difference([[1, 2], [3, 4]], [[1, 2], [7, 5]], axes=("y", "x")))
    2 of 4 values differ; the first at y 1, x 0: expected 3, got 7

    Raises ``ValueError`` for tensors of different shapes or with another number of axes than
    ``axes``, and ``TypeError`` for values that are no integers.
    """
    expected, actual = np.asarray(expected), np.asarray(actual)
    for what, tensor in (("expected", expected), ("actual", actual)):
        if not np.issubdtype(tensor.dtype, np.integer):
            raise TypeError(f"{what} must be integers, not {tensor.dtype}")
    if expected.shape != actual.shape:
        raise ValueError(f"actual must have the shape {expected.shape}, not {actual.shape}")
    if len(axes) != expected.ndim:
        raise ValueError(f"axes must name {expected.ndim} axes, not {tuple(axes)!r}")
    different = expected != actual
    count = int(np.count_nonzero(different))
    if not count:
        return None
    place = np.unravel_index(int(np.argmax(different)), different.shape)
    return Mismatch(
        count=count,
        total=expected.size,
        axes=tuple(axes),
        coordinates=tuple(int(index) for index in place),
        expected=int(expected[place]),
        actual=int(actual[place]),
    )


def check_equal(
    expected: Any,
    actual: Any,
    *,
    axes: Sequence[str] = ("y", "x", "channel"),
    what: str = "result",
    seed: int | None = None,
) -> int:
    """The number of values compared, all equal; `Difference` with ``what`` and ``seed`` in its
    message where they are not, and the errors of `first_difference`."""
    mismatch = first_difference(expected, actual, axes)
    if mismatch is not None:
        raise Difference(mismatch, what, seed)
    return int(np.asarray(expected).size)
