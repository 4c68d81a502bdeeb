# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Pointwise layers, whose pixels may be taken in rows of another length."""

from collections.abc import Iterator
from dataclasses import replace

from macaw.arch.config import AcceleratorConfig
from macaw.arch.core import SIZE_BITS
from macaw.arch.parameters import RawSums
from macaw.arch.shapes import Conv2dShape
from macaw.compiler.layer import Conv2dLayer
from macaw.compiler.lower import Lowered
from macaw.compiler.parts import whole
from macaw.compiler.ring import place_rows

__all__ = ["short_rows"]

#: Words of a row of the image for which a layer may well wait.
_SOON = 128


def short_rows(lowered: Lowered, config: AcceleratorConfig) -> Lowered:
    """The operator, or the same on shorter rows, so that one leaves while the next is computed.

    A kernel of one pixel does not depend on where a row ends. Where rows stand one behind the other
    without gaps, in the image and in the result, they are made so short that two rows of the result
    have room in its buffer, and two of the image in a half of the line buffer; and so that the
    first one comes soon, where there are such.
    """
    layer = lowered.alone
    if layer is None or not _fits(layer, config):
        return lowered
    shape = layer.shape
    choices = [each for each in _shapes(shape, config) if _two_rows(each, config)]
    soon = [each for each in choices if _image_words(each, config) <= _SOON]
    best = (soon or choices or [shape])[0]
    batch = lowered.image_shape[0]
    return replace(
        lowered,
        image_shape=(batch, best.height, best.width, best.in_channels),
        result_shape=(batch, best.height, best.width, best.out_channels),
        parts=(whole(replace(layer, shape=best)),),
    )


def _fits(layer: Conv2dLayer, config: AcceleratorConfig) -> bool:
    shape = layer.shape
    return (
        not isinstance(layer.requantization, RawSums)
        and layer.pointwise
        # With fewer channels, neighbouring pixels are computed together.
        and shape.out_channels >= config.array.columns
        and _without_gaps(shape, config)
    )


def _without_gaps(shape: Conv2dShape, config: AcceleratorConfig) -> bool:
    channels = shape.in_channels, shape.out_channels
    return not any(shape.width * each % config.array.lanes for each in channels)


def _shapes(shape: Conv2dShape, config: AcceleratorConfig) -> Iterator[Conv2dShape]:
    """The shape, and then the same pixels in ever shorter rows."""
    pixels = shape.height * shape.width
    for width in range(shape.width, 0, -1):
        turned = replace(shape, height=pixels // width, width=width)
        if pixels % width == 0 and turned.height < 1 << SIZE_BITS and _without_gaps(turned, config):
            yield turned


def _image_words(shape: Conv2dShape, config: AcceleratorConfig) -> int:
    return shape.width * shape.in_channels // config.array.lanes


def _two_rows(shape: Conv2dShape, config: AcceleratorConfig) -> bool:
    memory = config.memory
    words = shape.width * shape.out_channels // config.array.lanes
    ring = place_rows(shape, config)
    return (
        2 * words <= memory.result_words
        and ring is not None
        and 2 * ring.pitch <= memory.activation_words // 2
    )
