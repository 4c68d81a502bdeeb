# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""How fast the memory outside answers in a simulation."""

from dataclasses import dataclass

import numpy as np

from macaw.arch.checks import integer
from macaw.sim.records import chance

__all__ = ["MEMORY_MODELS", "MemoryModel", "memory_model"]

_CLOCKS = 1024
_NEVER = 1 << 62


@dataclass(frozen=True, kw_only=True)
class MemoryModel:
    """A memory that gives at most one word a clock, and takes at most one.

    The first word of a burst can be taken ``latency`` clocks after the burst, and up to ``bursts``
    bursts wait for theirs. Reads and writes share ``words_per_1024`` words in 1024 clocks, and no
    more than ``bytes_per_clock`` where that is given; where both want the same, they take turns.
    ``gap`` is the probability that the memory gives no word in a clock, takes none, or takes no
    burst, each by itself. A memory that has given ``dead_after`` words never answers again.

    A word that is written while a burst waits for it comes inverted: nothing may rely on it.

    Raises ``TypeError`` or ``ValueError`` for values out of range.
    """

    latency: int = 1
    words_per_1024: int = 2 * _CLOCKS
    bytes_per_clock: float | None = None
    bursts: int = 8
    gap: float = 0.0
    dead_after: int | None = None

    def __post_init__(self) -> None:
        integer("latency", self.latency, 1, 1 << 20)
        integer("words_per_1024", self.words_per_1024, 1, 2 * _CLOCKS)
        if self.bytes_per_clock is not None and not self.bytes_per_clock > 0:
            raise ValueError(
                f"bytes_per_clock must be positive, or None for no limit, "
                f"not {self.bytes_per_clock!r}"
            )
        integer("bursts", self.bursts, 1, 16)
        chance("gap", self.gap)
        if self.dead_after is not None:
            integer("dead_after", self.dead_after, 0, _NEVER)

    def rate(self, word_bytes: int) -> int:
        """Words of ``word_bytes`` bytes in 1024 clocks, at least one."""
        if self.bytes_per_clock is None:
            return self.words_per_1024
        words = round(min(_CLOCKS * self.bytes_per_clock / word_bytes, self.words_per_1024))
        return max(1, words)

    def arguments(self, word_bytes: int, seed: int) -> list[str]:
        """What tells the simulator's ``memory_model`` all this, with gaps drawn from ``seed``."""
        seeds = np.random.SeedSequence(seed).generate_state(3) | np.uint32(1)
        values = {
            "latency": self.latency,
            "rate": self.rate(word_bytes),
            "bursts": self.bursts,
            "gap": chance("gap", self.gap),
            "dead_after": _NEVER if self.dead_after is None else self.dead_after,
            "seed.read": seeds[0],
            "seed.words": seeds[1],
            "seed.write": seeds[2],
        }
        return [f"+memory.{name}={value}" for name, value in values.items()]


#: All but ``board`` give a word and take one in each clock, ``ideal`` in the next clock, ``wide``
#: after 40 clocks, which shows what the machine can do; ``board`` is SDRAM of 16 bits.
MEMORY_MODELS = {
    "ideal": MemoryModel(),
    "wide": MemoryModel(latency=40),
    "board": MemoryModel(latency=12, bytes_per_clock=2),
}


def memory_model(name: str) -> MemoryModel:
    """The model of this name in `MEMORY_MODELS`; ``ValueError`` where there is none."""
    if name not in MEMORY_MODELS:
        raise ValueError(f"memory model must be one of {', '.join(MEMORY_MODELS)}, not {name!r}")
    return MEMORY_MODELS[name]
