# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Places for buffers in a memory, so that those that live at the same time do not overlap."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

__all__ = ["Life", "place_buffers"]


@dataclass(frozen=True, kw_only=True)
class Life:
    """``words`` that are needed from the pass ``first`` to the pass ``last``, both included."""

    words: int
    first: int
    last: int


def place_buffers(
    lives: Mapping[str, Life],
    capacity: int | None,
    overwritten: Mapping[tuple[str, str], int] = MappingProxyType({}),
) -> dict[str, int]:
    """The first word of each buffer that finds a place among ``capacity`` words, or among as many
    as it takes. ``overwritten`` has the names of two buffers of which the first may be written
    over the second, beginning at most so many words behind its first one.

    Those that are used soonest after they were made, and often, gain most: buffers are placed by
    the length of their lives, shorter ones first, each at the lowest place that is free as long as
    it lives. Of those that live equally long either the larger ones come first, which find a place
    least easily, or the names decide: by whichever fewer words find no place.

    >>> lives = {"a": Life(words=4, first=0, last=1), "b": Life(words=4, first=1, last=2),
    ...     "c": Life(words=8, first=2, last=3)}
    >>> place_buffers(lives, 12)
    {'a': 0, 'b': 8, 'c': 0}
    >>> lives = {name: Life(words=words, first=0, last=1) for name, words in zip("abc", (4, 4, 5))}
    >>> place_buffers(lives, 8)
    {'a': 0, 'b': 4}
    >>> place_buffers({"a": Life(words=4, first=0, last=1), "b": Life(words=6, first=1, last=2)},
    ...     7, {("b", "a"): -1})
    {'a': 1, 'b': 0}
    """

    def length(name: str) -> int:
        return lives[name].last - lives[name].first

    orders = (
        sorted(lives, key=lambda name: (length(name), name)),
        sorted(lives, key=lambda name: (length(name), -lives[name].words, name)),
    )
    choices = [_placed(lives, capacity, order, overwritten) for order in orders]
    best = max(choices, key=lambda placed: sum(lives[name].words for name in placed))
    return {name: best[name] for name in lives if name in best}


def _placed(
    lives: Mapping[str, Life],
    capacity: int | None,
    order: Iterable[str],
    overwritten: Mapping[tuple[str, str], int],
) -> dict[str, int]:
    """The places of those that find one, in this order."""
    placed: dict[str, int] = {}
    for name in order:
        life = lives[name]
        # Where it must not begin, from the first such word to the one behind the last.
        taken = []
        for other, start in placed.items():
            if lives[other].first > life.last or life.first > lives[other].last:
                continue
            first, end = start - life.words + 1, start + lives[other].words
            if (name, other) in overwritten:
                first = start + overwritten[name, other] + 1
            elif (other, name) in overwritten:
                end = start - overwritten[other, name]
            taken.append((first, end))
        start = 0
        for first, end in sorted(taken):
            if first <= start:
                start = max(start, end)
        if capacity is None or start + life.words <= capacity:
            placed[name] = start
    return placed
