# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The operators of a graph that are convolutions, in the words of the core."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from macaw.arch.parameters import AnyRequantization
from macaw.arch.shapes import Conv2dShape
from macaw.compiler.layer import Conv2dLayer
from macaw.compiler.parts import Part, whole
from macaw.nn.graph import DType, QuantizedGraph, Semantics, Tensor
from macaw.nn.graph.operators import (
    AdaptiveAveragePool2d,
    AveragePool2d,
    Conv2d,
    ConvTranspose2d,
    Linear,
    Mean,
    Operator,
)

__all__ = ["AVERAGING", "MULTIPLYING", "Lowered", "lower"]

#: The operators with weights, all of which are lowered.
MULTIPLYING = (Conv2d, ConvTranspose2d, Linear)

#: The operators that are sums without weights, which are lowered where their requantisation is
#: that of a convolution.
AVERAGING = (AdaptiveAveragePool2d, AveragePool2d, Mean)


@dataclass(frozen=True, kw_only=True, eq=False)
class Lowered:
    """An operator as convolutions: its first input, taken as ``image_shape``, gives a result of
    ``result_shape``, both (batch, height, width, channels)."""

    image_shape: tuple[int, int, int, int]
    result_shape: tuple[int, int, int, int]
    parts: tuple[Part, ...]

    @property
    def alone(self) -> Conv2dLayer | None:
        """The one layer that reads all of the image and makes all of the result, if it is one."""
        [layer, *others] = [part.layer for part in self.parts]
        shape = layer.shape
        reads = (shape.height, shape.width, shape.in_channels)
        makes = (shape.output_height, shape.output_width, shape.out_channels)
        whole = (self.image_shape[1:], self.result_shape[1:]) == (reads, makes)
        return layer if whole and not others else None


def lower(graph: QuantizedGraph, operator: Operator, requantization: AnyRequantization) -> Lowered:
    """One of the `MULTIPLYING` or `AVERAGING` operators of a verified graph.

    A fully connected layer is a pointwise convolution over its rows; a transposed convolution is
    a convolution for each phase of its stride, so that no zero is multiplied; a mean is a
    depthwise convolution with weights of one.

    Raises ``TypeError`` for other operators, ``ValueError`` for weights that are not 8-bit
    constants, and for means over other axes than height and width.
    """
    if isinstance(operator, AVERAGING):
        return _lower_mean(graph, operator, requantization)
    image, weights = (graph.tensors[name] for name in operator.inputs[:2])
    result = graph.tensors[operator.outputs[0]]
    if weights.data is None or not (weights.dtype.quantised and image.dtype.quantised):
        raise ValueError(
            f"{result.name}: weights must be 8-bit constants and inputs of 8 bits, "
            f"not {weights.dtype} on {image.dtype}"
        )
    layer = _Layer(image=image, weights=weights, requantization=requantization, name=result.name)
    match operator:
        case Conv2d():
            shape = graph.conv2d_shape(operator)
            return Lowered(
                image_shape=_four(image.shape),
                result_shape=_four(result.shape),
                parts=(whole(layer.conv2d(shape, weights.data)),),
            )
        case Linear():
            outputs, features = weights.shape
            rows = math.prod(image.shape) // features
            shape = Conv2dShape(
                height=rows,
                width=1,
                in_channels=features,
                out_channels=outputs,
                kernel_height=1,
                kernel_width=1,
            )
            return Lowered(
                image_shape=(1, rows, 1, features),
                result_shape=(1, rows, 1, outputs),
                parts=(whole(layer.conv2d(shape, weights.data.reshape(outputs, 1, 1, features))),),
            )
        case ConvTranspose2d():
            return Lowered(
                image_shape=_four(image.shape),
                result_shape=_four(result.shape),
                parts=tuple(_phases(layer, operator)),
            )
    raise TypeError(f"operator must have weights, not be {type(operator).__name__}")


def _lower_mean(
    graph: QuantizedGraph, operator: Operator, requantization: AnyRequantization
) -> Lowered:
    image, result = graph.tensors[operator.inputs[0]], graph.tensors[operator.outputs[0]]
    if len(image.shape) != 4 or not image.dtype.quantised:
        raise ValueError(f"{result.name}: a mean must be of 8-bit images, not {image.shape}")
    batch, height, width, channels = image.shape
    kernel, stride, zero_point = (height, width), (1, 1), image.zero_point
    padding = (0, 0, 0, 0)
    if isinstance(operator, AdaptiveAveragePool2d):
        if height % operator.size[0] or width % operator.size[1]:
            raise ValueError(f"{result.name}: windows must all be of one size")
        kernel = stride = (height // operator.size[0], width // operator.size[1])
    elif isinstance(operator, AveragePool2d):
        kernel, stride, padding = operator.kernel, operator.stride, operator.padding
        if graph.semantics in (Semantics.TFLITE, Semantics.LITERT):
            # Its average pools take values as they are stored.
            zero_point = 0
    elif isinstance(operator, Mean) and sorted(operator.axes) != [1, 2]:
        raise ValueError(f"{result.name}: axes must be height and width, not {operator.axes}")
    shape = Conv2dShape(
        height=height,
        width=width,
        in_channels=channels,
        out_channels=channels,
        kernel_height=kernel[0],
        kernel_width=kernel[1],
        stride=stride,
        padding=padding,
        groups=channels,
    )
    layer = Conv2dLayer(
        shape=shape,
        weights=np.ones((channels, *kernel, 1), np.int8),
        requantization=requantization,
        input_zero_point=zero_point,
        input_signed=image.dtype == DType.INT8,
        name=result.name,
    )
    return Lowered(
        image_shape=(batch, height, width, channels),
        result_shape=(batch, shape.output_height, shape.output_width, channels),
        parts=(whole(layer),),
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class _Layer:
    """What all convolutions of an operator share."""

    image: Tensor
    weights: Tensor
    requantization: AnyRequantization
    name: str

    @property
    def weight_zero_points(self) -> tuple[int, ...]:
        """One for each output channel."""
        assert self.weights.quantization is not None
        points = self.weights.quantization.zero_point
        return points * self.weights.shape[0] if len(points) == 1 else points

    def conv2d(self, shape: Conv2dShape, weights: np.ndarray) -> Conv2dLayer:
        """The operator's arithmetic with these weights."""
        return Conv2dLayer(
            shape=shape,
            weights=np.ascontiguousarray(weights),
            requantization=self.requantization,
            input_zero_point=self.image.zero_point,
            input_signed=self.image.dtype == DType.INT8,
            weight_zero_point=self.weight_zero_points,
            name=self.name,
        )


@dataclass(frozen=True, kw_only=True)
class _Phase:
    """The outputs of one axis that see the same taps of a transposed convolution.

    They are ``result``. Each sees ``taps``, the last one first, on as many neighbouring inputs,
    the first output those from ``first`` on. Where no tap meets them, ``taps`` is empty, and
    stands for one tap without weight.
    """

    result: slice
    taps: tuple[int, ...]
    first: int
    count: int

    @property
    def length(self) -> int:
        """The taps of the convolution that gives these outputs."""
        return max(1, len(self.taps))

    def cut(self, size: int) -> tuple[slice, tuple[int, int]]:
        """Of ``size`` inputs those that are needed, and the padding before and behind them;
        ``ValueError`` where none is."""
        end = self.first + self.count + self.length - 1
        start, stop = max(self.first, 0), min(end, size)
        if start >= stop:
            raise ValueError(f"output_size must reach outputs that see an input, not {self.result}")
        return slice(start, stop), (start - self.first, end - stop)


def _phases(layer: _Layer, operator: ConvTranspose2d) -> Iterable[Part]:
    """A convolution for each phase of the two strides.

    Input y adds its product with tap k to the output ``y * stride - offset + k``. So the output o
    sees the taps k that are ``o + offset`` modulo the stride, on the inputs
    ``(o + offset - k) / stride``: one stride of taps later it is one input earlier.
    """
    _, height, width, channels = layer.image.shape
    data = layer.weights.data
    assert data is not None
    rows, columns = (
        _axis_phases(taps=data.shape[1 + axis], stride=stride, offset=offset, size=size)
        for axis, (stride, offset, size) in enumerate(
            zip(operator.stride, operator.offset, operator.output_size, strict=True)
        )
    )
    for row in rows:
        for column in columns:
            kernel = data[:, row.taps][:, :, column.taps]
            if not kernel.size:
                points = np.array(layer.weight_zero_points, data.dtype).reshape(-1, 1, 1, 1)
                shape = (len(data), row.length, column.length, channels)
                kernel = np.broadcast_to(points, shape)
            image_rows, (top, bottom) = row.cut(height)
            image_columns, (left, right) = column.cut(width)
            part = Conv2dShape(
                height=image_rows.stop - image_rows.start,
                width=image_columns.stop - image_columns.start,
                in_channels=channels,
                out_channels=len(data),
                kernel_height=kernel.shape[1],
                kernel_width=kernel.shape[2],
                padding=(top, bottom, left, right),
            )
            yield Part(
                layer=layer.conv2d(part, kernel),
                image=(image_rows, image_columns, slice(0, channels)),
                result=(row.result, column.result, slice(0, len(data))),
            )


def _axis_phases(*, taps: int, stride: int, offset: int, size: int) -> list[_Phase]:
    phases = []
    for start in range(min(stride, size)):
        newest, last = divmod(start + offset, stride)
        chosen = tuple(range(last, taps, stride))[::-1]
        phases.append(
            _Phase(
                result=slice(start, size, stride),
                taps=chosen,
                first=newest + 1 - len(chosen) if chosen else 0,
                count=len(range(start, size, stride)),
            )
        )
    return phases


def _four(shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    batch, height, width, channels = shape
    return batch, height, width, channels
