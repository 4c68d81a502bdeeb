# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Rows that many passes read: copied into the tensor memory, so that they come once."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from macaw.arch.machine import MachineConfig
from macaw.compiler.machine.clocks import fits_inside, room_beside
from macaw.compiler.machine.passes import Buffer, Copy, Pass, Rows
from macaw.compiler.machine.placing import Placing

__all__ = ["kept_inside"]


def kept_inside(passes: Sequence[Pass], config: MachineConfig) -> tuple[Pass, ...] | None:
    """The passes of a layer, which read some whole rows of their image from copies in the tensor
    memory: those that several passes read, one behind the other, as far as there is room beside
    the result.

    ``None`` where there are no such rows, or the image fits there as a whole.
    """
    if not passes:
        return None
    readers = Counter(each.sources[0] for each in passes)
    free, places = room_beside(passes[-1].target.buffer.image, config), Placing(config)
    copies: dict[Rows, Buffer] = {}
    found: list[Pass] = []
    for each in passes:
        rows, *others = each.sources
        words = rows.image.words(config)
        if rows not in copies and readers[rows] > 1 and words <= free and _apart(rows, config):
            free -= words
            name = f"{rows.buffer.name} for {each.name}, {rows.count} rows from {rows.first}"
            copies[rows] = Buffer(name=name, image=rows.image)
            target = places.whole(copies[rows])
            found.append(Pass(name=each.name, sources=(rows,), work=Copy(), target=target))
        if rows in copies:
            each = replace(each, sources=(places.everything(copies[rows]), *others))
        found.append(each)
    return tuple(found) if copies else None


def _apart(rows: Rows, config: MachineConfig) -> bool:
    """Whether these are neighbouring rows, whole ones, of an image that does not fit inside."""
    whole = rows.buffer.image
    return (
        not fits_inside(whole, config)
        and rows.step == 1
        and (rows.image.width, rows.image.channels) == (whole.width, whole.channels)
    )
