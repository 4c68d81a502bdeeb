# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Arithmetic on shapes, which some files leave to the runtime: small integer constants."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from macaw.nn.graph import operators as op
from macaw.nn.shapes import output_shapes

__all__ = ["folded"]

_MOST = 64

_ARITHMETIC: dict[type[op.Operator], Any] = {
    op.Add: np.add,
    op.Subtract: np.subtract,
    op.Multiply: np.multiply,
}


def folded(operator: op.Operator, constants: Sequence[NDArray[Any] | None]) -> NDArray[Any] | None:
    """The result of an operator whose inputs are all small constant integers; otherwise None.

    ``constants`` has an entry for each input, None for one that is computed. Raises `ModelError`
    for attributes that do not fit the shapes.
    """
    operands = [
        value
        for value in constants
        if value is not None and value.size <= _MOST and value.dtype in (np.int32, np.int64)
    ]
    if len(operands) < len(operator.inputs) or not operands:
        return None
    first = operands[0]
    match operator:
        case op.Slice():
            starts, steps, sizes = operator.starts, operator.steps, operator.sizes
            if first.ndim != 1 or not 0 <= starts[0] + (sizes[0] - 1) * steps[0] < len(first):
                return None
            taken = first[starts[0] + steps[0] * np.arange(sizes[0])]
            return taken.reshape(()) if operator.removed else taken
        case op.Pack() if first.ndim == 0:
            return np.stack(operands)
        case op.Concat() if all(value.ndim == 1 for value in operands):
            return np.concatenate(operands)
        case op.Gather() if first.ndim == 1 and operands[1].ndim == 0:
            return first[operands[1]] if 0 <= operands[1] < len(first) else None
        case op.Reshape() if np.prod(operator.shape) == first.size:
            return first.reshape(operator.shape)
        case op.Tile() | op.BroadcastTo() if _small(operator, first):
            if isinstance(operator, op.Tile):
                return np.tile(first, operator.multiples)
            return np.broadcast_to(first, operator.shape)
        case op.Add() | op.Subtract() | op.Multiply() if first.shape == operands[1].shape:
            return np.asarray(_ARITHMETIC[type(operator)](first, operands[1]))
    return None


def _small(operator: op.Operator, operand: NDArray[Any]) -> bool:
    return all(math.prod(shape) <= _MOST for shape in output_shapes(operator, [operand.shape]))
