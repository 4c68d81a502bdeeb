# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The workloads of the main job: layers as people quantise them, on a photograph."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from macaw.arch import AnyRequantization, Conv2dShape
from macaw.compiler.layer import Conv2dLayer
from macaw.golden import accumulate_conv2d, conv2d, qnnpack_requantization
from macaw.golden.quantize import choose_scale, quantize

__all__ = ["Workload", "first_light_workloads"]

_SEED = 2015
#: Mean and standard deviation of ImageNet's pictures, by which networks normalise them.
_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


@dataclass(frozen=True, kw_only=True, eq=False)
class Workload:
    """A quantised convolution with ReLU, in the terms of a framework: ``image`` uint8 NHWC
    without N, ``weights`` int8, real ``bias`` float32, and scales and zero points."""

    name: str
    description: str
    shape: Conv2dShape
    image: np.ndarray
    weights: np.ndarray
    bias: np.ndarray
    input_scale: float
    input_zero_point: int
    weight_scales: Any
    weight_zero_point: int
    output_scale: float
    output_zero_point: int

    @property
    def file_name(self) -> str:
        """The name as a file's."""
        return "".join(letter if letter.isalnum() else "_" for letter in self.name)

    def scales(self) -> dict[str, Any]:
        """The arguments of an engine's requantisation."""
        return {
            "input_scale": self.input_scale,
            "weight_scales": self.weight_scales,
            "output_scale": self.output_scale,
            "bias": self.bias,
            "zero_point": self.output_zero_point,
            "relu": True,
            "out_channels": self.shape.out_channels,
        }

    def layer(self, requantization: AnyRequantization | None = None) -> Conv2dLayer:
        """The layer with the arithmetic of PyTorch's qnnpack, or with ``requantization``."""
        return Conv2dLayer(
            name=self.name,
            shape=self.shape,
            weights=self.weights,
            requantization=requantization or qnnpack_requantization(**self.scales()),
            input_zero_point=self.input_zero_point,
            input_signed=False,
            weight_zero_point=self.weight_zero_point,
        )

    def golden(self, requantization: AnyRequantization | None = None) -> np.ndarray:
        """What the layer of the same arguments must compute, uint8 [height, width, channels]."""
        return conv2d(
            self.image,
            self.weights,
            shape=self.shape,
            input_zero_point=self.input_zero_point,
            weight_zero_point=self.weight_zero_point,
            requantization=requantization or qnnpack_requantization(**self.scales()),
        )


def photograph(size: int) -> np.ndarray:
    """A photograph of Eileen Collins (NASA, public domain), ``size`` pixels wide and high,
    normalised as ImageNet's pictures: float32 [size, size, 3]."""
    # Imported here: only the main job needs it.
    from skimage.data import astronaut
    from skimage.transform import resize

    picture = resize(astronaut(), (size, size), anti_aliasing=True)
    return np.asarray((picture - _MEAN) / _DEVIATION, np.float32)


def _output_scale(workload: dict[str, Any], output_zero_point: int) -> float:
    """The scale with which the largest result of the layer just fits."""
    sums = accumulate_conv2d(
        workload["image"],
        workload["weights"],
        shape=workload["shape"],
        input_zero_point=workload["input_zero_point"],
        weight_zero_point=workload["weight_zero_point"],
    )
    real = sums * (workload["input_scale"] * np.asarray(workload["weight_scales"]))
    largest = float((real + workload["bias"]).max())
    return float(np.float32(largest / (255 - output_zero_point)))


def _quantize_per_channel(real: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weights [out_channels, rows, columns, in_channels] as int8, and the scale of each channel."""
    scales = np.max(np.abs(real), axis=(1, 2, 3)).astype(np.float64) / 127
    return np.asarray(np.rint(real / scales[:, None, None, None]), np.int8), scales


def _resnet50_first(size: int, *, per_tensor: bool) -> Workload:
    rng = np.random.default_rng(_SEED)
    picture = photograph(size)
    input_scale, input_zero_point = choose_scale(float(picture.min()), float(picture.max()))
    real = rng.normal(0, (2 / 147) ** 0.5, (64, 7, 7, 3)).astype(np.float32)
    real *= rng.uniform(0.3, 1.5, (64, 1, 1, 1)).astype(np.float32)
    weight_scales: Any
    if per_tensor:
        # An uneven range, as trained weights have one.
        real += np.float32(0.02)
        weight_scales, weight_zero_point = choose_scale(
            float(real.min()), float(real.max()), signed=True
        )
        weights = quantize(real, weight_scales, weight_zero_point, signed=True)
    else:
        weight_zero_point = 0
        weights, weight_scales = _quantize_per_channel(real)
    workload: dict[str, Any] = {
        "shape": Conv2dShape(
            height=size, width=size, in_channels=3, out_channels=64, kernel_height=7,
            kernel_width=7, stride=(2, 2), padding=(3, 3, 3, 3),
        ),
        "image": quantize(picture, input_scale, input_zero_point),
        "weights": weights,
        "bias": rng.normal(0, 0.5, 64).astype(np.float32),
        "input_scale": input_scale,
        "input_zero_point": input_zero_point,
        "weight_scales": weight_scales,
        "weight_zero_point": weight_zero_point,
    }  # fmt: skip
    how = f"per tensor, zero point {weight_zero_point}" if per_tensor else "per channel"
    output_zero_point = 7
    return Workload(
        name=f"resnet50.conv1, weights {'per tensor' if per_tensor else 'per channel'}",
        description=(
            f"7x7, stride 2, padding 3, 3 to 64 channels on a photograph of {size}x{size}; "
            f"weights {how}; input zero point {input_zero_point}; ReLU"
        ),
        output_scale=_output_scale(workload, output_zero_point),
        output_zero_point=output_zero_point,
        **workload,
    )


def _depthwise(first: Workload, result: np.ndarray) -> Workload:
    rng = np.random.default_rng(_SEED + 1)
    image = np.tile(result, 3)
    channels = image.shape[-1]
    real = rng.normal(0, 0.3, (channels, 3, 3, 1)).astype(np.float32)
    weights, weight_scales = _quantize_per_channel(real)
    return Workload(
        name="depthwise 192",
        description=(
            f"that result repeated to {channels} channels: depthwise 3x3, stride 2, padding "
            f"(5, 1), input zero point {first.output_zero_point}; ReLU"
        ),
        shape=Conv2dShape(
            height=image.shape[0], width=image.shape[1], in_channels=channels,
            out_channels=channels, kernel_height=3, kernel_width=3, stride=(2, 2),
            padding=(5, 5, 1, 1), groups=channels,
        ),
        image=image,
        weights=weights,
        bias=rng.normal(0, 0.5, (channels,)).astype(np.float32),
        input_scale=first.output_scale,
        input_zero_point=first.output_zero_point,
        weight_scales=weight_scales,
        weight_zero_point=0,
        output_scale=0.06603512912988663,
        output_zero_point=0,
    )  # fmt: skip


def first_light_workloads(
    size: int,
) -> list[Callable[[np.ndarray | None], Workload]]:
    """The main job's workloads, in order; each is made from the first one's result.

    ResNet-50's first layer with weights per channel and, with a zero point, per tensor; then
    the depthwise layer ``QuantizedConvReLU2d(192, 192, 3, stride 2, padding (5, 1))``.
    """
    first = _resnet50_first(size, per_tensor=False)

    def depthwise(result: np.ndarray | None) -> Workload:
        if result is None:
            raise ValueError("result must be the first workload's, not None")
        return _depthwise(first, result)

    return [
        lambda _: first,
        lambda _: _resnet50_first(size, per_tensor=True),
        depthwise,
    ]
