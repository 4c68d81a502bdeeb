# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Accesses of a program to one memory: whether the order of any two of them is left to chance."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from macaw.arch.machine import Engine
from macaw.golden.machine.schedule import Site

__all__ = ["Accesses"]


class Accesses:
    """The last instruction of each engine that has read or written each unit of a memory.

    An engine's instructions are in order, so its last access stands for all before it. Instructions
    must come in an order that agrees with their clocks.
    """

    def __init__(self, units: int) -> None:
        self._units = units
        # Places on the engine, from 1; nothing for engines that never access the memory.
        self._reads: dict[Engine, NDArray[np.int32]] = {}
        self._writes: dict[Engine, NDArray[np.int32]] = {}

    def read(self, site: Site, units: Any) -> tuple[Engine, int, int] | None:
        """Notes that an instruction reads ``units``, a slice or indices.

        Gives the first access that nothing orders: (engine, place on it, unit), or ``None``.
        """
        race = self._race(self._writes, site, units)
        self._note(self._reads, site, units)
        return race

    def write(self, site: Site, units: Any) -> tuple[Engine, int, int] | None:
        """Notes that it writes them; gives what `read` gives."""
        race = self._race(self._writes, site, units) or self._race(self._reads, site, units)
        self._note(self._writes, site, units)
        return race

    def forget(self, engine: Engine, units: Any) -> None:
        """Forgets that the last instruction of ``engine`` reads ``units``: what is written there
        next comes behind that, and whatever comes later is ordered by the write."""
        self._reads[engine][units] = 0

    def _race(
        self, accesses: dict[Engine, NDArray[np.int32]], site: Site, units: Any
    ) -> tuple[Engine, int, int] | None:
        for engine, places in accesses.items():
            if engine == site.engine:
                continue
            later = np.flatnonzero(places[units] > site.access[engine])
            if len(later):
                unit = int(np.arange(self._units)[units][later[0]])
                return engine, int(places[unit]) - 1, unit
        return None

    def _note(self, accesses: dict[Engine, NDArray[np.int32]], site: Site, units: Any) -> None:
        if site.engine not in accesses:
            accesses[site.engine] = np.zeros(self._units, np.int32)
        accesses[site.engine][units] = site.place + 1
