# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""What a layer costs in cycles, by its walk and the image's arrival."""

from macaw.compiler.conv2d import Conv2dProgram

__all__ = ["model_cycles", "utilisation"]

#: Clocks from the first read of a row to its first result, and from its last read to its last:
#: line buffer, array, accumulators, requantiser and result buffer, about.
_PIPELINE = 60


def model_cycles(program: Conv2dProgram) -> int:
    """Modelled clocks from the first image word to the last result word.

    Image words come one a clock as long as the ring has room, results leave one a clock; a row
    is read once the rows that it needs have come and the row before is done.
    """
    shape, walk, ring = program.layer.shape, program.walk, program.ring
    groups = walk.groups.outer * walk.groups.inner
    row_cycles = groups * (walk.prologue_cycles + walk.pixels * walk.pixel_cycles)
    words, stride = program.image_row_words, shape.stride[0]
    arrived: list[int] = []
    freed: list[int] = [0] * shape.height
    end = sent = 0
    for row in range(shape.output_height):
        top = row * stride - shape.padding[0]
        needed = min(top + shape.extent_height, shape.height)
        while len(arrived) < needed:
            index = len(arrived)
            room = freed[index - ring.rows] if index >= ring.rows else 0
            arrived.append(max(arrived[-1] if arrived else 0, room) + words)
        end = max(end, arrived[needed - 1] if needed > 0 else 0) + row_cycles
        for gone in range(max(top, 0), min(max(top + stride, 0), shape.height)):
            freed[gone] = end
        sent = max(sent, end + _PIPELINE) + program.result_row_words
    return sent


def utilisation(program: Conv2dProgram, cycles: int) -> float:
    """Share of the array's multiplications in ``cycles`` that the layer needs."""
    return program.layer.shape.macs / (program.config.array.multipliers * cycles)
