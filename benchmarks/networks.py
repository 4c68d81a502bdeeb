# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Known networks with weights from a seed: what counts for clocks and bytes are their shapes."""

import math
from collections.abc import Callable

import numpy as np

from macaw.nn import verify
from macaw.nn.graph import DType, Quantization, QuantizedGraph, Semantics, Tensor
from macaw.nn.graph.operators import (
    Activation,
    Add,
    AveragePool2d,
    Concat,
    Conv2d,
    ConvTranspose2d,
    Linear,
    MaxPool2d,
    Operator,
    Reshape,
)

__all__ = ["NETWORKS", "Builder"]

#: Activations between 0 and 6, as int8.
_SCALE, _ZERO_POINT = np.float32(6 / 255), -128

#: The standard deviation of weights that are drawn evenly from int8.
_DEVIATION = 127 / math.sqrt(3)


class Builder:
    """A graph of int8 tensors by the semantics of TensorFlow Lite, operator by operator.

    Weights are such that activations neither vanish nor saturate from layer to layer.
    """

    def __init__(self, name: str, height: int, width: int, channels: int, *, seed: int = 1):
        self._name = name
        self._generator = np.random.default_rng(seed)
        self._tensors: dict[str, Tensor] = {}
        self._operators: list[Operator] = []
        self.image = self._activation("image", (1, height, width, channels))

    def _activation(self, name: str, shape: tuple[int, ...]) -> str:
        name = f"{name}_{len(self._operators)}"
        self._tensors[name] = Tensor(
            name=name,
            shape=shape,
            dtype=DType.INT8,
            quantization=Quantization(scale=(float(_SCALE),), zero_point=(_ZERO_POINT,)),
        )
        return name

    def _constant(self, name: str, values: np.ndarray, scales: np.ndarray) -> str:
        name = f"{name}_{len(self._operators)}"
        dtype = DType(values.dtype.name)
        quantization = Quantization(
            scale=tuple(float(scale) for scale in scales), zero_point=(0,) * len(scales), axis=0
        )
        self._tensors[name] = Tensor(
            name=name, shape=values.shape, dtype=dtype, quantization=quantization, data=values
        )
        return name

    def _weights(self, shape: tuple[int, ...], taps: int) -> tuple[str, str]:
        """Weights and a bias for each of the first axis."""
        spread = self._generator.uniform(0.7, 1.3, shape[0])
        scales = np.float32(1.4 * spread / (_DEVIATION * math.sqrt(taps)))
        weights = self._generator.integers(-127, 128, shape).astype(np.int8)
        bias = self._generator.integers(-2000, 2000, shape[0]).astype(np.int32)
        return (
            self._constant("weights", weights, scales),
            self._constant("bias", bias, np.float32(scales * _SCALE)),
        )

    def _shape(self, name: str) -> tuple[int, ...]:
        return self._tensors[name].shape

    def _same(self, image: str, kernel: tuple[int, int], stride: tuple[int, int]):
        """The result's size and the padding of SAME."""
        _, height, width, _ = self._shape(image)
        sizes, padding = [], []
        for size, taps, step in zip((height, width), kernel, stride, strict=True):
            count = -(-size // step)
            total = max((count - 1) * step + taps - size, 0)
            sizes.append(count)
            padding += [total // 2, total - total // 2]
        return tuple(sizes), tuple(padding)

    def conv(
        self,
        image: str,
        channels: int,
        kernel: int | tuple[int, int],
        stride: int = 1,
        *,
        depthwise: bool = False,
        relu: bool = True,
    ) -> str:
        """A convolution with the padding SAME; ``channels`` are ignored where it is depthwise."""
        kernel = (kernel, kernel) if isinstance(kernel, int) else kernel
        strides = (stride, stride)
        inputs = self._shape(image)[3]
        outputs, each = (inputs, 1) if depthwise else (channels, inputs)
        size, padding = self._same(image, kernel, strides)
        weights, bias = self._weights((outputs, *kernel, each), math.prod(kernel) * each)
        result = self._activation("conv", (1, *size, outputs))
        self._operators.append(
            Conv2d(
                inputs=(image, weights, bias),
                outputs=(result,),
                stride=strides,
                padding=padding,
                groups=inputs if depthwise else 1,
                activation=Activation.RELU if relu else Activation.NONE,
            )
        )
        return result

    def upsampled(self, image: str, channels: int) -> str:
        """A transposed convolution of 2x2 with stride 2: twice the size."""
        _, height, width, inputs = self._shape(image)
        weights, bias = self._weights((channels, 2, 2, inputs), inputs)
        size = (2 * height, 2 * width)
        result = self._activation("upsampled", (1, *size, channels))
        self._operators.append(
            ConvTranspose2d(
                inputs=(image, weights, bias), outputs=(result,), stride=(2, 2), output_size=size
            )
        )
        return result

    def add(self, first: str, second: str) -> str:
        """Their sum, and a ReLU."""
        result = self._activation("sum", self._shape(first))
        self._operators.append(
            Add(inputs=(first, second), outputs=(result,), activation=Activation.RELU)
        )
        return result

    def concat(self, *parts: str) -> str:
        """Their channels side by side."""
        shape = self._shape(parts[0])
        channels = sum(self._shape(part)[3] for part in parts)
        result = self._activation("joined", (*shape[:3], channels))
        self._operators.append(Concat(inputs=parts, outputs=(result,), axis=3))
        return result

    def max_pool(self, image: str, kernel: int, stride: int) -> str:
        """The largest values, with the padding SAME."""
        size, padding = self._same(image, (kernel, kernel), (stride, stride))
        result = self._activation("pooled", (1, *size, self._shape(image)[3]))
        self._operators.append(
            MaxPool2d(
                inputs=(image,), outputs=(result,), kernel=(kernel, kernel),
                stride=(stride, stride), padding=padding,
            )
        )  # fmt: skip
        return result

    def average(self, image: str) -> str:
        """The means of all channels."""
        _, height, width, channels = self._shape(image)
        result = self._activation("mean", (1, 1, 1, channels))
        self._operators.append(
            AveragePool2d(inputs=(image,), outputs=(result,), kernel=(height, width), stride=(1, 1))
        )
        return result

    def linear(self, image: str, outputs: int) -> str:
        """A fully connected layer."""
        count = math.prod(self._shape(image))
        flat = self._activation("flat", (1, count))
        self._operators.append(Reshape(inputs=(image,), outputs=(flat,), shape=(1, count)))
        weights, bias = self._weights((outputs, count), count)
        result = self._activation("linear", (1, outputs))
        self._operators.append(Linear(inputs=(flat, weights, bias), outputs=(result,)))
        return result

    def graph(self, output: str) -> QuantizedGraph:
        """The verified graph."""
        return verify(
            QuantizedGraph(
                name=self._name,
                tensors=self._tensors,
                operators=tuple(self._operators),
                inputs=(self.image,),
                outputs=(output,),
                semantics=Semantics.TFLITE,
            )
        )


def resnet8() -> QuantizedGraph:
    """ResNet-8 of MLPerf Tiny, for images of 32x32."""
    net = Builder("resnet8", 32, 32, 3)
    x = net.conv(net.image, 16, 3)
    for channels, stride in ((16, 1), (32, 2), (64, 2)):
        y = net.conv(net.conv(x, channels, 3, stride), channels, 3, relu=False)
        x = net.add(y, x if stride == 1 else net.conv(x, channels, 1, stride, relu=False))
    return net.graph(net.linear(net.average(x), 10))


def kws() -> QuantizedGraph:
    """DS-CNN of MLPerf Tiny, for spectrograms of 49x10."""
    net = Builder("kws", 49, 10, 1)
    x = net.conv(net.image, 64, (10, 4), 2)
    for _ in range(4):
        x = net.conv(net.conv(x, 0, 3, depthwise=True), 64, 1)
    return net.graph(net.linear(net.average(x), 12))


def _mobilenet_v1(name: str, size: int, width: float, classes: int) -> QuantizedGraph:
    net = Builder(name, size, size, 3)

    def channels(count: int) -> int:
        return int(count * width)

    x = net.conv(net.image, channels(32), 3, 2)
    steps = [(64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2)]
    steps += [(512, 1)] * 5 + [(1024, 2), (1024, 1)]
    for count, stride in steps:
        x = net.conv(net.conv(x, 0, 3, stride, depthwise=True), channels(count), 1)
    return net.graph(net.linear(net.average(x), classes))


def vww() -> QuantizedGraph:
    """MobileNetV1 with a quarter of the channels, for images of 96x96."""
    return _mobilenet_v1("vww", 96, 0.25, 2)


def mobilenet_v1() -> QuantizedGraph:
    """MobileNetV1 for images of 224x224."""
    return _mobilenet_v1("mobilenet_v1", 224, 1.0, 1000)


def mobilenet_v2() -> QuantizedGraph:
    """MobileNetV2 for images of 224x224."""
    net = Builder("mobilenet_v2", 224, 224, 3)
    x, inputs = net.conv(net.image, 32, 3, 2), 32
    steps = [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1),
             (6, 160, 3, 2), (6, 320, 1, 1)]  # fmt: skip
    for expansion, channels, count, stride in steps:
        for index in range(count):
            y = net.conv(x, expansion * inputs, 1) if expansion > 1 else x
            y = net.conv(y, 0, 3, stride if index == 0 else 1, depthwise=True)
            y = net.conv(y, channels, 1, relu=False)
            x, inputs = (net.add(x, y) if index else y), channels
    return net.graph(net.linear(net.average(net.conv(x, 1280, 1)), 1000))


def _resnet(name: str, depths: tuple[int, ...], *, bottleneck: bool) -> QuantizedGraph:
    net = Builder(name, 224, 224, 3)
    x = net.max_pool(net.conv(net.image, 64, 7, 2), 3, 2)
    for stage, depth in enumerate(depths):
        width = 64 << stage
        outputs = 4 * width if bottleneck else width
        for index in range(depth):
            stride = 2 if stage and not index else 1
            if bottleneck:
                y = net.conv(net.conv(x, width, 1), width, 3, stride)
                y = net.conv(y, outputs, 1, relu=False)
            else:
                y = net.conv(net.conv(x, width, 3, stride), width, 3, relu=False)
            straight = index or (stride == 1 and not bottleneck)
            x = net.add(y, x if straight else net.conv(x, outputs, 1, stride, relu=False))
    return net.graph(net.linear(net.average(x), 1000))


def resnet18() -> QuantizedGraph:
    """ResNet-18 for images of 224x224."""
    return _resnet("resnet18", (2, 2, 2, 2), bottleneck=False)


def resnet50() -> QuantizedGraph:
    """ResNet-50 for images of 224x224."""
    return _resnet("resnet50", (3, 4, 6, 3), bottleneck=True)


def unet() -> QuantizedGraph:
    """A small U-Net for images of 64x64, with transposed convolutions and joined channels."""
    net = Builder("unet", 64, 64, 3)
    kept, x = [], net.image
    for channels in (16, 32):
        x = net.conv(net.conv(x, channels, 3), channels, 3)
        kept.append(x)
        x = net.max_pool(x, 2, 2)
    x = net.conv(net.conv(x, 64, 3), 64, 3)
    for channels in (32, 16):
        x = net.concat(net.upsampled(x, channels), kept.pop())
        x = net.conv(net.conv(x, channels, 3), channels, 3)
    return net.graph(net.conv(x, 2, 1, relu=False))


#: The networks by name.
NETWORKS: dict[str, Callable[[], QuantizedGraph]] = {
    network.__name__: network
    for network in (
        resnet8, kws, vww, mobilenet_v1, mobilenet_v2, resnet18, resnet50, unet,
    )
}  # fmt: skip
