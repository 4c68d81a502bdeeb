# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Accumulators of limited width: what is left of a sum, step by step."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from macaw.arch import AccumulatorConfig, Overflow
from macaw.arch.checks import integer

__all__ = ["accumulate", "step_sums"]


def accumulate(
    steps: NDArray[Any], *, bits: int, overflow: Overflow, initial: ArrayLike = 0
) -> NDArray[np.int64]:
    """The last value of an accumulator to which ``steps`` [..., steps] are added in order.

    ``steps`` are integers, each the sum of the products of one cycle (see `step_sums`);
    ``initial`` is the value before the first, broadcast to the other axes, and within the range
    of ``bits``. ``wrap`` keeps the sum modulo 2**bits in two's complement, whatever the order;
    ``saturate`` bounds it after each step, so the order is part of the result.

    >>> steps = np.array([100, 100, -100])
    >>> [int(accumulate(steps, bits=8, overflow=mode)) for mode in Overflow]
    [100, 27]

    Raises ``TypeError`` for steps that are no integers and what `AccumulatorConfig` raises for
    ``bits`` and ``overflow``; ``ValueError`` for an initial value out of range.
    """
    config = AccumulatorConfig(bits=bits, overflow=overflow)
    if not np.issubdtype(steps.dtype, np.integer):
        raise TypeError(f"steps must be integers, not {steps.dtype}")
    half = 1 << (config.bits - 1)
    start = np.asarray(initial, np.int64)
    if np.any(start < -half) or np.any(start >= half):
        raise ValueError(f"initial must be in {-half} ... {half - 1}, not {initial!r}")
    total = np.broadcast_to(start, steps.shape[:-1])
    if config.overflow == Overflow.WRAP:
        total = total + steps.sum(axis=-1, dtype=np.int64)
        return np.asarray(((total + half) & (2 * half - 1)) - half, np.int64)
    for index in range(steps.shape[-1]):
        total = np.clip(total + steps[..., index], -half, half - 1)
    return np.array(total, np.int64)


def step_sums(products: NDArray[Any], lanes: int) -> NDArray[np.int64]:
    """``products`` [..., taps] summed in order, ``lanes`` at a time: [..., ceil(taps / lanes)].

    The last step may be short. Raises what `macaw.arch.checks.integer` raises for ``lanes``.

    >>> step_sums(np.array([1, 2, 3, 4, 5]), 2)
    array([3, 7, 5])
    """
    taps = products.shape[-1]
    starts = np.arange(0, taps, integer("lanes", lanes, 1, 1 << 16))
    return np.add.reduceat(products, starts, axis=-1, dtype=np.int64)
