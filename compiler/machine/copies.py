# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Copies that need not be made: where the bytes stand already, or can be put in place at once."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from macaw.compiler.machine.passes import Buffer, Copy, Pass, Rows

__all__ = ["without_copies"]


def without_copies(passes: Sequence[Pass], outputs: Collection[str]) -> list[Pass]:
    """The same passes, but for copies whose target is as good as their source.

    A copy of a whole buffer into a whole buffer of as many words is left out, and what reads its
    target reads its source. ``outputs`` are buffers that must exist by their own names.
    """
    kept: list[Pass] = []
    names: dict[str, str] = {}
    for each in passes:
        current = replace(
            each,
            sources=tuple(
                replace(rows, buffer=_renamed(rows.buffer, names)) for rows in each.sources
            ),
        )
        if _needless(current, outputs, passes):
            names[current.target.buffer.name] = current.sources[0].buffer.name
        else:
            kept.append(current)
    return kept


def _renamed(buffer: Buffer, names: dict[str, str]) -> Buffer:
    return replace(buffer, name=names.get(buffer.name, buffer.name))


def _needless(each: Pass, outputs: Collection[str], passes: Sequence[Pass]) -> bool:
    if not isinstance(each.work, Copy) or each.tables is not None or each.target.gaps:
        return False
    [rows] = each.sources
    source, target = rows.buffer, each.target.buffer
    writers = [other for other in passes if other.target.buffer.name == target.name]
    return (
        target.name not in outputs
        and len(writers) == 1
        and rows == Rows(buffer=source, first=0, count=source.image.height)
        and each.target.first_byte == 0
    )
