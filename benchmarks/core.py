# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The benchmark ``core``: layers of known networks on the compute core's RTL, against the golden
model; clock cycles, and the share of the multipliers that was in use."""

from dataclasses import replace

import numpy as np

from benchmarks.report import Report
from macaw.arch import (
    AcceleratorConfig,
    Conv2dShape,
    Mode,
    Requantization,
    float32_multiplier,
    preset,
)
from macaw.compiler.conv2d import compile_conv2d
from macaw.compiler.cost import model_cycles, utilisation
from macaw.compiler.layer import Conv2dLayer
from macaw.golden.conv2d import conv2d
from macaw.sim.conv2d import run_conv2d

__all__ = ["run"]

_SEED = 20261125

_WORKLOADS = {
    "resnet50.conv1": Conv2dShape(
        height=224, width=224, in_channels=3, out_channels=64, kernel_height=7, kernel_width=7,
        stride=(2, 2), padding=(3, 3, 3, 3),
    ),
    "conv3x3_64_64": Conv2dShape(
        height=56, width=56, in_channels=64, out_channels=64, kernel_height=3, kernel_width=3,
        padding=(1, 1, 1, 1),
    ),
    "conv1x1_256_64": Conv2dShape(
        height=56, width=56, in_channels=256, out_channels=64, kernel_height=1, kernel_width=1,
    ),
    "depthwise3x3": Conv2dShape(
        height=56, width=56, in_channels=128, out_channels=128, kernel_height=3, kernel_width=3,
        padding=(1, 1, 1, 1), groups=128,
    ),
}  # fmt: skip


#: Layers for devices whose line buffers hold a few kilobytes.
_SMALL_WORKLOADS = {
    "conv3x3_16_16": Conv2dShape(
        height=32, width=32, in_channels=16, out_channels=16, kernel_height=3, kernel_width=3,
        padding=(1, 1, 1, 1),
    ),
    "depthwise3x3_16": Conv2dShape(
        height=32, width=32, in_channels=16, out_channels=16, kernel_height=3, kernel_width=3,
        padding=(1, 1, 1, 1), groups=16,
    ),
}  # fmt: skip


def run(report: Report) -> None:
    """Measure every workload on ``ecp5_85f``, the depthwise one with half the requantiser's lanes
    as well, and small ones on ``up5k`` and, the depthwise one, on ``ecp5_25f``."""
    config = preset("ecp5_85f")
    halved = replace(config, name="ecp5_85f_r8", requantizer=replace(config.requantizer, lanes=8))
    for name, shape in _WORKLOADS.items():
        _measure(report, config, name, shape)
    _measure(report, halved, "depthwise3x3", _WORKLOADS["depthwise3x3"])
    _measure(report, preset("ecp5_25f"), "depthwise3x3_16", _SMALL_WORKLOADS["depthwise3x3_16"])
    for name, shape in _SMALL_WORKLOADS.items():
        _measure(report, preset("up5k"), name, shape)


def _layer(shape: Conv2dShape, name: str, rng: np.random.Generator) -> Conv2dLayer:
    """A layer with random weights, whose results spread over int8."""
    size = (shape.out_channels, shape.kernel_height, shape.kernel_width, shape.group_in_channels)
    # A sum of products of evenly spread bytes deviates by about 74² a tap's square root.
    scales = np.float32(rng.uniform(0.5, 2, shape.out_channels) * 40 / (74**2 * shape.taps**0.5))
    multipliers = [float32_multiplier(float(scale)) for scale in scales]
    return Conv2dLayer(
        name=name,
        shape=shape,
        weights=rng.integers(-128, 128, size).astype(np.int8),
        requantization=Requantization(
            mode=Mode.FLOAT32,
            bias=tuple(int(bias) for bias in rng.integers(-5000, 5000, shape.out_channels)),
            multiplier=tuple(multiplier for multiplier, _ in multipliers),
            shift=tuple(shift for _, shift in multipliers),
            zero_point=3,
            minimum=-128,
            maximum=127,
        ),
        input_zero_point=5,
    )


def _measure(report: Report, config: AcceleratorConfig, name: str, shape: Conv2dShape) -> None:
    rng = np.random.default_rng(_SEED)
    layer = _layer(shape, name, rng)
    size = (shape.height, shape.width, shape.in_channels)
    image = rng.integers(-128, 128, size).astype(np.int8)
    program = compile_conv2d(layer, config)
    expected = conv2d(
        image,
        layer.weights,
        shape=shape,
        input_zero_point=layer.input_zero_point,
        requantization=layer.requantization,
    )
    result = run_conv2d(program, image, progress=True)
    modelled = model_cycles(program)
    figures = (
        ("cycles", result.cycles, "cycles"),
        ("cycles_model", modelled, "cycles"),
        ("utilisation", utilisation(program, result.cycles), "share"),
        ("utilisation_model", utilisation(program, modelled), "share"),
        ("mismatches", int(np.count_nonzero(result.result != expected)), "values"),
        ("simulated_cycles", result.streams.cycles_per_second, "cycles/s"),
    )
    for metric, value, unit in figures:
        report(
            benchmark="core", configuration=config.name, digest=config.digest, workload=name,
            metric=metric, value=value, unit=unit,
        )  # fmt: skip
