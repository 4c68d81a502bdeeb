# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Operators whose kernel is the whole image: its pixels may be taken in rows of another length."""

from collections.abc import Iterator
from dataclasses import replace

from macaw.arch.config import AcceleratorConfig
from macaw.arch.core import SIZE_BITS
from macaw.arch.shapes import Conv2dShape
from macaw.compiler.layer import Conv2dLayer
from macaw.compiler.lower import Lowered
from macaw.compiler.parts import whole
from macaw.compiler.ring import place_rows
from macaw.compiler.window import ROWS

__all__ = ["whole_image"]


def whole_image(lowered: Lowered, config: AcceleratorConfig) -> Lowered:
    """The operator, or the same on an image of other rows that takes fewer clocks, or as many with
    fewer weights.

    Where pixels are whole words, rows stand one behind the other without gaps, and a layer in
    window mode that sees all pixels at once does not depend on where a row ends. Four rows are
    read at a time, so a number of rows that fills the fours is better; it must not need more
    weights, nor more than a half of the line buffer.
    """
    layer = lowered.alone
    if layer is None or not _fits(layer, config):
        return lowered
    shape = layer.shape
    _, blocks = _clocks(shape, config)
    choices = [each for each in _shapes(shape, config) if _clocks(each, config)[1] <= blocks]
    best = min((shape, *choices), key=lambda each: _clocks(each, config))
    size = (shape.out_channels, best.kernel_height, best.kernel_width, 1)
    batch, _, _, channels = lowered.image_shape
    return replace(
        lowered,
        image_shape=(batch, best.height, best.width, channels),
        parts=(whole(replace(layer, shape=best, weights=layer.weights.reshape(size))),),
    )


def _fits(layer: Conv2dLayer, config: AcceleratorConfig) -> bool:
    shape = layer.shape
    return (
        layer.windowed
        and not config.narrow
        and shape.in_channels % config.array.lanes == 0
        and (shape.kernel_height, shape.kernel_width) == (shape.height, shape.width)
        and shape.dilation == (1, 1)
        and not any(shape.padding)
    )


def _shapes(shape: Conv2dShape, config: AcceleratorConfig) -> Iterator[Conv2dShape]:
    """The same pixels in rows of every length that divides their number."""
    pixels = shape.height * shape.width
    for height in range(1, min(pixels, (1 << SIZE_BITS) - 1) + 1):
        if pixels % height:
            continue
        width = pixels // height
        turned = replace(
            shape, height=height, width=width, kernel_height=height, kernel_width=width
        )
        stored = replace(turned, groups=1)
        ring = place_rows(stored, config, rows=ROWS, words=1)
        if ring and ring.words <= config.memory.activation_words // 2:
            yield turned


def _clocks(shape: Conv2dShape, config: AcceleratorConfig) -> tuple[int, int]:
    """Clocks of a pixel and a column group, with one part of weights, and blocks of weights."""
    array = config.array
    fours = -(-shape.kernel_height // ROWS)
    blocks = fours * -(-shape.kernel_width // array.window_columns)
    # Two pixels are computed together, whether there is a second one or not.
    reads = 2 * fours * shape.kernel_width
    evaluations = max(blocks * config.phase_interval, config.beats) * array.phases
    return max(reads, evaluations), blocks
