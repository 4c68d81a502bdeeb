# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The requantiser's parameters of a layer's channels, and layers whose results are raw sums."""

from dataclasses import replace

import numpy as np

from macaw.arch.config import AcceleratorConfig
from macaw.arch.core import parameter_fields
from macaw.arch.parameters import RawSums
from macaw.compiler.layer import Conv2dLayer

__all__ = ["RAW_BYTES", "channel_parameters", "split_bytes"]

#: Bytes of a raw result.
RAW_BYTES = 4


def split_bytes(layer: Conv2dLayer) -> Conv2dLayer:
    """A layer of mode ``raw`` as the core runs it: with a channel for each byte of a result.

    The four channels of a result stand side by side and have the same weights, so the result's
    bytes are int32, little endian, in NHWC order. It takes four times the layer's weights,
    parameters and clocks, and nothing in the result's path.
    """
    points = layer.weight_zero_point
    if isinstance(points, tuple):
        points = tuple(point for point in points for _ in range(RAW_BYTES))
    bias = tuple(value for value in layer.requantization.bias for _ in range(RAW_BYTES))
    return replace(
        layer,
        shape=replace(layer.shape, out_channels=RAW_BYTES * layer.shape.out_channels),
        weights=np.repeat(layer.weights, RAW_BYTES, axis=0),
        weight_zero_point=points,
        requantization=RawSums(bias=tuple(int(value) for value in bias)),
    )


def channel_parameters(layer: Conv2dLayer, config: AcceleratorConfig) -> dict[str, np.ndarray]:
    """The fields of `macaw.arch.core.parameter_fields`, int64 (out_channels,) each; those that
    the layer's mode does not look at are zero.

    Raises ``ValueError`` by the layer's name for parameters beyond what the hardware takes.
    """
    try:
        entries = {name: np.array(v, np.int64) for name, v in layer.requantization.entries.items()}
    except ValueError as error:
        raise ValueError(f"{layer.name}: {error}") from None
    count = layer.shape.out_channels
    entries["bias"] = layer.folded_bias(config).astype(np.int64)
    if isinstance(layer.requantization, RawSums):
        entries["shift"] = np.arange(count) % RAW_BYTES
    zeros = np.zeros(count, np.int64)
    return {field.name: entries.get(field.name, zeros) for field in parameter_fields(config)}
