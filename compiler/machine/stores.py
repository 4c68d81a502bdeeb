# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The core's memories, shared by the layers of a program: what stays, and what comes in turn."""

from collections.abc import Collection
from dataclasses import dataclass, field
from itertools import pairwise

from macaw.arch.loading import load_format
from macaw.arch.machine import LoadTarget, MachineConfig

__all__ = ["Content", "Store"]

#: Units, and the words that they are made of.
Content = tuple[int, bytes]
#: Units of a memory, in one run or in several.
Runs = tuple[range, ...]


@dataclass(kw_only=True)
class Store:
    """Places in the memory of one target, for all ``contents`` of a program.

    Where all units of a program fit, each stays where it is (``resident``). Otherwise they take
    turns around the memory, so that those of the next pass are loaded while one is computed. A
    layer's weights may begin at the end of their memory and end at its beginning.
    """

    config: MachineConfig
    target: LoadTarget
    contents: Collection[Content]
    resident: bool = field(init=False)
    #: Where the contents stand that nothing was placed over.
    _places: dict[Content, Runs] = field(init=False, default_factory=dict)
    #: The units that the pass before needs.
    _before: Runs = ()
    _next: int = 0

    def __post_init__(self) -> None:
        self.resident = sum(units for units, _ in self.contents) <= self.capacity
        if self.target == LoadTarget.LOOKUP:
            # The first operand's table is always the first.
            self.resident = len(self.contents) <= 1

    @property
    def capacity(self) -> int:
        """Units of the target."""
        return load_format(self.config, self.target).capacity

    def place(self, content: Content) -> tuple[Runs, bool]:
        """The units of a content that the next pass needs, and whether it must be loaded there, as
        nothing has left it there."""
        found = self._places.get(content)
        runs = found or self._new(content[0])
        if not found:
            self._places = {
                each: places
                for each, places in self._places.items()
                if not any(_overlap(one, other) for one in places for other in runs)
            } | {content: runs}
        before, self._before = self._before, runs
        return (runs, False) if found else (self._cut(runs, before), True)

    def _new(self, size: int) -> Runs:
        around = self.target == LoadTarget.WEIGHTS
        beyond = self._next + size > self.capacity
        if self.target == LoadTarget.LOOKUP or (beyond and not around):
            self._next = 0
        first, end = self._next, self._next + size
        self._next = end % self.capacity
        if end <= self.capacity:
            return (range(first, end),)
        return range(first, self.capacity), range(self._next)

    def _cut(self, runs: Runs, before: Runs) -> Runs:
        """The same units; of weights those by themselves whose place the pass before needs, so that
        the others come while it is computed."""
        if self.target != LoadTarget.WEIGHTS:
            return runs
        places = {each.start for each in before}
        pieces: list[range] = []
        for run in runs:
            inside = sorted(each for each in places if run.start < each < run.stop)
            edges = [run.start, *inside, run.stop]
            pieces += [range(*each) for each in pairwise(edges)]
        return tuple(pieces)


def _overlap(one: range, other: range) -> bool:
    return one.start < other.stop and other.start < one.stop
