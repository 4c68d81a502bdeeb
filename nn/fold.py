# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Arithmetic on shapes, which some files leave to the runtime: small integer constants."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from macaw.nn.graph import (
    Add,
    Concat,
    Gather,
    Multiply,
    Operator,
    Pack,
    Reshape,
    Slice,
    Subtract,
)

__all__ = ["folded"]

_MOST = 64


def folded(operator: Operator, constants: Sequence[NDArray[Any] | None]) -> NDArray[Any] | None:
    """The result of an operator whose inputs are all small constant integers; otherwise None.

    ``constants`` has an entry for each input, None for one that is computed.
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
        case Slice():
            starts, steps, sizes = operator.starts, operator.steps, operator.sizes
            if first.ndim != 1 or not 0 <= starts[0] + (sizes[0] - 1) * steps[0] < len(first):
                return None
            taken = first[starts[0] + steps[0] * np.arange(sizes[0])]
            return taken.reshape(()) if operator.removed else taken
        case Pack() if first.ndim == 0:
            return np.stack(operands)
        case Concat() if all(value.ndim == 1 for value in operands):
            return np.concatenate(operands)
        case Gather() if first.ndim == 1 and operands[1].ndim == 0:
            return first[operands[1]] if 0 <= operands[1] < len(first) else None
        case Reshape() if np.prod(operator.shape) == first.size:
            return first.reshape(operator.shape)
        case Add() | Subtract() | Multiply() if first.shape == operands[1].shape:
            function = {Add: np.add, Subtract: np.subtract, Multiply: np.multiply}[type(operator)]
            return np.asarray(function(first, operands[1]))
    return None
