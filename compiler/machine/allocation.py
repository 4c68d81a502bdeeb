# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Places for buffers in a memory, so that those that live at the same time do not overlap."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

__all__ = ["Life", "place_buffers"]


@dataclass(frozen=True, kw_only=True)
class Life:
    """``words`` that are needed from the pass ``first`` to the pass ``last``, both included."""

    words: int
    first: int
    last: int


def place_buffers(lives: Mapping[str, Life], capacity: int | None) -> dict[str, int]:
    """The first word of each buffer that finds a place among ``capacity`` words, or among as many
    as it takes.

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
    """

    def length(name: str) -> int:
        return lives[name].last - lives[name].first

    orders = (
        sorted(lives, key=lambda name: (length(name), name)),
        sorted(lives, key=lambda name: (length(name), -lives[name].words, name)),
    )
    choices = [_placed(lives, capacity, order) for order in orders]
    best = max(choices, key=lambda placed: sum(lives[name].words for name in placed))
    return {name: best[name] for name in lives if name in best}


def _placed(
    lives: Mapping[str, Life], capacity: int | None, order: Iterable[str]
) -> dict[str, int]:
    """The places of those that find one, in this order."""
    placed: dict[str, int] = {}
    for name in order:
        life = lives[name]
        taken = sorted(
            (start, start + lives[other].words)
            for other, start in placed.items()
            if lives[other].first <= life.last and life.first <= lives[other].last
        )
        start = 0
        for first, end in taken:
            if start + life.words <= first:
                break
            start = max(start, end)
        if capacity is None or start + life.words <= capacity:
            placed[name] = start
    return placed
