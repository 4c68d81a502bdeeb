# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""A quantised convolution as the compiler takes it, and its weights as the array takes them."""

from dataclasses import dataclass

import numpy as np

from macaw.arch.checks import integer
from macaw.arch.config import AcceleratorConfig
from macaw.arch.core import EXCESS
from macaw.arch.parameters import AnyRequantization, Float32Bias, Float32Chain
from macaw.arch.shapes import Conv2dShape

__all__ = ["Conv2dLayer", "WideRow"]


@dataclass(frozen=True, kw_only=True)
class WideRow:
    """A row of ``width`` pixels of ``channels``, of which a layer's image begins at
    ``first_column`` and ``first_channel``. With ``by_channels`` the row is all of the image's, and
    words of some of its channels can be fetched alone."""

    width: int
    channels: int
    first_column: int = 0
    first_channel: int = 0
    by_channels: bool = False

    @property
    def bytes(self) -> int:
        """Bytes of the row."""
        return self.width * self.channels

    @property
    def first_byte(self) -> int:
        """Where the image begins."""
        return self.first_column * self.channels + self.first_channel


@dataclass(frozen=True, kw_only=True, eq=False)
class Conv2dLayer:
    """A quantised convolution with constant weights.

    ``weights`` is int8 or uint8, (out_channels, kernel_height, kernel_width,
    in_channels / groups); ``weight_zero_point`` one integer of its type, or one per output
    channel. ``input_zero_point`` is of the image's type: int8, or uint8 with
    ``input_signed=False``. ``name`` is what a refusal calls the layer.

    With ``largest`` the result is made of the largest of a window's products in the place of
    their sum: a depthwise layer with weights of one is a max pooling. Padding holds the input's
    zero point, or ``padding_value``, which is of the image's type.

    The image's rows may be parts of wider rows, ``wide_row``, which the core is then given. On a
    side on which they go on there must be no padding.

    Raises ``ValueError`` or ``TypeError`` for shapes, types and zero points that do not fit.
    """

    shape: Conv2dShape
    weights: np.ndarray
    requantization: AnyRequantization
    input_zero_point: int = 0
    input_signed: bool = True
    weight_zero_point: int | tuple[int, ...] = 0
    name: str = "conv2d"
    largest: bool = False
    padding_value: int | None = None
    wide_row: WideRow | None = None

    def __post_init__(self) -> None:
        shape = self.shape
        expected = (
            shape.out_channels,
            shape.kernel_height,
            shape.kernel_width,
            shape.group_in_channels,
        )
        if self.weights.shape != expected:
            raise ValueError(
                f"{self.name}: weights must have shape {expected}, not {self.weights.shape}"
            )
        if self.weights.dtype not in (np.int8, np.uint8):
            raise TypeError(f"{self.name}: weights must be int8 or uint8, not {self.weights.dtype}")
        if self.requantization.out_channels != shape.out_channels:
            raise ValueError(
                f"{self.name}: requantization must have {shape.out_channels} channels, "
                f"not {self.requantization.out_channels}"
            )
        low, high = (-128, 127) if self.input_signed else (0, 255)
        integer(f"{self.name}: input_zero_point", self.input_zero_point, low, high)
        if self.padding_value is not None:
            integer(f"{self.name}: padding_value", self.padding_value, low, high)
        low, high = (-128, 127) if self.weights.dtype == np.int8 else (0, 255)
        points = self.weight_zero_point
        if not isinstance(points, tuple):
            points = (points,) * shape.out_channels
        if len(points) != shape.out_channels:
            raise ValueError(
                f"{self.name}: weight_zero_point must have {shape.out_channels} entries, "
                f"not {len(points)}"
            )
        for point in points:
            integer(f"{self.name}: weight_zero_point", point, low, high)
        alone = shape.in_channels == shape.out_channels == shape.groups
        if self.largest and not (alone and (self.differences == 1).all()):
            raise ValueError(
                f"{self.name}: largest must have weights of one and a channel in each group"
            )
        row, (_, _, left, right) = self.row, shape.padding
        last = row.first_column + shape.width
        if last > row.width or row.first_channel + shape.in_channels > row.channels:
            raise ValueError(f"{self.name}: the image must lie within its wide row, not {row}")
        if (left and row.first_column) or (right and last < row.width):
            raise ValueError(
                f"{self.name}: padding must be where the wide row ends, not {shape.padding}"
            )

    @property
    def windowed(self) -> bool:
        """The layer runs in window mode: one input and one output channel a group."""
        shape = self.shape
        return shape.depthwise and shape.out_channels == shape.in_channels and not self.largest

    @property
    def pointwise(self) -> bool:
        """Each pixel of the result is made of the same pixel of the image, and of all its
        channels."""
        shape = self.shape
        return (
            (shape.kernel_height, shape.kernel_width) == (1, 1)
            and (shape.stride, shape.groups) == ((1, 1), 1)
            and not any(shape.padding)
        )

    @property
    def row(self) -> WideRow:
        """A row that the core is given."""
        shape = self.shape
        return self.wide_row or WideRow(width=shape.width, channels=shape.in_channels)

    def excess(self, config: AcceleratorConfig) -> int:
        """What the array of ``config`` adds to each activation."""
        return EXCESS if self.windowed and not config.narrow else 0

    @property
    def input_zero_point_int8(self) -> int:
        """The input's zero point once the image is int8."""
        return self._int8(self.input_zero_point)

    @property
    def padding_int8(self) -> int:
        """What padding holds once the image is int8."""
        value = self.input_zero_point if self.padding_value is None else self.padding_value
        return self._int8(value)

    def _int8(self, value: int) -> int:
        return value - (0 if self.input_signed else 128)

    @property
    def differences(self) -> np.ndarray:
        """Weights less their zero points, int64 in -255 ... 255."""
        points = np.asarray(self.weight_zero_point, np.int64)
        return self.weights.astype(np.int64) - points.reshape(-1, 1, 1, 1)

    def array_weights(self, *, correction: bool) -> tuple[list[np.ndarray], int]:
        """The weights as int8 parts that add up, and the zero point that the array takes off.

        One part does where weights less zero points fit int8, or where all channels share a zero
        point and ``correction`` says that the array can take it off. Otherwise there are two, or
        three where a difference is 255.
        """
        differences = self.differences
        if differences.min() >= -128 and differences.max() <= 127:
            return [differences.astype(np.int8)], 0
        points = np.unique(self.weight_zero_point)
        if correction and len(points) == 1:
            shift = 128 if self.weights.dtype == np.uint8 else 0
            return [(self.weights.astype(np.int64) - shift).astype(np.int8)], int(points[0]) - shift
        parts = []
        while differences.any():
            part = np.clip(differences, -128, 127)
            parts.append(part.astype(np.int8))
            differences = differences - part
        return parts, 0

    def folded_bias(self, config: AcceleratorConfig) -> np.ndarray:
        """int32 biases that also take off what the input's zero point adds to each sum.

        The sums of the array are over int8 activations with their `excess` on ``config``; modulo
        2**32, as the requantiser adds, the difference is the same constant for every pixel. A bias
        that is kept in float32 is not among them.
        """
        zero_point = self.input_zero_point_int8 + self.excess(config)
        sums = self.differences.sum(axis=(1, 2, 3))
        if self.largest:
            sums = np.ones_like(sums)
        bias = -zero_point * sums
        if not isinstance(self.requantization, Float32Bias | Float32Chain):
            bias += np.asarray(self.requantization.bias, np.int64)
        wrapped: np.ndarray = (bias + (1 << 31)) % (1 << 32) - (1 << 31)
        return wrapped.astype(np.int32)

    def accumulator_bits(self, config: AcceleratorConfig) -> int:
        """Bits that hold every sum of the array of ``config``, whatever the image."""
        excess = self.excess(config)
        low, high = -128 + excess, 127 + excess
        positive = np.maximum(self.differences, 0).sum(axis=(1, 2, 3))
        negative = np.minimum(self.differences, 0).sum(axis=(1, 2, 3))
        lowest = int((low * positive + high * negative).min())
        highest = int((high * positive + low * negative).max())
        return max(-1 - lowest, highest, 0).bit_length() + 1
