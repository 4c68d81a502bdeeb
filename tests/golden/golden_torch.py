# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""PyTorch's quantised operators as an oracle, engine by engine, and our formulas for each."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import numpy as np
from golden_layers import Layer
from numpy.typing import NDArray

from macaw.golden import (
    AnyRequantization,
    fbgemm_requantization,
    onednn_requantization,
    qnnpack_requantization,
    x86_requantization,
)

ENGINES = ("qnnpack", "fbgemm", "onednn", "x86")


def requantization(engine: str, layer: Layer, *, vnni: bool) -> AnyRequantization:
    """Our parameters for a layer in an engine; ``vnni`` is the machine's."""
    linear = layer.shape is None
    match engine:
        case "qnnpack":
            return qnnpack_requantization(**layer.scales())
        case "fbgemm":
            return fbgemm_requantization(**layer.scales())
        case "onednn":
            return onednn_requantization(**layer.scales(), linear=linear)
        case _:
            return x86_requantization(
                **layer.scales(),
                vnni=vnni,
                linear=linear,
                groups=1 if layer.shape is None else layer.shape.groups,
                weight_zero_point=layer.weight_zero_points,
            )


@contextmanager
def engine_set(torch: ModuleType, engine: str) -> Iterator[None]:
    """PyTorch's quantised engine for a while."""
    before = torch.backends.quantized.engine
    torch.backends.quantized.engine = engine
    try:
        yield
    finally:
        torch.backends.quantized.engine = before


def run_torch(torch: ModuleType, engine: str, layer: Layer) -> NDArray[np.uint8]:
    """The layer's result in PyTorch, freshly packed: qnnpack keeps scales of the first use."""
    with engine_set(torch, engine):
        weights = _quantised_weights(torch, layer)
        bias = None if layer.bias is None else torch.from_numpy(layer.bias)
        inputs = torch.from_numpy(layer.inputs)
        if layer.shape is not None:
            inputs = inputs.permute(0, 3, 1, 2)
        quantised = torch._make_per_tensor_quantized_tensor(
            inputs, layer.input_scale, layer.input_zero_point
        )
        result = (layer.output_scale, layer.output_zero_point)
        operators = torch.ops.quantized
        if layer.shape is None:
            packed = operators.linear_prepack(weights, bias)
            run = operators.linear_relu if layer.relu else operators.linear
            return run(quantised, packed, *result).int_repr().numpy()
        shape = layer.shape
        packed = operators.conv2d_prepack(
            weights,
            bias,
            list(shape.stride),
            [shape.padding[0], shape.padding[2]],
            list(shape.dilation),
            shape.groups,
        )
        run = operators.conv2d_relu if layer.relu else operators.conv2d
        return run(quantised, packed, *result).int_repr().permute(0, 2, 3, 1).numpy()


def _quantised_weights(torch: ModuleType, layer: Layer) -> Any:
    weights = torch.from_numpy(layer.weights)
    if layer.shape is not None:
        weights = weights.permute(0, 3, 1, 2).contiguous()
    if np.ndim(layer.weight_scales) == 0:
        return torch._make_per_tensor_quantized_tensor(
            weights, float(layer.weight_scales), int(layer.weight_zero_points)
        )
    return torch._make_per_channel_quantized_tensor(
        weights,
        torch.from_numpy(np.asarray(layer.weight_scales)),
        torch.from_numpy(np.asarray(layer.weight_zero_points)),
        0,
    )
