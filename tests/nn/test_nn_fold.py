# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Arithmetic on shapes: what is folded, and what is left to the graph."""

import numpy as np
import pytest

from macaw.nn.fold import folded
from macaw.nn.graph import operators as op

A, B, ONE = np.int32([5, 7, 9]), np.int32([1, 2, 4]), np.int32(2)


def operator(kind, count, **attributes):
    return kind(inputs=("x",) * count, outputs=("y",), **attributes)


def part(start, step, size, *removed):
    return operator(op.Slice, 1, starts=(start,), steps=(step,), sizes=(size,), removed=removed)


@pytest.mark.parametrize(
    ("given", "constants", "expected"),
    [
        (operator(op.Add, 2), [A, B], [6, 9, 13]),
        (operator(op.Subtract, 2), [A, B], [4, 5, 5]),
        (operator(op.Multiply, 2), [A, B], [5, 14, 36]),
        (operator(op.Concat, 2, axis=0), [A, B], [5, 7, 9, 1, 2, 4]),
        (operator(op.Pack, 2, axis=0), [ONE, ONE], [2, 2]),
        (operator(op.Gather, 2, axis=0), [A, ONE], 9),
        (operator(op.Reshape, 1, shape=(3, 1)), [A], [[5], [7], [9]]),
        (operator(op.Tile, 1, multiples=(2,)), [A], [5, 7, 9, 5, 7, 9]),
        (operator(op.BroadcastTo, 1, shape=(2, 3)), [A], [[5, 7, 9], [5, 7, 9]]),
        (part(2, -1, 2), [A], [9, 7]),
        (part(1, 1, 1, 0), [A], 7),
        (operator(op.Add, 2), [A, None], None),
        (operator(op.Add, 2), [A, ONE], None),
        (operator(op.Add, 2), [A, B.astype(np.float32)], None),
        (operator(op.Add, 2), [np.zeros(100, np.int32)] * 2, None),
        (operator(op.Gather, 2, axis=0), [A, np.int32(3)], None),
        (operator(op.Tile, 1, multiples=(1 << 30,)), [A], None),
        (operator(op.BroadcastTo, 1, shape=(1 << 30, 3)), [A], None),
        (operator(op.Pack, 2, axis=0), [A, B], None),
        (part(2, 1, 2), [A], None),
        (part(0, 1, 1), [A.reshape(1, 3)], None),
        (operator(op.MaxPool2d, 1, kernel=(1, 1), stride=(1, 1)), [A], None),
    ],
)
def test_folded(given, constants, expected):
    result = folded(given, constants)
    if expected is None:
        assert result is None
        return
    assert result.tolist() == expected
    assert result.dtype == np.int32
