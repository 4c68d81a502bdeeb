# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The operators of a quantised graph: one frozen dataclass each.

Images are [batch, height, width, channels]. Sizes are (vertical, horizontal), paddings
(top, bottom, left, right). What shapes follow is written in `macaw.nn.shapes`, what types are
allowed in `macaw.nn.types`, and what bits come out in `macaw.golden`.
"""

from dataclasses import dataclass
from enum import StrEnum

from macaw.arch import Conv2dShape

__all__ = [
    "Activation",
    "AdaptiveAveragePool2d",
    "Add",
    "ArgMax",
    "AveragePool2d",
    "BatchNorm2d",
    "Binary",
    "Cast",
    "Clip",
    "Concat",
    "Conv2d",
    "ConvTranspose2d",
    "Dequantize",
    "Divide",
    "Elu",
    "FloorDivide",
    "Gather",
    "GatherNd",
    "HardSigmoid",
    "HardSwish",
    "LeakyRelu",
    "Linear",
    "Logistic",
    "MaxPool2d",
    "Maximum",
    "Mean",
    "Minimum",
    "Multiply",
    "Operator",
    "Pack",
    "Pad",
    "Pool2d",
    "Quantize",
    "Relu",
    "Requantize",
    "Reshape",
    "Resize2d",
    "ResizeBilinear",
    "ResizeNearest",
    "Slice",
    "Softmax",
    "Split",
    "Sqrt",
    "Subtract",
    "Tanh",
    "Transpose",
    "Unary",
    "Unpack",
]


class Activation(StrEnum):
    """The fused activations of convolutions and fully connected layers."""

    NONE = "none"
    RELU = "relu"
    RELU6 = "relu6"
    RELU_N1_TO_1 = "relu_n1_to_1"


@dataclass(frozen=True, kw_only=True)
class Operator:
    """What all operators have: the names of the tensors that they read and write."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


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


@dataclass(frozen=True, kw_only=True)
class Binary(Operator):
    """What all operators of two operands have; either is broadcast against the other."""

    activation: Activation = Activation.NONE


class Add(Binary):
    """The sum of two tensors."""


class Subtract(Binary):
    """The first tensor less the second."""


class Multiply(Binary):
    """The product of two tensors, value by value."""


class Divide(Binary):
    """The quotient of two float32 tensors."""


class FloorDivide(Binary):
    """The quotient of two integer tensors, rounded down."""


class Maximum(Binary):
    """The greater of two tensors of one scale, value by value."""


class Minimum(Binary):
    """The smaller of two tensors of one scale, value by value."""


@dataclass(frozen=True, kw_only=True)
class Pool2d(Operator):
    """What both poolings have."""

    kernel: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[int, int, int, int] = (0, 0, 0, 0)
    activation: Activation = Activation.NONE


class MaxPool2d(Pool2d):
    """The greatest value of each window; padding never wins."""


@dataclass(frozen=True, kw_only=True)
class AveragePool2d(Pool2d):
    """The mean of each window, over those values that are no padding; with ``count_padding``
    over all, padding being 0."""

    count_padding: bool = False


@dataclass(frozen=True, kw_only=True)
class AdaptiveAveragePool2d(Operator):
    """The means of as many windows as ``size`` says, which share out the image evenly."""

    size: tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class Mean(Operator):
    """The mean over ``axes``, which vanish unless ``keep_dimensions``."""

    axes: tuple[int, ...]
    keep_dimensions: bool = False


@dataclass(frozen=True, kw_only=True)
class Pad(Operator):
    """``value``, an integer of the tensor's own type, (before, after) each axis."""

    padding: tuple[tuple[int, int], ...]
    value: int


@dataclass(frozen=True, kw_only=True)
class Concat(Operator):
    """All inputs in order along one axis."""

    axis: int


@dataclass(frozen=True, kw_only=True)
class Reshape(Operator):
    """The same values in the same order as another shape."""

    shape: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Transpose(Operator):
    """Axis n of the result is axis ``permutation[n]`` of the input."""

    permutation: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Slice(Operator):
    """Of each axis ``sizes`` values, from ``starts`` on in ``steps``; the axes ``removed``,
    which must then have one value, vanish."""

    starts: tuple[int, ...]
    steps: tuple[int, ...]
    sizes: tuple[int, ...]
    removed: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Split(Operator):
    """Pieces of ``sizes`` along one axis, each an output."""

    axis: int
    sizes: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Unpack(Operator):
    """The slices along one axis, which vanishes; each slice is an output."""

    axis: int


@dataclass(frozen=True, kw_only=True)
class Pack(Operator):
    """All inputs side by side along a new axis."""

    axis: int


@dataclass(frozen=True, kw_only=True)
class Gather(Operator):
    """Of (values, indices): the slices of the values along one axis that the indices name."""

    axis: int


class GatherNd(Operator):
    """Of (values, indices): the last axis of the indices names places on the first axes of the
    values."""


class Unary(Operator):
    """What all functions of a single value have: on 8-bit tensors they are tables of 256."""


class Requantize(Unary):
    """The same numbers with another scale, zero point, or 8-bit type."""


class Logistic(Unary):
    """1 / (1 + exp(-x))."""


class Tanh(Unary):
    """The hyperbolic tangent."""


class HardSwish(Unary):
    """x * min(max(x + 3, 0), 6) / 6."""


class HardSigmoid(Unary):
    """min(max(x + 3, 0), 6) / 6."""


@dataclass(frozen=True, kw_only=True)
class Elu(Unary):
    """x where it is positive, ``alpha`` * (exp(x) - 1) elsewhere."""

    alpha: float = 1.0


@dataclass(frozen=True, kw_only=True)
class LeakyRelu(Unary):
    """x where it is positive, ``alpha`` * x elsewhere."""

    alpha: float


@dataclass(frozen=True, kw_only=True)
class Relu(Unary):
    """x within the bounds of an activation; the scale may change."""

    activation: Activation


@dataclass(frozen=True, kw_only=True)
class Clip(Unary):
    """x, but nowhere below ``minimum`` or above ``maximum``."""

    minimum: float
    maximum: float


class Sqrt(Unary):
    """The square root, of float32 tensors."""


class Quantize(Operator):
    """From float32 to 8 bits."""


class Dequantize(Operator):
    """From 8 bits to float32."""


class Cast(Operator):
    """To another type, without a scale."""


@dataclass(frozen=True, kw_only=True)
class Softmax(Operator):
    """exp(``beta`` * x), divided by its sum over the last axis."""

    beta: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Resize2d(Operator):
    """What both changes of an image's size have.

    ``align_corners`` lets the centres of the corner pixels stay at the corners;
    ``half_pixel_centers`` lets pixels have their centres at one half.
    """

    size: tuple[int, int]
    align_corners: bool = False
    half_pixel_centers: bool = False


class ResizeNearest(Resize2d):
    """Copies of the nearest pixel."""


class ResizeBilinear(Resize2d):
    """Means of the four nearest pixels."""


@dataclass(frozen=True, kw_only=True)
class ArgMax(Operator):
    """The index of the first greatest value along one axis, which vanishes."""

    axis: int
