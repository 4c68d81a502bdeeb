# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Which types and scales convolutions and fully connected layers take, by the runtime."""

from collections.abc import Iterable
from typing import Any

from macaw.nn.exact import check_sums
from macaw.nn.graph import DType, Tensor
from macaw.nn.type_checks import BYTES, alike, demand, of_types, scaled

__all__ = ["weighted", "weighted_in_programs", "weighted_in_torch", "weighted_mixed"]


def weighted(operator: Any, inputs: list[Tensor], outputs: list[Tensor]) -> None:
    """Images, weights and results of one 8-bit type: TensorFlow Lite."""
    scaled(inputs[0], outputs[0])
    alike(inputs[0], inputs[1], outputs[0])
    _weights(operator, inputs, outputs)


def weighted_mixed(operator: Any, inputs: list[Tensor], outputs: list[Tensor]) -> None:
    """Weights of a type of their own, and sums as results: ONNX Runtime."""
    scaled(inputs[0])
    # Sums may be results as they are.
    if outputs[0].dtype != DType.INT32:
        scaled(*outputs)
        alike(inputs[0], outputs[0])
    # The runtime has no kernel for weights of uint8 and images of int8.
    of_types((inputs[1],), BYTES if inputs[0].dtype == DType.UINT8 else (DType.INT8,))
    _weights(operator, inputs, outputs)


def weighted_in_torch(operator: Any, inputs: list[Tensor], outputs: list[Tensor]) -> None:
    """Images of uint8, weights of int8, a bias of real numbers: PyTorch's engines."""
    scaled(inputs[0], outputs[0])
    of_types((inputs[0], outputs[0]), (DType.UINT8,))
    of_types((inputs[1],), (DType.INT8,))
    _weights(operator, inputs, outputs, bias=(DType.FLOAT32,))


def weighted_in_programs(operator: Any, inputs: list[Tensor], outputs: list[Tensor]) -> None:
    """Whatever is summed without a rounding: PyTorch's exported programs."""
    scaled(inputs[0], outputs[0])
    of_types((inputs[1],), BYTES)
    _weights(operator, inputs, outputs)
    check_sums(inputs[0], inputs[1], inputs[2].data if len(inputs) > 2 else None)


def _weights(
    operator: Any,
    inputs: list[Tensor],
    outputs: list[Tensor],
    bias: Iterable[DType] = (DType.INT32,),
) -> None:
    weights = inputs[1]
    demand(weights.data is not None, f"weights {weights.name!r} must be constant")
    quantization = weights.quantization
    demand(quantization is not None, f"weights {weights.name!r} must have a scale")
    assert quantization is not None
    demand(
        quantization.axis in (None, 0),
        f"weights {weights.name!r} must have scales along axis 0, not {quantization.axis!r}",
    )
    for tensor in inputs[2:]:
        of_types((tensor,), bias)
        demand(tensor.data is not None, f"bias {tensor.name!r} must be constant")
