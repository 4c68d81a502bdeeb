# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The elementwise pass: two tables of numbers in fixed point, an addition, and a rounding."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from macaw.arch.instructions import LOOKUP_FRACTION
from macaw.arch.machine import Rounding
from macaw.golden.fixed_point import shift_away
from macaw.golden.machine.errors import MachineError
from macaw.golden.machine.words import Words

__all__ = ["TABLE_ENTRIES", "elementwise", "rounded"]

#: Entries of one table, one for each byte; the second operand's stands behind the first one's.
TABLE_ENTRIES = 256


def rounded(values: NDArray[np.int64], rounding: Rounding) -> NDArray[np.int64]:
    """``values`` of `LOOKUP_FRACTION` bits behind the point as integers, to nearest.

    >>> half = 1 << (LOOKUP_FRACTION - 1)
    >>> for rounding in Rounding:
    ...     print(rounding.name, rounded(np.array([-3, -1, 1, 3]) * half, rounding))
    UP [-1  0  1  2]
    AWAY [-2 -1  1  2]
    EVEN [-2  0  0  2]
    """
    half = 1 << (LOOKUP_FRACTION - 1)
    match rounding:
        case Rounding.UP:
            result = (values + half) >> LOOKUP_FRACTION
        case Rounding.AWAY:
            result = shift_away(values, LOOKUP_FRACTION)
        case Rounding.EVEN:
            odd = (values >> LOOKUP_FRACTION) & 1
            result = (values + (half - 1 + odd)) >> LOOKUP_FRACTION
    return result


def elementwise(
    values: Mapping[str, int],
    lookup: NDArray[np.int64],
    written: NDArray[np.bool_],
    operands: Sequence[Words],
) -> Words:
    """The result's words, from as many words of each of one or two operands.

    ``values`` are those of the store. ``lookup`` holds both tables, int64 (512,), of which
    entries are ``written``; a byte looks up the entry of its bits, int8 or uint8. The sum of the
    two entries is exact.

    Raises `MachineError` for entries that nothing has written, an unknown rounding, and bounds in
    the wrong order.
    """
    if values["rounding"] not in tuple(Rounding):
        raise MachineError(
            f"rounding must be one of {', '.join(str(each.value) for each in Rounding)}, "
            f"not {values['rounding']}"
        )
    if values["minimum"] > values["maximum"]:
        raise MachineError(
            f"minimum must be at most the maximum ({values['maximum']}), not {values['minimum']}"
        )
    total = np.zeros(operands[0].data.shape, np.int64)
    known = np.ones(total.shape, np.bool_)
    for operand, each in enumerate(operands):
        entries = operand * TABLE_ENTRIES + each.data.astype(np.int64)
        missing = np.unique(entries[each.known & ~written[entries]])
        if len(missing):
            raise MachineError(f"lookup entry {missing[0]} must have been loaded")
        total += lookup[entries]
        known &= each.known
    result = rounded(total, Rounding(values["rounding"])) + values["zero_point"]
    result = result.clip(values["minimum"], values["maximum"])
    data = result.astype(np.int8).view(np.uint8)
    if values["output_unsigned"]:
        data = data ^ np.uint8(0x80)
    return Words(data=np.where(known, data, np.uint8(0)), known=known)
