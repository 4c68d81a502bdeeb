# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Random convolutions for the compute core, and the names of the paths that they take."""

import re
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from macaw.arch import (
    AcceleratorConfig,
    AnyRequantization,
    Conv2dShape,
    Float32Bias,
    Float32Chain,
    Mode,
    RawSums,
    Requantization,
    fixed_multiplier,
    float32_multiplier,
)
from macaw.compiler.conv2d import Conv2dProgram, compile_conv2d
from macaw.compiler.layer import Conv2dLayer
from macaw.golden.conv2d import accumulate_conv2d, conv2d

KINDS = ("dense", "pixels", "grouped", "depthwise", "multiplied")

#: How a layer that is too large for a small configuration may be refused.
REFUSALS = re.compile(
    r"^conv2d: (weight words|out_channels|steps of a pixel|words of a result row|"
    r"accumulator bits|bytes of a padded image row) must be at most \d+ on .*, not \d+: |"
    r"^conv2d: the \d+ image rows that the kernel spans must fit into \d+ words on "
)
_CHANNELS = (1, 2, 3, 4, 5, 7, 8, 9, 12, 15, 16, 17, 24, 31, 32, 33, 40, 47, 48, 64, 70)


@dataclass(frozen=True, kw_only=True, eq=False)
class Case:
    """A layer that was compiled, an image for it, and the seed that they came from."""

    seed: int
    program: Conv2dProgram
    image: np.ndarray

    @property
    def layer(self) -> Conv2dLayer:
        return self.program.layer

    @cached_property
    def expected(self) -> np.ndarray:
        """The golden model's result."""
        layer = self.layer
        return conv2d(
            self.image,
            layer.weights,
            shape=layer.shape,
            input_zero_point=layer.input_zero_point,
            weight_zero_point=layer.weight_zero_point,
            requantization=layer.requantization,
        )

    def __str__(self) -> str:
        layer = self.layer
        return (
            f"seed {self.seed}: {layer.shape}, {layer.weights.dtype} weights, "
            f"{self.image.dtype} image with zero point {layer.input_zero_point}, "
            f"weight zero point {layer.weight_zero_point}, {layer.requantization.mode}"
        )


def random_shape(rng: np.random.Generator, kind: str) -> Conv2dShape:
    """A shape of ``kind``; ``ValueError`` where the kernel does not fit into the image."""

    def pick(*values):
        return int(rng.choice(values))

    def pad(kernel):
        return pick(0, 0, kernel // 2, kernel // 2, rng.integers(0, kernel + 1), kernel + 2)

    kernel = [pick(1, 2, 3, 3, 3, 4, 5, 6, 7) for _ in range(2)]
    if rng.random() < 0.5:
        kernel[1] = kernel[0]
    channels = out_channels = pick(*_CHANNELS)
    groups = 1
    if kind == "pixels":
        kernel, out_channels = [1, 1], pick(*_CHANNELS)
    elif kind == "dense":
        channels, out_channels = pick(1, 2, 3, 3, 4, *_CHANNELS[:12]), pick(*_CHANNELS)
    elif kind == "grouped":
        groups = pick(2, 3, 4, 5, 6, 7, 8)
        channels, out_channels = groups * pick(2, 3, 4, 5), groups * pick(1, 2, 3, 4, 5, 9)
    elif kind == "depthwise":
        groups = channels
        if rng.random() < 0.4:
            kernel[1] = pick(2, 3, 4)
    elif kind == "multiplied":
        groups = channels = pick(2, 3, 5, 8, 9, 16, 17)
        out_channels = groups * pick(2, 2, 3)
    return Conv2dShape(
        height=pick(1, *range(1, 14)),
        width=pick(1, *range(1, 14)),
        in_channels=channels,
        out_channels=out_channels,
        kernel_height=kernel[0],
        kernel_width=kernel[1],
        stride=(pick(1, 1, 2, 3), pick(1, 1, 2, 3)),
        dilation=(pick(1, 1, 1, 2, 3), pick(1, 1, 1, 2, 3)),
        padding=(pad(kernel[0]), pad(kernel[0]), pad(kernel[1]), pad(kernel[1])),
        groups=groups,
    )


def _bytes(rng: np.random.Generator, size: tuple[int, ...], signed: bool) -> np.ndarray:
    """Random bytes, sometimes only extreme ones, sometimes all the lowest."""
    style = rng.integers(0, 8)
    values = rng.integers(0, 256, size)
    if style == 0:
        values = rng.choice([0, 255], size)
    elif style == 1:
        values = np.zeros(size, np.int64)
    return (values - 128).astype(np.int8) if signed else values.astype(np.uint8)


def _point(rng: np.random.Generator, signed: bool) -> int:
    """A zero point of the type: often none, its middle or an end."""
    value = int(rng.choice([0, 1, 127, 128, 129, 254, 255, rng.integers(0, 256)]))
    return value - 128 if signed else value


def _weights(
    rng: np.random.Generator, shape: Conv2dShape
) -> tuple[np.ndarray, int | tuple[int, ...]]:
    size = (shape.out_channels, shape.kernel_height, shape.kernel_width, shape.group_in_channels)
    signed = bool(rng.random() < 0.7)
    weights = _bytes(rng, size, signed)
    style = rng.integers(0, 4)
    if style == 0:
        return weights, 0 if signed else 128
    if style == 1:
        return weights, tuple(_point(rng, signed) for _ in range(shape.out_channels))
    return weights, _point(rng, signed)


def _requantization(
    rng: np.random.Generator, accumulators: np.ndarray, mode: Mode
) -> AnyRequantization:
    """Parameters that spread ``accumulators`` over the result's range; sometimes extreme ones,
    or with a fused activation."""
    channels = accumulators.shape[-1]
    sums = accumulators.reshape(-1, channels).astype(np.float64)
    signed = bool(rng.random() < 0.7)
    low, high = (-128, 127) if signed else (0, 255)
    scales = np.clip(rng.uniform(20, 150, channels) / (sums.std(axis=0) + 1), 2.0**-36, 1)
    bias = rng.normal(0, 0.2, channels) * 60 / scales - sums.mean(axis=0)
    if rng.random() < 0.1:
        scales = 2.0 ** rng.uniform(-36, 0, channels)
    if rng.random() < 0.1:
        bias = rng.choice([-(1 << 31), (1 << 31) - 1, 1 << 30, -(1 << 30), 0], channels)
    bias = np.clip(bias, -(1 << 31), (1 << 31) - 1)
    if mode is Mode.RAW:
        return RawSums(bias=tuple(int(value) for value in bias))
    zero_point = int(rng.integers(low, high + 1))
    minimum, maximum = low, high
    clamp = rng.integers(0, 4)
    if clamp == 1:
        minimum = zero_point
    elif clamp == 2:
        minimum, maximum = sorted(int(value) for value in rng.integers(low, high + 1, 2))
    bounds = {"zero_point": zero_point, "minimum": minimum, "maximum": maximum, "signed": signed}
    if mode is Mode.FLOAT32_BIAS:
        factor = np.float32(1 if rng.random() < 0.5 else rng.uniform(0.5, 2))
        values = np.float32(np.clip(bias, -(2.0**31) + 128, 2.0**31 - 128) / max(factor, 1))
        return Float32Bias(
            bias=tuple(values.tolist()),
            bias_scale=(float(factor),) * channels,
            multiplier=tuple(np.float32(scales).tolist()),
            **bounds,
        )
    if mode is Mode.FLOAT32_CHAIN:
        input_scale, output_multiplier = np.float32(2.0 ** rng.uniform(-8, 8, 2))
        real = np.clip(bias * scales, -(2.0**26), 2.0**26) / output_multiplier
        return Float32Chain(
            input_scale=float(input_scale),
            weight_scale=tuple(np.float32(scales / (input_scale * output_multiplier)).tolist()),
            bias=tuple(np.float32(real).tolist()),
            output_multiplier=float(output_multiplier),
            **bounds,
        )
    make = float32_multiplier if mode is Mode.FLOAT32 else fixed_multiplier
    parameters = [make(float(np.float32(scale))) for scale in scales]
    return Requantization(
        mode=mode,
        bias=tuple(int(value) for value in bias),
        multiplier=tuple(multiplier for multiplier, _ in parameters),
        shift=tuple(shift for _, shift in parameters),
        **bounds,
    )


def random_layer(
    rng: np.random.Generator, shape: Conv2dShape, modes: tuple[Mode, ...]
) -> tuple[Conv2dLayer, np.ndarray]:
    """A layer of ``shape`` with random weights and zero points, and an image for it."""
    weights, weight_zero_point = _weights(rng, shape)
    input_signed = bool(rng.random() < 0.6)
    input_zero_point = _point(rng, input_signed)
    image = _bytes(rng, (shape.height, shape.width, shape.in_channels), input_signed)
    accumulators = accumulate_conv2d(
        image,
        weights,
        shape=shape,
        input_zero_point=input_zero_point,
        weight_zero_point=weight_zero_point,
    )
    layer = Conv2dLayer(
        shape=shape,
        weights=weights,
        requantization=_requantization(rng, accumulators, modes[rng.integers(0, len(modes))]),
        input_zero_point=input_zero_point,
        input_signed=input_signed,
        weight_zero_point=weight_zero_point,
    )
    return layer, image


def case_of(seed: int, shape: Conv2dShape, config: AcceleratorConfig) -> Case:
    """A random layer of ``shape``, which ``config`` must take."""
    layer, image = random_layer(np.random.default_rng(seed), shape, config.requantizer.modes)
    return Case(seed=seed, program=compile_conv2d(layer, config), image=image)


def shared_case(seed: int, shape: Conv2dShape, config: AcceleratorConfig) -> Case:
    """Like `case_of`, with the first column group's weights for all the others."""
    case = case_of(seed, shape, config)
    _, _, channels = next(iter(case.program.walk.groups))
    whose = np.arange(shape.out_channels) % channels
    points = case.layer.weight_zero_point
    layer = replace(
        case.layer,
        weights=case.layer.weights[whose],
        weight_zero_point=tuple(points[each] for each in whose)
        if isinstance(points, tuple)
        else points,
    )
    return replace(case, program=compile_conv2d(layer, config))


def random_case(seed: int, config: AcceleratorConfig) -> Case:
    """The first layer out of ``seed`` that ``config`` takes, of the kind that the seed's
    remainder names."""
    rng = np.random.default_rng(seed)
    while True:
        try:
            shape = random_shape(rng, KINDS[seed % len(KINDS)])
        except ValueError:
            continue
        layer, image = random_layer(rng, shape, config.requantizer.modes)
        try:
            program = compile_conv2d(layer, config)
        except ValueError as refusal:
            if not REFUSALS.search(str(refusal)):
                raise
            continue
        return Case(seed=seed, program=program, image=image)


def paths(program: Conv2dProgram) -> set[str]:
    """The ways through compiler and core that a program takes."""
    shape, walk, layer = program.layer.shape, program.walk, program.layer
    flags = set().union(*(step.flags for step in walk.body))
    evaluates = sum("evaluate" in step.flags for step in walk.body)
    parts, filler = layer.array_weights(
        correction=program.config.weight_zero_point and not walk.window
    )
    found = {
        "three parts"
        if len(parts) == 3
        else "split weights"
        if len(parts) == 2
        else "correction"
        if filler
        else "plain weights"
    }
    found.add("ring wraps" if program.ring.rows < shape.height else "image fits")
    found.add(str(layer.requantization.mode))
    found.add("int8 image" if layer.input_signed else "uint8 image")
    result = "int32" if program.result_bytes == 4 else "int8" if program.output_signed else "uint8"
    found.add(f"{result} result")
    if walk.window and program.config.narrow:
        found.add("window of channels")
    elif walk.window:
        rows = {step.kernel_row for step in walk.body}
        two = "high" in flags or (shape.kernel_height == 2 and rows == {0})
        found.add(
            "window of four rows" if "four" in flags
            else "window of two rows" if two
            else "window of one row"
        )  # fmt: skip
        found.add(
            "sliding window"
            if evaluates == len(parts)
            and shape.dilation[1] == 1
            and shape.stride[1] <= shape.kernel_width
            else "walking window"
        )
        found.add("odd width" if shape.output_width % 2 else "even width")
        aligned = shape.in_channels % program.config.array.lanes == 0
        found.add("whole words of channels" if aligned else "a part of a word of channels")
    else:
        found.add("dense paired" if "paired" in flags else "dense unpaired")
        if shape.groups > 1:
            wide = shape.out_channels // shape.groups > program.config.array.columns
            together = walk.groups.outer < shape.groups
            found.add("wide groups" if wide else "block-diagonal" if together else "single groups")
        elif walk.groups.inner > 1:
            found.add("several column groups")
    if walk.weights_shared:
        found.add("shared weights")
    return found
