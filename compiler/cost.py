# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""What a layer costs in cycles, by its walk and the image's arrival."""

from dataclasses import dataclass

from macaw.compiler.conv2d import Conv2dProgram

__all__ = ["LayerClocks", "model_clocks", "model_cycles", "utilisation"]

#: Clocks from the first read of a row to its first result, and from its last read to its last:
#: line buffer, array, accumulators, requantiser and result buffer, about.
_PIPELINE = 60
#: Serial lanes work on a result for about three intervals instead of one.
_SERIAL_SECTIONS = 2
#: Clocks from a word out of the result buffer to the first read of the row that takes its room,
#: about.
_ROOM = 6


@dataclass(frozen=True, kw_only=True)
class LayerClocks:
    """Modelled clocks of a layer, counted from its first image word: the first read of its first
    row, the last read of its last row, and the last result word."""

    begin: int
    end: int
    sent: int


def model_cycles(program: Conv2dProgram) -> int:
    """Modelled clocks from the first image word to the last result word."""
    return model_clocks(program).sent


def model_clocks(program: Conv2dProgram) -> LayerClocks:
    """The clocks of a layer that has the core for itself.

    Image words come one a clock as long as the ring has room, results leave one a clock; a row
    is read once the rows that it needs have come, the row before is done, and the result buffer
    has room for it.
    """
    shape, walk, ring = program.layer.shape, program.walk, program.ring
    row_cycles = walk.row_cycles
    config = program.config
    pipeline = _PIPELINE + _SERIAL_SECTIONS * (config.requantizer.interval - 1)
    if walk.window:
        # The sums of a row's last pair wait for each other.
        pipeline += config.array.phases * (config.beats - config.phase_interval)
    words, stride = program.image_row_words, shape.stride[0]
    result_words = program.result_row_words
    result_room = config.memory.result_words
    if config.narrow:
        result_room -= result_room % result_words
    arrived: list[int] = []
    freed: list[int] = [0] * shape.height
    sent: list[int] = []
    first = end = 0
    for row in range(shape.output_height):
        top = row * stride - shape.padding[0]
        needed = min(top + shape.extent_height, shape.height)
        while len(arrived) < needed:
            index = len(arrived)
            room = freed[index - ring.rows] if index >= ring.rows else 0
            arrived.append(max(arrived[-1] if arrived else 0, room) + words)
        begin = max(end, arrived[needed - 1] if needed > 0 else 0)
        gone = (row + 1) * result_words - result_room
        if gone > 0:
            of_row, left = divmod(-gone, result_words)
            begin = max(begin, sent[-of_row - 1] - left + _ROOM)
        first = begin if row == 0 else first
        end = begin + row_cycles
        for released in range(max(top, 0), min(max(top + stride, 0), shape.height)):
            freed[released] = end
        before = sent[-1] if sent else 0
        sent.append(max(before, end + pipeline) + result_words)
    return LayerClocks(begin=first, end=end, sent=sent[-1])


def utilisation(program: Conv2dProgram, cycles: int) -> float:
    """Share of the array's multiplications in ``cycles`` that the layer needs."""
    return program.layer.shape.macs / (program.config.array.multipliers * cycles)
