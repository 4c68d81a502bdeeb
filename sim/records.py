# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""What a simulator's status file tells of each stream, and how chances are told to it."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from macaw.sim.errors import StreamError

__all__ = ["RECORD_WORDS", "Record", "Transfers", "chance", "refuse_broken", "transfers"]

#: The 64-bit numbers of a record.
RECORD_WORDS = 8

_PROBABILITY = 1 << 16


class Record(IntEnum):
    """The places of a stream's numbers in its record."""

    WORDS = 0
    FIRST = 1
    LAST = 2
    VALID = 3
    READY = 4
    ENABLED = 5
    SURPLUS = 6
    BROKEN = 7


@dataclass(frozen=True, kw_only=True)
class Transfers:
    """What one stream carried: its words, and the cycles of the first and the last of them
    (``None`` without any). Cycle 0 is the first one after reset."""

    words: int
    first_cycle: int | None
    last_cycle: int | None


def transfers(record: np.ndarray) -> Transfers:
    """The figures of the stream with this record, int64 of shape (`RECORD_WORDS`,)."""
    words = int(record[Record.WORDS])
    return Transfers(
        words=words,
        first_cycle=int(record[Record.FIRST]) if words else None,
        last_cycle=int(record[Record.LAST]) if words else None,
    )


def refuse_broken(name: str, record: np.ndarray, seed: int) -> None:
    """Raises `StreamError` where the component broke the rules of the stream ``name``."""
    if record[Record.BROKEN]:
        raise StreamError(
            f"stream {name} takes back valid or changes its payload before ready, "
            f"{record[Record.BROKEN]} times (seed {seed})"
        )


def chance(what: str, value: float) -> int:
    """A probability in the simulator's units; ``ValueError`` unless 0 <= ``value`` < 1."""
    if not 0 <= value < 1:
        raise ValueError(f"{what} must be at least 0 and less than 1, not {value!r}")
    return min(round(value * _PROBABILITY), _PROBABILITY - 1)
