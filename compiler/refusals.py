# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Refusals of layers that are too large for a core, in one voice."""

from enum import StrEnum
from fractions import Fraction

__all__ = ["Split", "TooLarge"]


class Split(StrEnum):
    """What of a layer can be split, so that its parts are smaller."""

    CHANNELS = "channels"
    ROWS = "rows"
    COLUMNS = "columns"


class TooLarge(ValueError):
    """A layer is beyond what the core was built for; ``split`` says what would make its parts
    fit, if anything would, and ``share`` how much of the layer one may be."""

    def __init__(
        self, sentence: str, split: Split | None = None, *, share: Fraction = Fraction(1, 2)
    ):
        super().__init__(sentence)
        self.split = split
        self.share = share
