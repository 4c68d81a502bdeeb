# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""What passes need in the core's memories, and in which order it is loaded."""

from collections.abc import Sequence
from dataclasses import dataclass

from macaw.arch.machine import LoadTarget

__all__ = ["Load", "in_order"]

#: Passes before which a load may go that waits for none of them.
_AHEAD = 2


@dataclass(frozen=True, kw_only=True)
class Load:
    """Units of one target for one pass: ``words`` from ``word`` on, among all such words, become
    ``units`` of the core's memory from ``first`` on. ``resident`` ones are loaded once, by the
    prologue, and stay. Of weights that go around their memory the rest is a load of its own; units
    without words are there from a pass before."""

    target: LoadTarget
    units: int
    words: int
    word: int
    first: int = 0
    resident: bool = False


def in_order(loads: Sequence[Sequence[Load]]) -> list[Load | int]:
    """The loads of all passes, and the passes by their numbers, as they stand in a program.

    What a pass needs is loaded while the pass in front of it is computed, unless that one needs the
    place. As loads are executed one after the other, one that waits for an earlier pass than those
    in front of it goes before them. What stays is loaded first.
    """
    order: list[Load | int] = []
    free: dict[int, int] = {}  # behind which pass the place of each of these loads is free

    def insert(some: Sequence[tuple[Load, int]]) -> None:
        for load, place in some:
            order.insert(_position(order, place, free), load)
            free[id(load)] = place

    for index, of_pass in enumerate(loads):
        some = [
            (load, _last_use(load, loads, index))
            for load in of_pass
            if load.words and not load.resident
        ]
        insert([each for each in some if each[1] < index - 1])
        if index:
            order.append(index - 1)
        insert([each for each in some if each[1] == index - 1])
    first = [load for of_pass in loads for load in of_pass if load.words and load.resident]
    return [*first, *order, *range(len(loads))[-1:]]


def _position(order: Sequence[Load | int], place: int, free: dict[int, int]) -> int:
    """Where a load stands whose place is free behind pass ``place``: in front of the first load
    that waits longer, of those that nothing parts from the end but loads that do so too, and
    ``_AHEAD`` passes."""
    found, passed = len(order), 0
    for position in range(len(order) - 1, -1, -1):
        each = order[position]
        if isinstance(each, int):
            passed += 1
            if each <= place or passed > _AHEAD:
                break
        elif free[id(each)] <= place:
            break
        else:
            found = position
    return found


def _last_use(load: Load, loads: Sequence[Sequence[Load]], end: int) -> int:
    """The last pass before ``end`` that uses some of the same units; -1 for none."""
    users = (n for n in reversed(range(end)) if any(_overlap(load, each) for each in loads[n]))
    return next(users, -1)


def _overlap(one: Load, other: Load) -> bool:
    """Whether two passes need the same units."""
    return (
        one.target == other.target
        and one.first < other.first + other.units
        and other.first < one.first + one.units
    )
