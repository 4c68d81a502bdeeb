# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Where the multipliers of a MAC array stand, each with its weights beside it, and where the
memories of rows stand.

Multipliers and block RAMs stand in a few rows of the device. A placer that spreads them freely
needs a fifth more wire for all of the design than one that finds them in order.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["floorplan"]

#: A multiplier of pair and lane, and the memory of its weights, as `MacArray` and `WeightMemory`
#: name them.
_MULTIPLIER = re.compile(r"\barray\.cell_(\d+)_(\d+)\.multiplier\.multiplier$")
_WEIGHTS = re.compile(r"\bweight_memory\.block_(\d+)_(\d+)\.block_0$")

#: A memory of bank and block (which two bytes of a word).
_LINE_MEMORY = re.compile(r"\bline_buffer\.bank_(\d+)\.block_(\d+)$")
_RESULT_MEMORY = re.compile(r"\bresult_buffer\.bank_(\d+)\.block_(\d+)$")


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


def floorplan(cells: Iterable[str], device: str) -> dict[str, str]:
    """A site, in nextpnr's words, for each multiplier of the MAC array among the names of
    ``cells``, for the memory of its weights, and for those of the line and the result buffer.

    Pairs of columns stay together in a row of the device, lane beside lane; the memory of a
    multiplier stands above it. Rows begin at the left, so that the right end of each is left to
    the requantiser's multipliers; but the last one, which is not full, leaves a corner to the
    memories of the line buffer. Those of the result buffer are at the right. Bytes flow from left
    to right. Empty where nothing is gained by a floorplan: on a device with more rows than an
    array fills, for an array whose weights take no memory, or several, a multiplier, and for one
    that does not fit in this order.
    """
    cells = list(cells)
    multipliers, weights = _numbered(_MULTIPLIER, cells), _numbered(_WEIGHTS, cells)
    if device not in _DEVICES or not multipliers or multipliers.keys() != weights.keys():
        return {}
    plan = _DEVICES[device]
    width = 4 * len(plan.columns)
    pairs = 1 + max(pair for pair, _ in multipliers)
    lanes = 1 + max(lane for _, lane in multipliers)
    each = width // lanes
    full = len(plan.rows) - 1
    if not full * each < pairs < len(plan.rows) * each:
        return {}
    lines, results = _numbered(_LINE_MEMORY, cells), _numbered(_RESULT_MEMORY, cells)
    half = -(-_count(lines, 0) // 2)
    corner = half * _count(lines, 1)
    spare = width - lanes * (pairs - full * each)
    sites = {}
    for index, (row, memory_row) in enumerate(plan.rows):
        here = range(index * each, min((index + 1) * each, pairs))
        first = min(corner, spare) if index == full else 0
        places = zip(plan.multipliers(row)[first:], plan.memories(memory_row)[first:], strict=True)
        order = [(pair, lane) for pair in here for lane in range(lanes)]
        for key, (multiplier, memory) in zip(order, places, strict=False):
            sites[multipliers[key]], sites[weights[key]] = multiplier, memory

    # Banks in two rows, in which the same bytes of all of them, which meet, are close.
    above = plan.memories(plan.memory_row)
    if corner <= spare:
        rows = (plan.memories(plan.rows[-1][1]), above)
        for (bank, block), cell in lines.items():
            sites[cell] = rows[bank // half][half * block + bank % half]
    banks = _count(results, 0)
    first = width - banks * _count(results, 1)
    if first >= corner:
        for (bank, block), cell in results.items():
            sites[cell] = above[first + banks * block + bank]
    return sites


def _numbered(pattern: re.Pattern[str], cells: Iterable[str]) -> dict[tuple[int, int], str]:
    """The cells of which ``pattern`` speaks, by its two numbers."""
    found = {}
    for cell in cells:
        if match := pattern.search(cell):
            first, second = map(int, match.groups())
            found[first, second] = cell
    return found


def _count(cells: Iterable[tuple[int, int]], which: int) -> int:
    """How many first or second numbers there are."""
    return len({numbers[which] for numbers in cells})
