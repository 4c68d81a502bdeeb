# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Which types and scales an operator takes: the rules, each written once."""

import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from macaw.nn.errors import ModelError
from macaw.nn.graph import (
    Activation,
    ArgMax,
    Binary,
    Cast,
    Concat,
    Conv2d,
    ConvTranspose2d,
    Dequantize,
    Divide,
    DType,
    FloorDivide,
    Gather,
    GatherNd,
    LeakyRelu,
    Linear,
    Logistic,
    Maximum,
    Mean,
    Minimum,
    Operator,
    Pack,
    Pool2d,
    Quantize,
    Requantize,
    Resize2d,
    Softmax,
    Sqrt,
    Tanh,
    Tensor,
    Unary,
)

__all__ = ["check_count", "check_operands"]

_BYTES = (DType.INT8, DType.UINT8)
_INTEGERS = (DType.INT32, DType.INT64)
_MANY = 1 << 16

#: Fewest and most inputs of an operator; one where it is not listed.
_COUNTS: dict[type[Operator], tuple[int, int]] = {
    Binary: (2, 2),
    Concat: (1, _MANY),
    Conv2d: (2, 3),
    ConvTranspose2d: (2, 3),
    Gather: (2, 2),
    GatherNd: (2, 2),
    Linear: (2, 3),
    Pack: (1, _MANY),
}


def check_operands(operator: Operator, inputs: list[Tensor], outputs: list[Tensor]) -> None:
    """Refuse types and scales that the operator does not take, with `ModelError`.

    The number of outputs is a matter of shapes: see `macaw.nn.shapes.output_shapes`.
    """
    for kind, rule in _RULES.items():
        if isinstance(operator, kind):
            return rule(operator, inputs, outputs)
    # All others move values about, and leave them as they are.
    for tensor in (*inputs[1:], *outputs):
        _same(inputs[0], tensor)
    return None


def check_count(operator: Operator, count: int) -> None:
    """Refuse a number of inputs that the operator does not take, with `ModelError`."""
    low, high = next((b for kind, b in _COUNTS.items() if isinstance(operator, kind)), (1, 1))
    _demand(low <= count <= high, f"inputs must be {low} ... {high} tensors, not {count}")


def _demand(condition: bool, sentence: str) -> None:
    if not condition:
        raise ModelError(sentence)


def _types(tensors: Iterable[Tensor], allowed: Iterable[DType]) -> None:
    names = tuple(allowed)
    for tensor in tensors:
        _demand(
            tensor.dtype in names,
            f"tensor {tensor.name!r} must be of type {' or '.join(names)}, not {tensor.dtype}",
        )


def _alike(*tensors: Tensor) -> None:
    _types(tensors, (tensors[0].dtype,))


def _scaled(*tensors: Tensor) -> None:
    """8-bit tensors with one scale each."""
    _types(tensors, _BYTES)
    for tensor in tensors:
        count = 0 if tensor.quantization is None else len(tensor.quantization.scale)
        _demand(count == 1, f"tensor {tensor.name!r} must have one scale, not {count}")


def _same(first: Tensor, second: Tensor) -> None:
    """Tensors of one type, with one meaning of their values."""
    _alike(first, second)
    if not first.dtype.quantised or first.quantization is None or second.quantization is None:
        return
    a, b = first.quantization, second.quantization
    _demand(
        (a.scale, a.zero_point) == (b.scale, b.zero_point),
        f"tensors {first.name!r} and {second.name!r} must have the same scale and zero point",
    )


def _weighted(operator: Any, inputs: list[Tensor], outputs: list[Tensor]) -> None:
    source, weights, result = inputs[0], inputs[1], outputs[0]
    _scaled(source, result)
    _alike(source, weights, result)
    _demand(weights.data is not None, f"weights {weights.name!r} must be constant")
    quantization = weights.quantization
    _demand(quantization is not None, f"weights {weights.name!r} must have a scale")
    assert quantization is not None
    _demand(
        quantization.axis in (None, 0),
        f"weights {weights.name!r} must have scales along axis 0, not {quantization.axis!r}",
    )
    for bias in inputs[2:]:
        _types((bias,), (DType.INT32,))
        _demand(bias.data is not None, f"bias {bias.name!r} must be constant")


def _binary(operator: Binary, inputs: list[Tensor], outputs: list[Tensor]) -> None:
    _alike(*inputs, *outputs)
    dtype = inputs[0].dtype
    if isinstance(operator, Divide):
        _types(inputs, (DType.FLOAT32,))
    elif isinstance(operator, FloorDivide):
        _types(inputs, _INTEGERS)
        data = inputs[1].data
        _demand(
            data is not None and bool((data != 0).all()),
            f"divisor {inputs[1].name!r} must be constant and nowhere 0",
        )
    elif isinstance(operator, Maximum | Minimum):
        _same(inputs[0], inputs[1])
        _same(inputs[0], outputs[0])
    elif dtype.quantised:
        _scaled(*inputs, *outputs)
    else:
        _types(inputs, (*_INTEGERS, DType.FLOAT32))
    if not dtype.quantised:
        _demand(
            operator.activation == Activation.NONE or dtype == DType.FLOAT32,
            f"activation must be none for {dtype}, not {operator.activation}",
        )


def _equal(operator: Operator, inputs: list[Tensor], outputs: list[Tensor]) -> None:
    _scaled(inputs[0], outputs[0])
    _same(inputs[0], outputs[0])


def _concat(operator: Operator, inputs: list[Tensor], outputs: list[Tensor]) -> None:
    _alike(*inputs, *outputs)
    if outputs[0].dtype == DType.UINT8:
        # The only type whose kernel changes scales on the way.
        _scaled(*inputs, *outputs)
        return
    for tensor in inputs:
        _same(tensor, outputs[0])


def _indexed(operator: Operator, inputs: list[Tensor], outputs: list[Tensor]) -> None:
    values, indices = inputs
    _same(values, outputs[0])
    _types((indices,), _INTEGERS)
    if indices.data is None or not indices.size:
        return
    if isinstance(operator, Gather):
        limits: Any = values.shape[operator.axis]
    else:
        limits = np.array(values.shape[: indices.shape[-1]])
    _demand(
        bool(((indices.data >= 0) & (indices.data < limits)).all()),
        f"indices {indices.name!r} must lie within the values' shape {values.shape!r}",
    )


def _rescaled(operator: Operator, inputs: list[Tensor], outputs: list[Tensor]) -> None:
    _scaled(inputs[0], outputs[0])
    if not isinstance(operator, Requantize):
        _alike(inputs[0], outputs[0])
    if isinstance(operator, LeakyRelu | Softmax):
        number = operator.alpha if isinstance(operator, LeakyRelu) else operator.beta
        _demand(math.isfinite(number), f"attributes must be finite, not {number!r}")
    if isinstance(operator, Softmax):
        _demand(operator.beta > 0, f"beta must be positive, not {operator.beta!r}")
    if isinstance(operator, Logistic | Tanh | Softmax):
        signed = outputs[0].dtype == DType.INT8
        scale, offset = (1 / 128, 128) if isinstance(operator, Tanh) else (1 / 256, 0)
        expected = (scale, offset - 128 if signed else offset)
        found = (outputs[0].scale, outputs[0].zero_point)
        _demand(
            found == expected,
            f"the result must have scale {expected[0]} and zero point {expected[1]}, "
            f"not {found[0]} and {found[1]}",
        )


def _quantize(operator: Operator, inputs: list[Tensor], outputs: list[Tensor]) -> None:
    _types(inputs, (DType.FLOAT32,))
    _scaled(*outputs)


def _dequantize(operator: Operator, inputs: list[Tensor], outputs: list[Tensor]) -> None:
    _scaled(*inputs)
    _types(outputs, (DType.FLOAT32,))


def _cast(operator: Operator, inputs: list[Tensor], outputs: list[Tensor]) -> None:
    _types((*inputs, *outputs), tuple(DType))


def _sqrt(operator: Operator, inputs: list[Tensor], outputs: list[Tensor]) -> None:
    _types((*inputs, *outputs), (DType.FLOAT32,))


def _arg_max(operator: Operator, inputs: list[Tensor], outputs: list[Tensor]) -> None:
    _types(inputs, (*_BYTES, *_INTEGERS, DType.FLOAT32))
    _types(outputs, _INTEGERS)


#: The first that fits counts: the narrower kinds stand before the wider ones.
_RULES: dict[type[Operator], Callable[[Any, list[Tensor], list[Tensor]], None]] = {
    ArgMax: _arg_max,
    Binary: _binary,
    Cast: _cast,
    Concat: _concat,
    Conv2d: _weighted,
    ConvTranspose2d: _weighted,
    Dequantize: _dequantize,
    Gather: _indexed,
    GatherNd: _indexed,
    Linear: _weighted,
    Mean: _rescaled,
    Pool2d: _equal,
    Quantize: _quantize,
    Resize2d: _equal,
    Softmax: _rescaled,
    Sqrt: _sqrt,
    Unary: _rescaled,
}
