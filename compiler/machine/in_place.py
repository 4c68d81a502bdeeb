# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Results that are written over the image which they are made of."""

from collections.abc import Mapping, Sequence

import numpy as np

from macaw.arch.machine import MachineConfig
from macaw.arch.program import CoreProgram
from macaw.compiler.machine.allocation import Life
from macaw.compiler.machine.cost import fetched_runs
from macaw.compiler.machine.passes import Pass

__all__ = ["overwritten"]


def overwritten(
    passes: Sequence[Pass], lives: Mapping[str, Life], config: MachineConfig
) -> dict[tuple[str, str], int]:
    """By the names of a buffer that a pass begins to write, and of one whose rows it is the last
    to read: how many words behind the first one of that the first one of the result may stand, if
    the two overlap.

    A row of a result is written once the rows of the image that it needs have been taken, and a
    word of a copy once it has been: what is written over them is not needed any more.
    """
    found: dict[tuple[str, str], int] = {}
    for index, each in enumerate(passes):
        result = each.target.buffer.name
        image, *others = (rows.buffer.name for rows in each.reads)
        if each.kept is not None or image in others or not {result, image} <= lives.keys():
            continue
        if lives[result].first == lives[image].last == index:
            distance = _distance(each, config)
            if distance is not None:
                found[result, image] = distance
    return found


def _distance(each: Pass, config: MachineConfig) -> int | None:
    """The words; ``None`` for results with gaps, and for rows that do not stand together."""
    runs, target = fetched_runs(each.sources[0], config), each.target
    if target.gaps or runs.number > 1:
        return None
    match each.work:
        case CoreProgram() as work:
            layer = work.descriptor
            rows = np.arange(layer["output_rows"] + 1)
            bottoms = rows * layer["row_stride"] - layer["padding_top"] + layer["extent"]
            taken = np.clip(bottoms, 0, layer["height"]) * (layer["row_words"] + 1)
            written = (rows + 1) * (layer["result_words"] + 1)
        case _:
            taken = written = np.arange(1, runs.count + 1)
    # Nothing is read behind what all has been taken of.
    ahead = (taken - written)[taken < runs.count].min(initial=runs.count - 1)
    return int(ahead) + runs.first - target.first_byte // config.word_bytes
