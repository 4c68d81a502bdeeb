# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Files with one operator of many values for one: means, sums, and extremes."""

from collections.abc import Callable

import numpy as np
from operator_parts import Case, Rng, byte_tensor, single_operator
from tflite_files import constant


def _reduction(kind: str, dtype: str) -> Callable[[Rng], Case]:
    def make(rng: Rng) -> Case:
        shape = (2, int(rng.integers(2, 9)), int(rng.integers(2, 9)), 5)
        axes = [(1, 2), (2,), (-1,), (1, 2, 3), (0, 3), (0, 1, 2, 3), (3, -1, 1)][rng.integers(7)]
        keep = bool(rng.integers(2))
        distinct = tuple({axis % 4 for axis in axes})
        array = np.zeros(shape).sum(axis=distinct, keepdims=keep)
        given, result = byte_tensor(rng, shape, dtype), byte_tensor(rng, array.shape, dtype)
        if kind == "SUM":
            # Not all sums are saturated.
            result.scale *= np.float32(np.prod(shape) / array.size)
        if kind in ("REDUCE_MAX", "REDUCE_MIN") or rng.random() < 0.2:
            result.scale, result.zero_point = given.scale, given.zero_point
        return single_operator(rng, kind, [given, constant(axes)], [result], keep_dims=keep)

    return make


#: Makers of cases, by name; each call gives another file and other values.
REDUCTIONS: dict[str, Callable[[Rng], Case]] = {
    f"{kind} {dtype}": _reduction(kind, dtype)
    for kind in ("MEAN", "SUM", "REDUCE_MAX", "REDUCE_MIN")
    for dtype in ("int8", "uint8")
}
