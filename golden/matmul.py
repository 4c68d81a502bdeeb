# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Exact integer matrix products at the speed of float32 ones."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from macaw.golden.float32 import float32, wrap32

__all__ = ["ExactMatrix"]

#: float32 holds every integer up to this magnitude.
_EXACT = 1 << 24
#: Taps that are exact whatever the weights are: 128 * 255 * 512 < 2**24.
_SAFE_TAPS = 512
#: Magnitude of an activation that `ExactMatrix.multiply` takes.
_ACTIVATION = 128


class ExactMatrix:
    """Weights of ``groups`` matrices, ready to be multiplied exactly by 8-bit activations.

    ``weights`` is an integer array [groups, out, taps] with magnitudes of at most 255: weights
    with their zero points taken off.

    A float32 matrix product is exact in any order of summation as long as no partial sum can
    exceed 2**24. The taps are therefore cut into slices in which, for every output,
    128 * sum(abs(weights)) is at most 2**24; slices are added as int32, modulo 2**32.
    """

    def __init__(self, weights: NDArray[Any]) -> None:
        self._weights = float32(weights)
        self._slices = _slices(self._weights)

    @property
    def slice_count(self) -> int:
        """The number of float32 products that one exact product takes."""
        return len(self._slices)

    def sums(self) -> NDArray[np.int32]:
        """The sum of each output's weights, [groups, out]."""
        total = np.zeros(self._weights.shape[:2], np.int32)
        for block in _safe_blocks(self._weights):
            total += wrap32(_tap_sums(block))
        return total

    def multiply(self, activations: NDArray[np.float32]) -> NDArray[np.int32]:
        """``activations`` [groups, rows, taps] times the weights: [groups, rows, out], int32.

        ``activations`` must hold integers of magnitude 128 or less.
        """
        total: NDArray[np.int32] | None = None
        for taps in self._slices:
            part = np.matmul(activations[:, :, taps], self._weights[:, :, taps].transpose(0, 2, 1))
            if total is None:
                total = wrap32(part)
            else:
                total += wrap32(part)
        assert total is not None  # there is at least one tap
        return total


def _safe_blocks(weights: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    starts = range(0, weights.shape[2], _SAFE_TAPS)
    return [weights[:, :, start : start + _SAFE_TAPS] for start in starts]


def _tap_sums(block: NDArray[np.float32]) -> NDArray[np.float32]:
    """Sums over the taps of one safe block: a float32 product is faster than a reduction."""
    return float32(np.matmul(block, np.ones(block.shape[2], np.float32)))


def _slices(weights: NDArray[np.float32]) -> list[slice]:
    """The fewest slices of whole blocks of `_SAFE_TAPS` taps that are exact, from the left."""
    taps = weights.shape[2]
    if taps <= _SAFE_TAPS:
        return [slice(0, taps)]
    slices, first = [], 0
    bound = np.zeros(weights.shape[:2], np.float64)
    for index, block in enumerate(_safe_blocks(weights)):
        magnitudes = _tap_sums(np.abs(block))
        bound = bound + magnitudes
        if _ACTIVATION * bound.max() > _EXACT:
            slices.append(slice(first, index * _SAFE_TAPS))
            first, bound = index * _SAFE_TAPS, magnitudes.astype(np.float64)
    return [*slices, slice(first, taps)]
