# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Operators that choose or move values, as layers of the core that change none."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from macaw.arch.config import AcceleratorConfig
from macaw.arch.parameters import AnyRequantization, Float32Bias, Float32Chain
from macaw.arch.program import CoreLayer
from macaw.arch.requantization import FIXED_MODES, Mode, Requantization, float32_multiplier
from macaw.arch.shapes import Conv2dShape
from macaw.compiler.layer import Conv2dLayer, WideRow
from macaw.compiler.machine.images import Image
from macaw.compiler.parts import compile_parts, whole
from macaw.nn.graph import DType

__all__ = ["chosen_channels", "compiled", "largest", "unchanged"]

#: Rows, columns and channels of an image.
Chosen = tuple[range, range, range]


def unchanged(
    image: Image,
    dtype: DType,
    config: AcceleratorConfig,
    *,
    name: str,
    part: Chosen | None = None,
    padding: Sequence[int] = (0, 0, 0, 0),
    padding_value: int | None = None,
) -> CoreLayer:
    """Some rows, columns and neighbouring channels of an image, by default all, with padding around
    them; see `largest`."""
    layer = largest(
        image, dtype, config, name=name, part=part, padding=padding, padding_value=padding_value
    )
    return compiled(layer, image, config, part)


def largest(
    image: Image,
    dtype: DType,
    config: AcceleratorConfig,
    *,
    name: str,
    part: Chosen | None = None,
    kernel: tuple[int, int] = (1, 1),
    stride: tuple[int, int] = (1, 1),
    padding: Sequence[int] = (0, 0, 0, 0),
    padding_value: int | None = None,
    bounds: tuple[int, int] | None = None,
) -> Conv2dLayer:
    """The largest value of each window, which is the value itself where the window has one; then
    bounded.

    ``part`` are rows, columns and neighbouring channels of the image, by default all; with it
    there is a window of one value, and no stride. ``padding_value`` and ``bounds`` are of the
    image's type. Raises ``ValueError`` for what the core was not built for.
    """
    signed = dtype == DType.INT8
    low, high = (-128, 127) if signed else (0, 255)
    minimum, maximum = bounds or (low, high)
    centre = 0 if signed else 128
    rows, columns, channels = part or _everything(image)
    top, bottom, left, right = padding
    shape = Conv2dShape(
        height=rows[-1] - rows.start + 1,
        width=columns[-1] - columns.start + 1,
        in_channels=len(channels),
        out_channels=len(channels),
        kernel_height=kernel[0],
        kernel_width=kernel[1],
        stride=(stride[0] * rows.step, stride[1] * columns.step),
        padding=(top, bottom, left, right),
        groups=len(channels),
    )
    return Conv2dLayer(
        shape=shape,
        weights=np.ones((len(channels), *kernel, 1), np.int8),
        requantization=_identity(
            config, len(channels), zero_point=centre, minimum=minimum, maximum=maximum,
            signed=signed, name=name,
        ),
        input_zero_point=centre,
        input_signed=signed,
        name=name,
        largest=kernel != (1, 1),
        padding_value=padding_value,
    )  # fmt: skip


def chosen_channels(
    image: Image,
    dtype: DType,
    config: AcceleratorConfig,
    channels: Sequence[int | None],
    *,
    name: str,
    rows: range | None = None,
    columns: range | None = None,
    padding: Sequence[int] = (0, 0, 0, 0),
    value: int = 0,
) -> CoreLayer:
    """The channels of an image that ``channels`` names, in this order; ``value`` where it names
    none, and in the padding around.

    ``rows`` and ``columns`` are those of the image that are taken, by default all. ``value`` is
    of the image's type. It is a pointwise layer whose weights are ones and zeros. Raises
    ``ValueError`` for what the core was not built for.
    """
    signed = dtype == DType.INT8
    centre = 0 if signed else 128
    weights = np.zeros((len(channels), 1, 1, image.channels), np.int8)
    bias = []
    for index, channel in enumerate(channels):
        if channel is not None:
            weights[index, 0, 0, channel] = 1
        bias.append(value - centre if channel is None else 0)
    all_rows, all_columns, all_channels = _everything(image)
    rows, columns = rows or all_rows, columns or all_columns
    top, bottom, left, right = padding
    shape = Conv2dShape(
        height=rows[-1] - rows.start + 1,
        width=columns[-1] - columns.start + 1,
        in_channels=image.channels,
        out_channels=len(channels),
        kernel_height=1,
        kernel_width=1,
        stride=(rows.step, columns.step),
        padding=(top, bottom, left, right),
    )
    layer = Conv2dLayer(
        shape=shape,
        weights=weights,
        requantization=_identity(
            config, len(channels), zero_point=centre, minimum=-128 + centre,
            maximum=127 + centre, signed=signed, name=name, bias=bias,
        ),
        input_zero_point=centre,
        input_signed=signed,
        name=name,
        padding_value=value if any(padding) else None,
    )  # fmt: skip
    return compiled(layer, image, config, (rows, columns, all_channels))


def _everything(image: Image) -> Chosen:
    return range(image.height), range(image.width), range(image.channels)


def compiled(
    layer: Conv2dLayer, image: Image, config: AcceleratorConfig, chosen: Chosen | None = None
) -> CoreLayer:
    """A layer that reads the chosen part of an image, by default all, of which it is given whole
    words."""
    rows, columns, channels = (
        slice(each.start, each[-1] + 1) for each in chosen or _everything(image)
    )
    part = replace(whole(layer), image=(rows, columns, channels))
    row = WideRow(width=image.width, channels=image.channels)
    shape = layer.shape
    return CoreLayer(
        name=layer.name,
        image_shape=(1, image.height, image.width, image.channels),
        result_shape=(1, shape.output_height, shape.output_width, shape.out_channels),
        parts=tuple(compile_parts(part, config, row=row)),
        rows=shape.output_height,
    )


def _identity(
    config: AcceleratorConfig,
    channels: int,
    *,
    zero_point: int,
    minimum: int,
    maximum: int,
    signed: bool,
    name: str,
    bias: Sequence[int] | None = None,
) -> AnyRequantization:
    """A requantisation that changes no number of 8 bits but by a bias, in a mode that the core
    has."""
    added = tuple(bias or (0,) * channels)
    ones, real = (1.0,) * channels, tuple(float(each) for each in added)
    for mode in config.requantizer.modes:
        if mode == Mode.FLOAT32_BIAS:
            return Float32Bias(
                bias=real, bias_scale=ones, multiplier=ones, zero_point=zero_point,
                minimum=minimum, maximum=maximum, signed=signed,
            )  # fmt: skip
        if mode == Mode.FLOAT32_CHAIN:
            return Float32Chain(
                input_scale=1.0, weight_scale=ones, bias=real, output_multiplier=1.0,
                zero_point=zero_point, minimum=minimum, maximum=maximum, signed=signed,
            )  # fmt: skip
        if mode != Mode.RAW:
            # A product with a half, and twice that.
            one = (1 << 30, 1) if mode in FIXED_MODES else float32_multiplier(1.0)
            return Requantization(
                mode=mode, bias=added, multiplier=(one[0],) * channels,
                shift=(one[1],) * channels, zero_point=zero_point, minimum=minimum,
                maximum=maximum, signed=signed,
            )  # fmt: skip
    raise ValueError(f"{name}: a mode with results of 8 bits must be built into {config.name}")
