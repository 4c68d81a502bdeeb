# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""How the taps of a pixel are walked: column groups, steps, and the weights that meet them."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np

__all__ = ["Groups", "Step", "Walk", "flagged"]


@dataclass(frozen=True, kw_only=True)
class Groups:
    """The column groups of a result row; counts as the hardware's group walker takes them."""

    outer: int
    inner: int
    channels: int
    inner_channels: int
    final_channels: int
    input_step: int

    def __iter__(self) -> Iterator[tuple[int, int, int]]:
        """(outer group, first output channel, channels) of each column group."""
        first = 0
        for outer in range(self.outer):
            for inner in range(self.inner):
                channels = self.channels
                if inner == self.inner - 1:
                    final = outer == self.outer - 1
                    channels = self.final_channels if final else self.inner_channels
                yield outer, first, channels
                first += channels

    def alike(self, parts: list[np.ndarray]) -> bool:
        """Whether there are several groups, and the channels of each have the weights of the
        first one's, in all ``parts``, [output channels, ...].

        No group has more channels than the first.
        """
        several = self.outer * self.inner > 1
        return several and all(
            np.array_equal(weights[first : first + channels], weights[:channels])
            for weights in parts
            for _, first, channels in self
        )


@dataclass(frozen=True, kw_only=True)
class Step:
    """One entry of the step table: ``reads`` reads, ``stride`` bytes apart, of kernel row
    ``kernel_row``; the flags are those of `macaw.arch.core.step_fields`."""

    offset: int
    kernel_row: int
    reads: int = 1
    stride: int = 0
    flags: frozenset[str] = field(default_factory=frozenset)


def flagged(step: Step, flag: str) -> Step:
    """The same with one more flag."""
    return replace(step, flags=step.flags | {flag})


@dataclass(frozen=True, kw_only=True, eq=False)
class Walk:
    """A layer's walk: the steps ahead of a row's first pixel, and those of each pixel or pair.

    ``weights`` is int8, (words, columns, lanes), in the order in which the evaluations of all
    column groups read it; where they are ``weights_shared``, those of the first group, which all
    the others read too. ``pixels`` counts pixels or pairs of a row, ``pixel_stride`` the
    bytes from one to the next, ``pixel_cycles`` the clocks that each takes and
    ``prologue_cycles`` those ahead of a row's first. Where the requantiser takes channels one by
    one, a pixel takes at least ``channel_cycles`` for each of its group.
    """

    window: bool
    groups: Groups
    prologue: tuple[Step, ...]
    body: tuple[Step, ...]
    weights: np.ndarray
    pixels: int
    pixel_stride: int
    pixel_cycles: int
    prologue_cycles: int = 0
    channel_cycles: int = 0
    weights_shared: bool = False

    @property
    def row_cycles(self) -> int:
        """The clocks that a result row takes."""
        return sum(
            self.prologue_cycles
            + self.pixels * max(self.pixel_cycles, channels * self.channel_cycles)
            for _, _, channels in self.groups
        )
