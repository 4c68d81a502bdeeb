# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""How the terms of a pixel's evaluations become the sum that is requantised."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from macaw.arch import AccumulatorConfig, Overflow

__all__ = ["Fold", "wrapped"]


def wrapped(values: NDArray[Any], accumulator: AccumulatorConfig) -> NDArray[np.int64]:
    """``values`` modulo 2**bits, in two's complement."""
    half = 1 << (accumulator.bits - 1)
    return np.asarray(((values.astype(np.int64) + half) & (2 * half - 1)) - half, np.int64)


class Fold:
    """An accumulator that takes terms one by one: it adds them, or keeps the ``largest`` of
    them."""

    def __init__(self, accumulator: AccumulatorConfig, *, largest: bool) -> None:
        self._accumulator = accumulator
        self._largest = largest
        self._total: NDArray[np.int64] | None = None

    def take(self, term: NDArray[Any]) -> None:
        """One more term, integers of any shape that is the same for all."""
        total = term.astype(np.int64)
        if self._total is not None:
            total = np.maximum(self._total, total) if self._largest else self._total + total
        if self._accumulator.overflow == Overflow.SATURATE and not self._largest:
            half = 1 << (self._accumulator.bits - 1)
            self._total = np.clip(total, -half, half - 1)
        else:
            self._total = wrapped(total, self._accumulator)

    @property
    def total(self) -> NDArray[np.int64]:
        """What is left of the terms."""
        assert self._total is not None  # a pixel has an evaluation
        return self._total
