# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Functions of single values whose kernels take vectors in one way, and the rest in another."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["results_of"]


def results_of(
    function: Callable[[list[NDArray[Any]]], NDArray[Any]],
    operands: Sequence[NDArray[Any]],
    *,
    count: int,
    width: int,
) -> NDArray[Any]:
    """``function(operands)`` as it is among ``count`` values, whole vectors of ``width`` of them
    and a rest.

    Operands are flat, and as long as some whole vectors. Raises ``ValueError`` where a value's
    result depends on whether it stands in a vector or in the rest.
    """
    rest = count % width
    vectors = function(list(operands))
    if not rest:
        return vectors
    size = width - 1
    singles = np.concatenate(
        [
            function([operand[start : start + size] for operand in operands])
            for start in range(0, len(vectors), size)
        ]
    )
    if count > width and not np.array_equal(vectors, singles):
        raise ValueError(
            f"the last {rest} of {count} values must be rounded as all others: "
            f"numbers of values that are multiples of {width} are"
        )
    return singles
