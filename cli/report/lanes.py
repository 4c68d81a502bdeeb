# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""A graph as rows in the order of execution: lanes beside them for what skips rows."""

from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["Edge", "lanes"]


@dataclass(frozen=True, kw_only=True)
class Edge:
    """From row ``begin`` down to row ``end``, in ``lane`` 0 straight from one to the next, or
    further out."""

    begin: int
    end: int
    lane: int


def lanes(edges: Iterable[tuple[int, int]]) -> tuple[Edge, ...]:
    """A lane for each pair of rows, so that no two overlap in one; shorter ones stand further in.

    >>> [edge.lane for edge in lanes([(0, 1), (0, 3), (1, 2), (1, 5), (3, 5)])]
    [0, 1, 0, 2, 1]
    """
    wanted = sorted(edges)
    taken: list[list[tuple[int, int]]] = []
    found: dict[tuple[int, int], int] = {}
    for begin, end in sorted(wanted, key=lambda edge: (edge[1] - edge[0], edge)):
        if end == begin + 1:
            found[begin, end] = 0
            continue
        free = (
            number
            for number, lane in enumerate(taken)
            if all(end <= first or last <= begin for first, last in lane)
        )
        number = next(free, len(taken))
        if number == len(taken):
            taken.append([])
        taken[number].append((begin, end))
        found[begin, end] = number + 1
    return tuple(Edge(begin=begin, end=end, lane=found[begin, end]) for begin, end in wanted)
