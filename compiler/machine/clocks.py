# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""What passes cost beside a memory, before anything has a place there."""

from collections.abc import Sequence

from macaw.arch.machine import LoadTarget, MachineConfig
from macaw.compiler.machine.cost import pass_cost, rows_bytes, target_bytes
from macaw.compiler.machine.emit import contents
from macaw.compiler.machine.images import Image
from macaw.compiler.machine.passes import Pass

__all__ = ["GAIN", "clocks_of", "fits_inside", "room_beside"]

#: Clocks, as a share of those of the usual way, that another must save.
GAIN = 0.02


def clocks_of(passes: Sequence[Pass], config: MachineConfig, memory_bytes: float) -> float:
    """Clocks of the passes of a layer beside a memory that moves ``memory_bytes`` in a clock: the
    sums, or what comes and leaves meanwhile; and the weights for which there is no place beside
    those of the pass before. Tensors that fit the tensor memory are taken to be there."""
    _, loads = contents(passes, config)
    capacity = config.core.memory.weight_words * config.core.array.columns
    moved, late, before = 0, 0, 0
    for each, of_pass in zip(passes, loads, strict=True):
        weights = [load for load in of_pass if load.target == LoadTarget.WEIGHTS]
        units = sum(load.units for load in weights)
        if any(load.words for load in weights):
            late += max(units + before - capacity, 0)
        before = units or before
        moved += sum(load.words for load in of_pass) * config.word_bytes
        images = [rows for rows in each.sources if not fits_inside(rows.buffer.image, config)]
        moved += sum(rows_bytes(rows, config) for rows in images)
        if not fits_inside(each.target.buffer.image, config):
            moved += target_bytes(each.target, config)
    late *= config.word_bytes  # A unit of weights is a word.
    work = sum(pass_cost(each, config).overlapped for each in passes)
    return max(work, (moved - late) / memory_bytes) + late / memory_bytes


def fits_inside(image: Image, config: MachineConfig) -> bool:
    """Whether an image fits the tensor memory."""
    return image.words(config) <= config.tensor_words


def room_beside(image: Image, config: MachineConfig) -> int:
    """Words of the tensor memory beside an image, if that fits there."""
    return config.tensor_words - (image.words(config) if fits_inside(image, config) else 0)
