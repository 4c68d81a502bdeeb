# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""What an instruction has to wait for: earlier ones of other engines that use the same memory."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from macaw.arch.machine import Engine

__all__ = ["Access", "Hazards"]


@dataclass(frozen=True, kw_only=True)
class Access:
    """Units ``start`` to before ``end`` of a memory called ``memory``, read or written: all of
    them, or ``run`` of each ``pitch``."""

    memory: str
    start: int
    end: int
    write: bool = False
    run: int = 1
    pitch: int = 1


@dataclass(kw_only=True)
class Hazards:
    """Counts the instructions of each engine, and remembers what they access."""

    counts: dict[Engine, int] = field(default_factory=lambda: dict.fromkeys(Engine, 0))
    #: By memory: engine, number of the instruction, and what it accesses.
    _past: dict[str, list[tuple[Engine, int, Access]]] = field(
        default_factory=lambda: defaultdict(list)
    )

    def after(
        self, engine: Engine, accesses: Iterable[Access], *, behind: Access | None = None
    ) -> dict[Engine, int]:
        """The waits of the next instruction of ``engine``, which makes these accesses.

        It comes after whatever has written what it reads or writes, and after whatever has read
        what it writes; but not after the access ``behind``, whose order it has without waiting.
        """
        accesses = tuple(accesses)
        waits: dict[Engine, int] = {}
        for access in accesses:
            for other, number, past in self._past[access.memory]:
                if past is behind or other == engine:
                    continue
                if number > waits.get(other, 0) and _clash(past, access):
                    waits[other] = number
        self.counts[engine] += 1
        for access in accesses:
            if access.write:
                # What is overwritten whole by what waits for it is ordered by that alone later.
                kept = self._past[access.memory]
                kept[:] = [each for each in kept if not _covers(access, each[2])]
        for access in accesses:
            self._past[access.memory].append((engine, self.counts[engine], access))
        return waits


def _clash(one: Access, other: Access) -> bool:
    """Whether two accesses to one memory may not change places."""
    return (
        (one.write or other.write)
        and one.start < other.end
        and other.start < one.end
        and not _beside(one, other)
    )


def _beside(one: Access, other: Access) -> bool:
    """Whether the runs of one lie between those of the other."""
    distance = (other.start - one.start) % one.pitch
    return one.pitch == other.pitch and one.run <= distance <= one.pitch - other.run


def _covers(outer: Access, inner: Access) -> bool:
    """Whether ``outer`` has all that ``inner`` has of their memory."""
    within = outer.start <= inner.start and inner.end <= outer.end
    alike = (outer.run, outer.pitch) == (inner.run, inner.pitch)
    full = outer.run == outer.pitch or (alike and (inner.start - outer.start) % outer.pitch == 0)
    return within and full
