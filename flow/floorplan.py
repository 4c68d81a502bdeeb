# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Where the multipliers of a MAC array stand, each with its weights beside it, and where the
memories of rows stand.

Multipliers and block RAMs stand in a few rows of the device. A placer that spreads them freely
needs a fifth more wire for all of the design than one that finds them in order.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

__all__ = ["floorplan"]

#: A multiplier of pair and lane, and the memory of its weights, as `MacArray` and `WeightMemory`
#: name them.
_MULTIPLIER = re.compile(r"\barray\.cell_(\d+)_(\d+)\.multiplier\.multiplier$")
_WEIGHTS = re.compile(r"\bweight_memory\.block_(\d+)_(\d+)\.block_0$")

#: A memory of bank and block (which two bytes of a word).
_ROW_MEMORIES = (
    re.compile(r"\bline_buffer\.bank_(\d+)\.block_(\d+)$"),
    re.compile(r"\bresult_buffer\.bank_(\d+)\.block_(\d+)$"),
)


@dataclass(frozen=True, kw_only=True)
class _Device:
    """A row of multipliers and one of block RAMs have four sites every nine tiles, from each of
    ``columns`` on; ``rows`` are those of multipliers, each with the nearest row of memories, and
    ``memory_row`` is one of memories only."""

    columns: tuple[int, ...]
    rows: tuple[tuple[int, int], ...]
    memory_row: int

    def multipliers(self, row: int) -> list[str]:
        """The sites of multipliers in ``row``, from left to right."""
        sites = ((0, 0), (1, 1), (4, 4), (5, 5))
        return [f"X{x + dx}/Y{row}/MULT18_{z}" for x in self.columns for dx, z in sites]

    def memories(self, row: int) -> list[str]:
        """The sites of block RAMs in ``row``, from left to right."""
        return [f"X{x + 2 * z}/Y{row}/EBR{z}" for x in self.columns for z in range(4)]


_LFE5U_85 = _Device(
    columns=(*range(4, 59, 9), *range(69, 115, 9)),
    rows=((10, 22), (34, 46), (58, 70)),
    memory_row=82,
)

#: Devices by nextpnr's name, as nextpnr places their cells.
_DEVICES = {"85k": _LFE5U_85, "um5g-85k": _LFE5U_85}


def floorplan(cells: Collection[str], device: str) -> dict[str, str]:
    """A site, in nextpnr's words, for each multiplier of the MAC array among the names of
    ``cells``, for the memory of its weights, and for those of the line and the result buffer.

    Pairs of columns stay together in a row of the device, lane beside lane; the memory of a
    multiplier stands above it. Empty where nothing is gained by one: on a device with more rows
    than an array fills, for an array whose weights take no memory, or several, a multiplier, and
    for one that does not fit in this order.
    """
    multipliers, weights = _places(_MULTIPLIER, cells), _places(_WEIGHTS, cells)
    if device not in _DEVICES or not multipliers or multipliers.keys() != weights.keys():
        return {}
    plan = _DEVICES[device]
    width = 4 * len(plan.columns)
    pairs = 1 + max(pair for pair, _ in multipliers)
    lanes = 1 + max(lane for _, lane in multipliers)
    each = width // lanes
    if pairs <= each * (len(plan.rows) - 1) or pairs > each * len(plan.rows):
        return {}
    sites: dict[str, str] = {}
    for index, (multiplier_row, memory_row) in enumerate(plan.rows):
        here = range(index * each, min((index + 1) * each, pairs))
        order = [(pair, lane) for pair in here for lane in range(lanes)]
        for cell_of, places in (
            (multipliers, plan.multipliers(multiplier_row)),
            (weights, plan.memories(memory_row)),
        ):
            centred = places[(width - len(order)) // 2 :]
            sites.update(zip((cell_of[key] for key in order), centred, strict=False))
    memories = [cell for kind in _ROW_MEMORIES for _, cell in _by_block(_places(kind, cells))]
    if len(memories) <= width:
        centred = plan.memories(plan.memory_row)[(width - len(memories)) // 2 :]
        sites.update(zip(memories, centred, strict=False))
    return sites


def _by_block(memories: dict[tuple[int, int], str]) -> list[tuple[tuple[int, int], str]]:
    """The memories of all banks for the same bytes side by side, since these meet."""
    return sorted(memories.items(), key=lambda item: item[0][::-1])


def _places(pattern: re.Pattern[str], cells: Iterable[str]) -> dict[tuple[int, int], str]:
    """The cells of which ``pattern`` speaks, by its two numbers."""
    found = {}
    for cell in cells:
        if match := pattern.search(cell):
            first, second = map(int, match.groups())
            found[first, second] = cell
    return found
