# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Words of memories and streams, of which some bytes may be anything."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Words"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Words:
    """``data`` is uint8 (words, bytes of a word); where ``known``, of the same shape, is not set,
    a byte is anything in the hardware, and 0 here: what fills up the last word of a row."""

    data: NDArray[np.uint8]
    known: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.data)

    @staticmethod
    def none(count: int, size: int) -> "Words":
        """``count`` words of ``size`` bytes that are not known."""
        return Words(
            data=np.zeros((count, size), np.uint8), known=np.zeros((count, size), np.bool_)
        )

    @staticmethod
    def joined(parts: Sequence["Words"]) -> "Words":
        """The words of all parts, one behind the other."""
        return Words(
            data=np.concatenate([each.data for each in parts]),
            known=np.concatenate([each.known for each in parts]),
        )

    @staticmethod
    def of_rows(rows: NDArray[np.uint8], size: int) -> "Words":
        """Rows of bytes, each beginning with a new word of ``size`` bytes."""
        count, length = rows.shape
        words = Words.none(count * -(-length // size), size)
        for full, values in ((words.data, rows), (words.known, np.True_)):
            full.reshape(count, -1)[:, :length] = values
        return words
