# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""How much of the weight memory the parts of a layer take, where not all weights fit at once."""

from math import ceil

from macaw.arch.machine import MachineConfig
from macaw.compiler.layer import Conv2dLayer

__all__ = ["share_of_weights"]

#: Clocks, as a share of those of the usual parts, that others must save.
_GAIN = 0.02


def share_of_weights(layer: Conv2dLayer, config: MachineConfig, memory_bytes: float) -> int:
    """Words of weights that a part of ``layer`` takes at most, beside a memory that moves
    ``memory_bytes`` in a clock.

    Usually those are three eighths of the weight memory: one part's are loaded while another is
    computed, and the next layer's while the last part is. But each part fetches the image anew.
    Where that takes longer than the sums, larger parts are better, though some of their weights
    come between two parts: as many as are fastest by `_clocks`.
    """
    capacity = config.core.memory.weight_words
    usual = 3 * capacity // 8
    groups, words = _column_groups(layer, config)
    most = capacity // words
    if layer.shape.groups > 1 or groups * words <= usual or not most:
        return usual
    clocks = {
        parts: _clocks(layer, config, memory_bytes, parts)
        for parts in range(ceil(groups / most), groups + 1)
    }
    first = ceil(groups / max(usual // words, 1))
    best = min(clocks, key=lambda parts: clocks[parts])
    chosen = best if clocks[best] < (1 - _GAIN) * clocks[first] else first
    return max(usual, words * ceil(groups / chosen))


def _column_groups(layer: Conv2dLayer, config: MachineConfig) -> tuple[int, int]:
    """The column groups of a dense layer, and the words of weights of each."""
    shape, array = layer.shape, config.core.array
    row_words = ceil(shape.kernel_width * shape.group_in_channels / array.lanes)
    return ceil(shape.out_channels / array.columns), shape.kernel_height * row_words


def _clocks(layer: Conv2dLayer, config: MachineConfig, memory_bytes: float, parts: int) -> float:
    """Clocks of a dense layer in ``parts``: the sums, or what comes and leaves meanwhile, and
    behind each part those weights of the next one for which there was no place."""
    shape, array = layer.shape, config.core.array
    groups, words = _column_groups(layer, config)
    of_part, size = ceil(groups / parts) * words, array.lanes * array.columns
    late = parts * max(2 * of_part - config.core.memory.weight_words, 0) * size
    image, tensors = shape.height * layer.row.bytes, config.tensor_words * config.word_bytes
    images = parts * image if image > tensors else 0
    pixels = shape.output_height * shape.output_width
    moved = images + pixels * shape.out_channels + groups * words * size - late
    return max(pixels * groups * words, moved / memory_bytes) + late / memory_bytes
