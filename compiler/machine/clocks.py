# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""What passes cost beside a memory, before anything has a place there."""

from collections.abc import Sequence
from itertools import pairwise

from macaw.arch.machine import LoadTarget, MachineConfig
from macaw.arch.program import CoreProgram
from macaw.compiler.machine.cost import fetched_runs, pass_cost, read_runs, target_bytes
from macaw.compiler.machine.emit import contents
from macaw.compiler.machine.images import Image
from macaw.compiler.machine.passes import Pass

__all__ = ["GAIN", "clocks_of", "fits_inside", "room_beside"]

#: Clocks, as a share of those of the usual way, that another must save.
GAIN = 0.002


def clocks_of(passes: Sequence[Pass], config: MachineConfig, memory_bytes: float) -> float:
    """Clocks of the passes of a layer beside a memory that moves ``memory_bytes`` in a clock: the
    sums, or what comes and leaves meanwhile; and between two passes the weights and the first rows
    of the image for which there is no place beside those of the pass before. Tensors that fit the
    tensor memory are taken to be there."""
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
        read = zip(each.reads, read_runs(each, config), strict=True)
        outside = [runs for rows, runs in read if not fits_inside(rows.buffer.image, config)]
        moved += sum(runs.count for runs in outside) * config.word_bytes
        if not fits_inside(each.target.buffer.image, config):
            moved += target_bytes(each.target, config)
    late *= config.word_bytes  # A unit of weights is a word.
    waiting = sum(
        _first_rows(each, config, memory_bytes)
        for before, each in pairwise(passes)
        if not _beside(before, each, config)
    )
    work = sum(pass_cost(each, config).overlapped for each in passes) + waiting
    return max(work, (moved - late) / memory_bytes) + late / memory_bytes


def _beside(one: Pass, other: Pass, config: MachineConfig) -> bool:
    """Whether rows of both images have room in the line buffer at once."""
    works = one.work, other.work
    words = [work.descriptor["ring_words"] for work in works if isinstance(work, CoreProgram)]
    return len(words) < 2 or sum(words) <= config.core.memory.activation_words


def _first_rows(each: Pass, config: MachineConfig, memory_bytes: float) -> float:
    """Clocks in which the rows come that the first row of a result needs."""
    assert isinstance(each.work, CoreProgram)
    layer = each.work.descriptor
    rows = min(max(layer["extent"] - layer["padding_top"], 0), layer["height"])
    words = rows * (layer["row_words"] + 1)
    if fits_inside(each.sources[0].buffer.image, config):
        return words
    inside = 0 if each.kept is None else min(fetched_runs(each.kept, config).count, words)
    return inside + (words - inside) * config.word_bytes / memory_bytes


def fits_inside(image: Image, config: MachineConfig) -> bool:
    """Whether an image fits the tensor memory."""
    return image.words(config) <= config.tensor_words


def room_beside(image: Image, config: MachineConfig) -> int:
    """Words of the tensor memory beside an image, if that fits there."""
    return config.tensor_words - (image.words(config) if fits_inside(image, config) else 0)
