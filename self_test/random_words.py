# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The random bytes of a self-test, as its hardware makes them."""

import numpy as np

from macaw.arch.self_test import XORSHIFT, generator_seeds

__all__ = ["RandomWords"]


class RandomWords:
    """The words of ``lanes`` random bytes, one after the other from the first one."""

    def __init__(self, lanes: int) -> None:
        self._states = np.array(generator_seeds(lanes), np.uint32)

    def take(self, count: int) -> np.ndarray:
        """The next ``count`` words, uint8 (count, lanes).

        >>> RandomWords(8).take(2)[:, :4].tolist()
        [[185, 121, 55, 158], [25, 70, 12, 81]]
        """
        words = np.empty((count, len(self._states)), "<u4")
        left, right, again = XORSHIFT
        state = self._states
        for index in range(count):
            words[index] = state
            state = state ^ (state << np.uint32(left))
            state = state ^ (state >> np.uint32(right))
            state = state ^ (state << np.uint32(again))
        self._states = state
        return words.view(np.uint8)
