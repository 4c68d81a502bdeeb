# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""What two tensors that must be equal differ in."""

import numpy as np

from macaw.sim.compare import first_difference

__all__ = ["difference"]


def difference(expected: np.ndarray, actual: np.ndarray) -> str:
    """What two tensors that must be equal differ in; empty where they are."""
    if expected.dtype != actual.dtype or expected.shape != actual.shape:
        return (
            f"expected {expected.dtype} of shape {expected.shape}, "
            f"got {actual.dtype} of shape {actual.shape}"
        )
    if actual.dtype.kind == "f":
        # The same bits: a float tail is not held to less.
        bits = f"i{actual.dtype.itemsize}"
        expected, actual = expected.view(bits), actual.view(bits)
    elif actual.dtype.kind == "b":
        expected, actual = expected.astype(np.int8), actual.astype(np.int8)
    axes = [f"axis {axis}" for axis in range(actual.ndim)]
    mismatch = first_difference(expected, actual, axes)
    return "" if mismatch is None else str(mismatch)
