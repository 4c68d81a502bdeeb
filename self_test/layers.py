# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The layers of a self-test: shapes that leave no part of the core idle."""

from collections.abc import Callable

import numpy as np

from macaw.arch import (
    AcceleratorConfig,
    Conv2dShape,
    Mode,
    Requantization,
    fixed_multiplier,
    float32_multiplier,
)
from macaw.arch.requantization import FIXED_MODES
from macaw.compiler.layer import Conv2dLayer

__all__ = ["LayerMaker", "layer_makers"]

_SEED = 20261125
_MODES = (Mode.FLOAT32, *FIXED_MODES)
_HEIGHT = 16

#: Makes a layer from its weights, int8 (out_channels, kernel_height, kernel_width, channels).
LayerMaker = Callable[[np.ndarray], Conv2dLayer]


def _mode(config: AcceleratorConfig) -> Mode:
    """The first mode of ``config`` that a self-test has parameters for."""
    for mode in config.requantizer.modes:
        if mode in _MODES:
            return mode
    raise ValueError(
        f"modes of {config.name} must include one of {', '.join(_MODES)} for a self-test, "
        f"not only {', '.join(config.requantizer.modes)}"
    )


def _requantization(shape: Conv2dShape, mode: Mode, *, signed: bool) -> Requantization:
    """Parameters with which the sums of random bytes spread over the result's type."""
    rng = np.random.default_rng(_SEED)
    count = shape.out_channels
    # A sum of products of evenly spread bytes deviates by about 74² times the taps' square root.
    spread = rng.uniform(0.5, 2, count) * 40 / (74**2 * shape.taps**0.5)
    scales = spread.astype(np.float32)
    make = float32_multiplier if mode is Mode.FLOAT32 else fixed_multiplier
    multiplier, shift = zip(*(make(float(scale)) for scale in scales), strict=True)
    return Requantization(
        mode=mode,
        bias=tuple(int(bias) for bias in rng.integers(-5000, 5000, count)),
        multiplier=multiplier,
        shift=shift,
        zero_point=3 if signed else 121,
        minimum=-128 if signed else 0,
        maximum=127 if signed else 255,
        signed=signed,
    )


def layer_makers(config: AcceleratorConfig) -> list[tuple[Conv2dShape, LayerMaker]]:
    """The shapes of the layers for ``config``, each with what makes the layer from its weights.

    A dense 3x3 layer with padding, on uint8, whose pixels, column groups and rows end within
    words; and a depthwise one with stride 2, in window mode, from int8 to uint8. Raises
    ``ValueError`` for a configuration without a mode that they can use.
    """
    mode = _mode(config)
    lanes, columns = config.array.lanes, config.array.columns
    dense = Conv2dShape(
        height=_HEIGHT, width=7, in_channels=lanes + 3, out_channels=3 * columns - 1,
        kernel_height=3, kernel_width=3, padding=(1, 1, 1, 1),
    )  # fmt: skip
    depthwise = Conv2dShape(
        height=2 * _HEIGHT, width=9, in_channels=lanes + 1, out_channels=lanes + 1,
        kernel_height=3, kernel_width=3, stride=(2, 2), padding=(1, 1, 1, 1), groups=lanes + 1,
    )  # fmt: skip

    def make_dense(weights: np.ndarray) -> Conv2dLayer:
        return Conv2dLayer(
            name="self-test layer 1", shape=dense, weights=weights, input_zero_point=131,
            input_signed=False, requantization=_requantization(dense, mode, signed=True),
        )  # fmt: skip

    def make_depthwise(weights: np.ndarray) -> Conv2dLayer:
        return Conv2dLayer(
            name="self-test layer 2", shape=depthwise, weights=weights, input_zero_point=-7,
            requantization=_requantization(depthwise, mode, signed=False),
        )  # fmt: skip

    return [(dense, make_dense), (depthwise, make_depthwise)]
