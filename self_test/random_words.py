# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The random bytes of a self-test, as its hardware makes them."""

import numpy as np

from macaw.arch.self_test import CELLS, generator_constants

__all__ = ["RandomWords"]


class RandomWords:
    """The words of ``lanes`` random bytes, one after the other from the first one."""

    def __init__(self, lanes: int) -> None:
        self._constants = np.array(generator_constants(lanes), np.uint32)
        self._states = np.zeros_like(self._constants)

    def take(self, count: int) -> np.ndarray:
        """The next ``count`` words, uint8 (count, lanes).

        >>> RandomWords(8).take(2)[:, :4].tolist()
        [[0, 0, 0, 0], [185, 121, 55, 158]]
        """
        words = np.empty((count, len(self._states)), "<u4")
        state, one, cells = self._states, np.uint32(1), np.uint32(CELLS)
        for index in range(count):
            words[index] = state
            state = (state << one) ^ (state >> one) ^ (state & cells) ^ self._constants
        self._states = state
        return words.view(np.uint8)
