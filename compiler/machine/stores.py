# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The core's memories, shared by the layers of a program: what stays, and what comes in turn."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from macaw.arch.loading import load_format
from macaw.arch.machine import LoadTarget, MachineConfig

__all__ = ["Store"]


@dataclass(kw_only=True)
class Store:
    """Places for the units of one target.

    Where all units of a program fit, each stays where it is (``resident``). Otherwise they take
    turns around the memory, so that those of the next pass are loaded while one is computed. A
    layer's weights may begin at the end of their memory and end at its beginning.
    """

    config: MachineConfig
    target: LoadTarget
    sizes: Sequence[int]
    resident: bool = field(init=False)
    #: The units that were placed last.
    last: tuple[range, ...] = ()
    _next: int = 0

    def __post_init__(self) -> None:
        self.resident = sum(self.sizes) <= self.capacity
        if self.target == LoadTarget.LOOKUP:
            # The first operand's table is always the first.
            self.resident = len(self.sizes) <= 1

    @property
    def capacity(self) -> int:
        """Units of the target."""
        return load_format(self.config, self.target).capacity

    def place(self, size: int) -> tuple[range, ...]:
        """The units of the next ``size``, in one run or two."""
        around = self.target == LoadTarget.WEIGHTS
        beyond = self._next + size > self.capacity
        if self.target == LoadTarget.LOOKUP or (beyond and not around):
            self._next = 0
        first, end = self._next, self._next + size
        self._next = end % self.capacity
        self.last = (
            (range(first, end),)
            if end <= self.capacity
            else (range(first, self.capacity), range(self._next))
        )
        return self.last
