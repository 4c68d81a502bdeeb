# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The tables of the elementwise pass, from the results that it must give."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from macaw.arch.checks import instance, integer
from macaw.arch.instructions import LOOKUP_BITS, LOOKUP_FRACTION
from macaw.arch.machine import Rounding

__all__ = ["LookupTables", "lookup_tables"]

_BYTES = 256
_ONE = 1 << LOOKUP_FRACTION
_LOWEST, _HIGHEST = -(1 << (LOOKUP_BITS - 1)), (1 << (LOOKUP_BITS - 1)) - 1

#: Beyond every sum of two entries: what bounds nothing.
_NONE = 1 << (LOOKUP_BITS + 2)


@dataclass(frozen=True, kw_only=True, eq=False)
class LookupTables:
    """What the elementwise pass is given for one operator.

    ``first`` and ``second`` are int32 (256,), indexed by the operands' bytes as they stand in
    memory; ``second`` is ``None`` where there is one operand. ``zero_point``, ``minimum`` and
    ``maximum`` are those of int8, from which a uint8 result is 128 away.
    """

    first: NDArray[np.int32]
    second: NDArray[np.int32] | None
    rounding: Rounding
    zero_point: int
    minimum: int
    maximum: int
    output_unsigned: bool

    @property
    def entries(self) -> list[int]:
        """The units of a LOAD of the tables from unit 0 on, each by its bits."""
        tables = [self.first] if self.second is None else [self.first, self.second]
        return [int(entry) for entry in np.concatenate(tables).view(np.uint32)]

    @property
    def values(self) -> dict[str, int]:
        """What a store says of them: the values of `elementwise_fields`."""
        return {
            "operands": 1 if self.second is None else 2,
            "rounding": int(self.rounding),
            "zero_point": self.zero_point,
            "minimum": self.minimum,
            "maximum": self.maximum,
            "output_unsigned": int(self.output_unsigned),
        }

    def results(self) -> NDArray[Any]:
        """What the pass gives for every byte, or for every pair [first, second] of them: int8 or
        uint8 (256,) or (256, 256)."""
        sums = self.first.astype(np.int64)
        if self.second is not None:
            sums = sums[:, np.newaxis] + self.second
        whole, rest = np.divmod(sums, _ONE)
        tie, above = 2 * rest == _ONE, 2 * rest > _ONE
        upwards = {
            Rounding.UP: tie,
            Rounding.AWAY: tie & (sums > 0),
            Rounding.EVEN: tie & (whole % 2 == 1),
        }
        rounded = whole + (above | upwards[self.rounding]) + self.zero_point
        bounded = np.clip(rounded, self.minimum, self.maximum) + 128 * self.output_unsigned
        found: NDArray[Any] = bounded.astype(np.uint8 if self.output_unsigned else np.int8)
        return found


def lookup_tables(results: NDArray[Any], *, zero_point: int = 0) -> LookupTables:
    """Tables by which the elementwise pass gives ``results``, all of them.

    ``results`` are int8 or uint8: (256,) of one operand, or (256, 256) of a first and a second
    one, indexed by the operands' bytes as they stand in memory. ``zero_point`` is that of the
    result, in its own type: it says where the sums are zero, away from which some kernels round.

    Results at either end of their range bound a sum on one side, all others on both:
    ``low[a, b] <= first[a] + second[b] <= high[a, b]``, which either has a solution in integers or
    a contradiction that is a circle of differences (source: Cormen et al., Introduction to
    Algorithms, "Difference constraints and shortest paths"). Each rounding is tried in turn, and
    what is found is evaluated for every pair.

    Raises ``ValueError`` where no two tables give the results, and for other arrays;
    ``TypeError`` for what is no array.
    """
    array = instance("results", results, np.ndarray)
    if array.dtype not in (np.int8, np.uint8) or array.shape not in ((_BYTES,), (_BYTES, _BYTES)):
        raise ValueError(
            f"results must be int8 or uint8, (256,) or (256, 256), not {array.dtype} {array.shape}"
        )
    unsigned = bool(array.dtype == np.uint8)
    limits = np.iinfo(array.dtype)
    centre = integer("zero_point", zero_point, int(limits.min), int(limits.max)) - 128 * unsigned
    wanted = array.astype(np.int64) - 128 * unsigned

    def made(
        first: NDArray[np.int32],
        second: NDArray[np.int32] | None,
        rounding: Rounding = Rounding.UP,
        zero_point: int = centre,
    ) -> LookupTables:
        tables = LookupTables(
            first=first,
            second=second,
            rounding=rounding,
            zero_point=zero_point,
            minimum=int(wanted.min()),
            maximum=int(wanted.max()),
            output_unsigned=unsigned,
        )
        return _proved(tables, array)

    if array.ndim == 1:
        return made(((wanted - centre) * _ONE).astype(np.int32), None)
    # Ties to the even sum: which results are even is a matter of the zero point.
    tried = [(rounding, centre) for rounding in Rounding] + [(Rounding.EVEN, centre ^ 1)]
    for rounding, moved in tried:
        found = _differences(*_sum_bounds(wanted, moved, rounding))
        if found is not None:
            return made(*found, rounding, moved)
    raise ValueError(
        "results must be rounded sums of two tables of 32 bits, which these are not with any "
        "rounding: other scales may be"
    )


def _sum_bounds(
    wanted: NDArray[np.int64], centre: int, rounding: Rounding
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The least and the greatest sum that gives each result."""
    level = wanted - centre
    half = _ONE // 2
    # Whether the tie below a level belongs to it, and the one above.
    ties = {
        Rounding.UP: (np.ones_like(level, bool), np.zeros_like(level, bool)),
        Rounding.AWAY: (level > 0, level < 0),
        Rounding.EVEN: (level % 2 == 0, level % 2 == 0),
    }
    below, above = ties[rounding]
    low = level * _ONE - half + 1 - below
    high = level * _ONE + half - 1 + above
    low[wanted == wanted.min()] = -_NONE
    high[wanted == wanted.max()] = _NONE
    return low, high


def _differences(
    low: NDArray[np.int64], high: NDArray[np.int64]
) -> tuple[NDArray[np.int32], NDArray[np.int32]] | None:
    """Two tables with ``low <= first[a] + second[b] <= high``, or ``None`` where there are none.

    With ``second`` negated, all are differences of a row's number and a column's. One row and one
    column more stand for zero, from which an entry is at most 32 bits away.
    """
    count = _BYTES + 1
    least = np.full((count, count), _LOWEST, np.int64)
    most = np.full((count, count), _HIGHEST, np.int64)
    least[:_BYTES, :_BYTES], most[:_BYTES, :_BYTES] = low, high
    least[_BYTES, _BYTES] = most[_BYTES, _BYTES] = 0
    columns_least = np.ascontiguousarray(least.T)
    rows, columns = np.zeros(count, np.int64), np.zeros(count, np.int64)
    # A shortest path has as many edges as there are other numbers, and a turn follows two.
    for _ in range(count + 1):
        rows_next = np.minimum(rows, (most + columns).min(axis=1))
        columns_next = np.minimum(columns, (rows_next - columns_least).min(axis=1))
        settled = (rows_next == rows).all() and (columns_next == columns).all()
        rows, columns = rows_next, columns_next
        if settled:
            first, second = rows[:-1] - columns[-1], rows[-1] - columns[:-1]
            return first.astype(np.int32), second.astype(np.int32)
    return None


def _proved(tables: LookupTables, wanted: NDArray[Any]) -> LookupTables:
    """``tables``, which give what is ``wanted``."""
    found = tables.results()
    if not np.array_equal(found, wanted):
        raise AssertionError(f"{np.count_nonzero(found != wanted)} results differ")
    return tables
