# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Operators with weights."""

from dataclasses import dataclass

from macaw.arch import Conv2dShape
from macaw.nn.graph.operators.base import Activation, Operator

__all__ = ["BatchNorm2d", "Conv2d", "ConvTranspose2d", "Linear"]


@dataclass(frozen=True, kw_only=True)
class Conv2d(Operator):
    """A convolution of (image, weights, bias or nothing), dense, in groups or depthwise.

    Weights are [out_channels, kernel_height, kernel_width, in_channels / groups], constant, with
    one scale or one for each output channel; the bias is [out_channels], int32, in units of
    input scale times weight scale, or where the runtime takes it so, float32. Padding holds the
    input's zero point.
    """

    stride: tuple[int, int] = (1, 1)
    dilation: tuple[int, int] = (1, 1)
    padding: tuple[int, int, int, int] = (0, 0, 0, 0)
    groups: int = 1
    activation: Activation = Activation.NONE

    def shape(self, image: tuple[int, ...], weights: tuple[int, ...]) -> Conv2dShape:
        """The convolution's shape, from those of its image and its weights; ``ValueError`` or
        ``TypeError`` where they do not belong together."""
        return Conv2dShape(
            height=image[1],
            width=image[2],
            in_channels=image[3],
            out_channels=weights[0],
            kernel_height=weights[1],
            kernel_width=weights[2],
            stride=self.stride,
            dilation=self.dilation,
            padding=self.padding,
            groups=self.groups,
        )


@dataclass(frozen=True, kw_only=True)
class ConvTranspose2d(Operator):
    """A transposed convolution of (image, weights, bias or nothing).

    Weights are as those of `Conv2d`. Input pixel (y, x) adds to the output pixels from
    (y * stride - offset) on; what lies outside of ``output_size`` is lost.
    """

    stride: tuple[int, int] = (1, 1)
    offset: tuple[int, int] = (0, 0)
    output_size: tuple[int, int]
    activation: Activation = Activation.NONE


@dataclass(frozen=True, kw_only=True)
class Linear(Operator):
    """A fully connected layer of (vectors, weights [out_features, in_features], bias or nothing).

    The input is taken as [rows, in_features] whatever its shape is, and the result is
    [rows, out_features]; with ``keep_dimensions`` only the last axis changes.
    """

    keep_dimensions: bool = False
    activation: Activation = Activation.NONE


@dataclass(frozen=True, kw_only=True)
class BatchNorm2d(Operator):
    """Of (image, factor, offset): each channel of the image times its factor, and its offset.

    Both are constant, [channels], float32, in real numbers.
    """

    activation: Activation = Activation.NONE
