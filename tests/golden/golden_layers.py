# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Quantised layers from a seed, made to be difficult: each names the classes it belongs to.

Odd indices are *random*: shapes of every kind, values over the whole range. Even indices are
*solved*: layers of one tap a channel whose inputs are computed so that accumulators lie on, or
one beside, the ties of the requantisation.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from macaw.arch import Conv2dShape
from macaw.golden import accumulate_conv2d, accumulate_linear

#: Every class that a full cycle of layers contains.
CLASSES = (
    "random shape",
    "near tie",
    "scales: powers of two",
    "scales: one ulp beside a power of two",
    "scales: random",
    "zero point 0",
    "zero point 255",
    "zero point 128",
    "zero point odd",
    "bias: half-integer",
    "bias: cancels 2**25",
    "bias: about 2**30",
    "accumulators about 2**24",
    "multipliers 2**-36 ... 1",
)

_ZERO_POINTS = {"zero point 0": 0, "zero point 255": 255, "zero point 128": 128}
_SCALES = CLASSES[2:5]
_EXTREMES = CLASSES[9:]


@dataclass(frozen=True, kw_only=True)
class Layer:
    """A layer of PyTorch's quantised kind: uint8 ``inputs``, int8 ``weights``, float32 ``bias``.

    ``shape`` is ``None`` for a linear layer. A scalar ``weight_scales`` means per tensor;
    ``weight_zero_points`` is of the same kind.
    """

    label: str
    inputs: NDArray[np.uint8]
    weights: NDArray[np.int8]
    shape: Conv2dShape | None
    input_scale: float
    weight_scales: Any
    output_scale: float
    input_zero_point: int
    weight_zero_points: Any
    output_zero_point: int
    bias: NDArray[np.float32] | None
    relu: bool
    classes: frozenset[str]

    @property
    def out_channels(self) -> int:
        return len(self.weights)

    def accumulators(self) -> NDArray[np.int32]:
        zero_points = {
            "input_zero_point": self.input_zero_point,
            "weight_zero_point": self.weight_zero_points,
        }
        if self.shape is None:
            return accumulate_linear(self.inputs, self.weights, **zero_points)
        return accumulate_conv2d(self.inputs, self.weights, shape=self.shape, **zero_points)

    def scales(self) -> dict[str, Any]:
        """The keywords that all engines share."""
        return {
            "input_scale": self.input_scale,
            "weight_scales": self.weight_scales,
            "output_scale": self.output_scale,
            "bias": self.bias,
            "zero_point": self.output_zero_point,
            "relu": self.relu,
            "out_channels": self.out_channels,
        }


def make_layer(seed: int, index: int, *, weight_zero_points: bool, outputs: int) -> Layer:
    """Layer ``index`` of the sequence ``seed``, with about ``outputs`` results.

    Raw inputs stay at 127 or below, or weights at 64 or below in magnitude: beyond that some of
    PyTorch's kernels saturate pairs of products at 16 bits on some machines.
    """
    rng = np.random.default_rng([seed, index])
    if index % 2:
        return _random(rng, f"random {index}", weight_zero_points, outputs)
    return _solved(rng, f"solved {index}", index // 2, outputs)


def _values(rng: np.random.Generator, inputs: Any, weights: Any) -> tuple[Any, Any]:
    if rng.random() < 0.5:
        highest_input, highest_weight = 127, 127
    else:
        highest_input, highest_weight = 255, 64
    return (
        rng.integers(0, highest_input + 1, inputs).astype(np.uint8),
        rng.integers(-highest_weight, highest_weight + 1, weights).astype(np.int8),
    )


def _shape(rng: np.random.Generator, outputs: int) -> Conv2dShape:
    """A convolution of a random kind; about ``outputs`` results where the channels allow."""
    kind = rng.choice(["dense", "pointwise", "depthwise", "many groups", "grouped"])
    groups, group_in, group_out = {
        "dense": (1, int(rng.integers(1, 65)), int(rng.integers(1, 65))),
        "pointwise": (1, int(rng.integers(1, 129)), int(rng.integers(1, 129))),
        "depthwise": (int(rng.integers(2, 101)), 1, int(rng.integers(1, 3))),
        "many groups": (int(rng.integers(101, 160)), 1, 1),
        "grouped": (int(rng.integers(2, 9)), int(rng.integers(2, 9)), int(rng.integers(1, 9))),
    }[kind]
    kernel = (1, 1) if kind == "pointwise" else tuple(int(k) for k in rng.integers(1, 6, 2))
    stride = tuple(int(s) for s in rng.integers(1, 4, 2))
    dilation = tuple(int(d) for d in rng.choice([1, 1, 2], 2))
    # Less than the kernel: beyond that onednn's depthwise kernel reads stray memory.
    padding = tuple(int(rng.integers(0, k)) for k in kernel)
    side = max(1.0, np.sqrt(outputs / (groups * group_out)))
    extents = [(k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True)]
    sizes = [
        max(extent, int(side * rng.uniform(0.7, 1.4) * step))
        for extent, step in zip(extents, stride, strict=True)
    ]
    return Conv2dShape(
        height=sizes[0],
        width=sizes[1],
        in_channels=groups * group_in,
        out_channels=groups * group_out,
        kernel_height=kernel[0],
        kernel_width=kernel[1],
        stride=stride,
        dilation=dilation,
        padding=(padding[0], padding[0], padding[1], padding[1]),
        groups=groups,
    )


def _random(rng: np.random.Generator, label: str, zero_points: bool, outputs: int) -> Layer:
    shape = _shape(rng, outputs) if rng.random() < 0.85 else None
    if shape is None:
        taps, channels = int(rng.integers(1, 513)), int(rng.integers(1, 257))
        rows = max(1, outputs // channels)
        inputs, weights = _values(rng, (rows, taps), (channels, taps))
    else:
        taps, channels = shape.taps, shape.out_channels
        inputs, weights = _values(
            rng,
            (1, shape.height, shape.width, shape.in_channels),
            (channels, shape.kernel_height, shape.kernel_width, shape.group_in_channels),
        )
    scales = _SCALES[int(rng.integers(3))]
    per_tensor = bool(rng.random() < 0.4)
    count = () if per_tensor else (channels,)
    # Results spread over the whole range: products have a deviation of a few thousand.
    multiplier = rng.uniform(0.3, 2.0, count) * 60 / (3000 * np.sqrt(taps))
    input_scale, weight_scales, output_scale = _scales(rng, scales, multiplier)
    units = rng.normal(0, 30, channels) / np.mean(multiplier)
    bias = (units * input_scale * weight_scales).astype(np.float32)
    wanted = zero_points and rng.random() < 0.4
    return Layer(
        label=label,
        inputs=inputs,
        weights=weights,
        shape=shape,
        input_scale=input_scale,
        weight_scales=weight_scales,
        output_scale=output_scale,
        input_zero_point=int(rng.choice([0, 255, 128, 2 * rng.integers(0, 128) + 1])),
        weight_zero_points=rng.integers(-128, 128, count) if wanted else np.zeros(count, int),
        output_zero_point=int(rng.integers(0, 256)),
        bias=bias if rng.random() < 0.85 else None,
        relu=bool(rng.random() < 0.3),
        classes=frozenset({"random shape", scales}),
    )


def _scales(rng: np.random.Generator, kind: str, multiplier: Any) -> tuple[float, Any, float]:
    """Input, weight and output scales whose quotient is about ``multiplier``."""
    if kind == "scales: random":
        input_scale, output_scale = (float(value) for value in rng.uniform(0.001, 0.2, 2))
        return input_scale, multiplier * output_scale / input_scale, output_scale
    input_scale, output_scale = (float(2.0**power) for power in rng.integers(-10, 0, 2))
    weight = np.exp2(np.round(np.log2(multiplier * output_scale / input_scale)))
    if kind == "scales: one ulp beside a power of two":
        towards = np.where(rng.random(np.shape(weight)) < 0.5, 0, np.inf).astype(np.float32)
        weight = np.nextafter(weight.astype(np.float32), towards).astype(np.float64)
    return input_scale, weight, output_scale


def _solved(rng: np.random.Generator, label: str, cycle: int, outputs: int) -> Layer:
    extreme = ("none", *_EXTREMES)[cycle % (len(_EXTREMES) + 1)]
    scales = _SCALES[(cycle // 2) % 3]
    zero_class = ("zero point 0", "zero point 255", "zero point 128", "zero point odd")[cycle % 4]
    zero_point = _ZERO_POINTS.get(zero_class, 2 * int(rng.integers(0, 128)) + 1)
    channels = int(rng.integers(4, 65))
    pixels = max(16, outputs // channels)
    highest_input, highest_weight = ((127, 127), (255, 64))[int(rng.integers(2))]
    signs = rng.choice([-1, 1], channels)

    per_tensor = bool(rng.random() < 0.3)
    count = () if per_tensor else (channels,)
    half_steps = rng.integers(5, 100, count) + 0.5
    offset: Any = 0.0
    if extreme == "accumulators about 2**24":
        scales, reach = "scales: random", (1 << 24) + 2000
        multiplier = half_steps / (1 << 24)
    elif extreme == "bias: cancels 2**25":
        reach = (1 << 25) + 4000
        multiplier = np.exp2(-rng.uniform(2, 5, count))
        offset = -signs * float(1 << 25)
    elif extreme == "bias: about 2**30":
        reach = 300
        multiplier = np.exp2(-rng.uniform(23, 25, count))
    elif extreme == "multipliers 2**-36 ... 1":
        reach = 300_000
        multiplier = np.exp2(-rng.uniform(0.01, 36, count))
    else:
        reach = 300_000
        multiplier = np.exp2(-rng.uniform(4, 10, count))
    taps = reach // (highest_input * highest_weight) + 2
    input_scale, weight_scales, output_scale = _scales(rng, scales, multiplier)
    multiplier = np.broadcast_to(input_scale * weight_scales / output_scale, channels)
    if extreme == "multipliers 2**-36 ... 1":
        # The bias brings small multipliers near a tie as far as int32 reaches.
        offset = np.clip(rng.integers(-99, 99, channels) / multiplier, -(2.0**30), 2.0**30)
        offset = np.round(offset)
    if extreme == "bias: about 2**30":
        # The bias alone lies on a tie; a few channels saturate int32, and wrap around.
        steps = rng.integers(5 - zero_point, 250 - zero_point, channels) + 0.5
        offset = np.clip(np.round(steps / multiplier), -(2.0**30), 2.0**30)
        offset = np.where(rng.random(channels) < 0.1, signs * 2.0**31, offset)
    if extreme == "bias: half-integer":
        offset = rng.integers(-2000, 2000, channels) + 0.5
    bias = (offset * input_scale * weight_scales * np.ones(channels)).astype(np.float32)

    # Each pixel is solved for one channel: its accumulator goes to a tie or next to it.
    chosen = rng.integers(0, channels, pixels)
    step = rng.integers(-zero_point, 255 - zero_point, pixels) + 0.5
    offsets = np.broadcast_to(offset, channels)[chosen]
    target = np.rint(step / multiplier[chosen] - offsets) + rng.choice([-1, 0, 0, 1], pixels)
    sums = np.clip(signs[chosen] * target, 0, reach).astype(np.int64)
    if extreme == "accumulators about 2**24":
        sums = (1 << 24) + rng.integers(-1000, 2000, pixels)
    if extreme == "bias: about 2**30":
        sums = rng.integers(0, reach, pixels)
    quotient, rest = np.divmod(sums, highest_weight)
    each, more = np.divmod(quotient, taps - 1)
    inputs = each[:, np.newaxis] + (np.arange(taps - 1) < more[:, np.newaxis])
    inputs = np.concatenate([inputs, rest[:, np.newaxis]], axis=1).astype(np.uint8)
    row = np.array([highest_weight] * (taps - 1) + [1])
    weights = (signs[:, np.newaxis] * row).astype(np.int8)

    shape = None
    if rng.random() < 0.7:
        height = int(rng.integers(1, int(np.sqrt(pixels)) + 1))
        inputs = inputs[: pixels // height * height].reshape(1, height, -1, taps)
        shape = Conv2dShape(
            height=height,
            width=inputs.shape[2],
            in_channels=taps,
            out_channels=channels,
            kernel_height=1,
            kernel_width=1,
        )
        weights = weights.reshape(channels, 1, 1, taps)
    no_bias = extreme == "none" and rng.random() < 0.5
    return Layer(
        label=label,
        inputs=inputs,
        weights=weights,
        shape=shape,
        input_scale=input_scale,
        weight_scales=weight_scales,
        output_scale=output_scale,
        input_zero_point=0,
        weight_zero_points=np.zeros(count, int),
        output_zero_point=zero_point,
        bias=None if no_bias else bias,
        relu=bool(rng.random() < 0.2),
        classes=frozenset({"near tie", scales, zero_class, extreme} - {"none"}),
    )
