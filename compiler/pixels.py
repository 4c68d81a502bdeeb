# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Neighbouring pixels of a layer with few outputs, computed together."""

from collections.abc import Iterator
from dataclasses import fields, replace
from fractions import Fraction

import numpy as np

from macaw.arch.config import AcceleratorConfig
from macaw.arch.parameters import AnyRequantization
from macaw.arch.shapes import Conv2dShape
from macaw.compiler.dense import dense_reads
from macaw.compiler.layer import Conv2dLayer

__all__ = ["pixels_together"]


def pixels_together(layer: Conv2dLayer, config: AcceleratorConfig) -> Conv2dLayer:
    """The layer, or one with the same result bytes that takes fewer clocks.

    Channels of neighbouring pixels stand side by side in a row, so a layer may make those of
    several pixels at once: with a kernel that is wider by the strides between them, in which the
    weights of each pixel stand where it sees its taps. It pays where one pixel's outputs leave
    columns idle, and its taps lanes.
    """
    choices = list(_choices(layer, config))
    return min(choices, key=lambda choice: choice[0])[1]


def _choices(
    layer: Conv2dLayer, config: AcceleratorConfig
) -> Iterator[tuple[Fraction, Conv2dLayer]]:
    """The layer with so many clocks a pixel, and what it can become."""
    count = 1
    while count == 1 or _fits(layer, config, count):
        chosen = layer if count == 1 else _widened(layer, count)
        clocks = max(min(dense_reads(chosen.shape, config)), config.beats)
        groups = -(-chosen.shape.out_channels // config.array.columns)
        yield Fraction(groups * clocks, count), chosen
        count *= 2


def _fits(layer: Conv2dLayer, config: AcceleratorConfig, count: int) -> bool:
    shape = layer.shape
    return (
        not (layer.windowed or layer.largest or config.narrow)
        and shape.groups == 1
        and shape.in_channels == layer.row.channels
        and shape.dilation[1] == 1
        and shape.output_width % count == 0
        and count * shape.out_channels <= config.array.columns
    )


def _widened(layer: Conv2dLayer, count: int) -> Conv2dLayer:
    shape = layer.shape
    stride, width = shape.stride[1], shape.kernel_width
    wide = width + (count - 1) * stride
    points = layer.weight_zero_point
    if not isinstance(points, tuple):
        points = (points,) * shape.out_channels
    # A weight that is its zero point counts nothing.
    nothing = np.array(points, layer.weights.dtype).reshape(-1, 1, 1, 1)
    size = (shape.out_channels, shape.kernel_height, wide, shape.in_channels)
    kernels = np.broadcast_to(nothing, size)
    weights = np.concatenate([kernels] * count).copy()
    for index in range(count):
        own = slice(index * shape.out_channels, (index + 1) * shape.out_channels)
        weights[own, :, index * stride : index * stride + width] = layer.weights
    top, bottom, left, _ = shape.padding
    right = (shape.output_width - 1) * stride + width - shape.width - left
    return replace(
        layer,
        shape=Conv2dShape(
            height=shape.height,
            width=shape.width,
            in_channels=shape.in_channels,
            out_channels=count * shape.out_channels,
            kernel_height=shape.kernel_height,
            kernel_width=wide,
            stride=(shape.stride[0], count * stride),
            dilation=shape.dilation,
            padding=(top, bottom, left, max(right, 0)),
        ),
        weights=weights,
        requantization=_repeated(layer.requantization, count),
        weight_zero_point=points * count,
    )


def _repeated(parameters: AnyRequantization, count: int) -> AnyRequantization:
    """The parameters of all channels, so many times."""
    values = {field.name: getattr(parameters, field.name) for field in fields(parameters)}
    repeated = {name: each * count for name, each in values.items() if isinstance(each, tuple)}
    return type(parameters)(**(values | repeated))
