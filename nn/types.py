# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Which types and scales an operator takes: the rules, each written once."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from macaw.nn.boxes import check_detection
from macaw.nn.exact import check_average
from macaw.nn.graph import DType, Semantics, Tensor
from macaw.nn.graph import operators as op
from macaw.nn.type_checks import BYTES, INTEGERS, alike, demand, of_types, same, scaled
from macaw.nn.weighted_types import (
    weighted,
    weighted_in_programs,
    weighted_in_torch,
    weighted_mixed,
)

__all__ = ["check_count", "check_operands"]

_MANY = 1 << 16

#: Fewest and most inputs of an operator; one where it is not listed.
_COUNTS: dict[type[op.Operator], tuple[int, int]] = {
    op.BatchNorm2d: (3, 3),
    op.Binary: (2, 2),
    op.BoxDetection: (3, 3),
    op.Concat: (1, _MANY),
    op.Conv2d: (2, 3),
    op.ConvTranspose2d: (2, 3),
    op.Gather: (2, 2),
    op.GatherNd: (2, 2),
    op.Linear: (2, 3),
    op.Pack: (1, _MANY),
    op.Prelu: (2, 2),
}


def check_operands(
    operator: op.Operator,
    inputs: list[Tensor],
    outputs: list[Tensor],
    semantics: Semantics = Semantics.TFLITE,
) -> None:
    """Refuse types and scales that the operator does not take, with `ModelError`.

    The number of outputs is a matter of shapes: see `macaw.nn.shapes.output_shapes`.
    """
    for kind, rule in (*_OWN_RULES.get(semantics, {}).items(), *_RULES.items()):
        if isinstance(operator, kind):
            return rule(operator, inputs, outputs)
    # All others move values about, and leave them as they are.
    for tensor in (*inputs[1:], *outputs):
        same(inputs[0], tensor)
    return None


def check_count(operator: op.Operator, count: int) -> None:
    """Refuse a number of inputs that the operator does not take, with `ModelError`."""
    low, high = next((b for kind, b in _COUNTS.items() if isinstance(operator, kind)), (1, 1))
    demand(low <= count <= high, f"inputs must be {low} ... {high} tensors, not {count}")


def _average_in_programs(operator: Any, inputs: list[Tensor], outputs: list[Tensor]) -> None:
    _all_scaled(operator, inputs, outputs)
    if isinstance(operator, op.AveragePool2d):
        count = math.prod(operator.kernel)
    elif isinstance(operator, op.Mean):
        count = inputs[0].size // outputs[0].size
    else:
        count = math.prod(inputs[0].shape[1:3])
    check_average(inputs[0], outputs[0], count)


def _binary(operator: op.Binary, inputs: list[Tensor], outputs: list[Tensor]) -> None:
    alike(*inputs, *outputs)
    dtype = inputs[0].dtype
    if isinstance(operator, op.Divide):
        of_types(inputs, (DType.FLOAT32,))
    elif isinstance(operator, op.FloorDivide):
        of_types(inputs, INTEGERS)
        data = inputs[1].data
        demand(
            data is not None and bool((data != 0).all()),
            f"divisor {inputs[1].name!r} must be constant and nowhere 0",
        )
    elif isinstance(operator, op.Maximum | op.Minimum):
        same(inputs[0], inputs[1])
        same(inputs[0], outputs[0])
    elif isinstance(operator, op.SquaredDifference):
        _squared_difference(operator, inputs, outputs)
    elif dtype.quantised:
        scaled(*inputs, *outputs)
    else:
        of_types(inputs, (*INTEGERS, DType.FLOAT32))
    if not dtype.quantised:
        demand(
            operator.activation == op.Activation.NONE or dtype == DType.FLOAT32,
            f"activation must be none for {dtype}, not {operator.activation}",
        )


def _box_detection(operator: op.BoxDetection, inputs: list[Tensor], outputs: list[Tensor]) -> None:
    codes, _, anchors = inputs
    of_types(inputs, (DType.UINT8, DType.FLOAT32))
    of_types(outputs, (DType.FLOAT32,))
    # The kernel looks at the type of the codes alone.
    alike(codes, anchors)
    scaled(*(tensor for tensor in inputs if tensor.dtype.quantised))
    check_detection(operator, anchors)


def _equal(operator: op.Operator, inputs: list[Tensor], outputs: list[Tensor]) -> None:
    scaled(inputs[0], outputs[0])
    if isinstance(operator, op.AveragePool2d):
        demand(not operator.count_padding, "count_padding must be False, not True")
    same(inputs[0], outputs[0])


def _concat(operator: op.Operator, inputs: list[Tensor], outputs: list[Tensor]) -> None:
    alike(*inputs, *outputs)
    if outputs[0].dtype == DType.UINT8:
        # The only type whose kernel changes scales on the way.
        scaled(*inputs, *outputs)
        return
    for tensor in inputs:
        same(tensor, outputs[0])


def _all_scaled(operator: op.Operator, inputs: list[Tensor], outputs: list[Tensor]) -> None:
    alike(*inputs, *outputs)
    scaled(*inputs, *outputs)


def _function(operator: op.Operator, inputs: list[Tensor], outputs: list[Tensor]) -> None:
    alike(*inputs, *outputs)
    if inputs[0].dtype != DType.FLOAT32:
        scaled(*inputs, *outputs)


def _same_scale(operator: op.Operator, inputs: list[Tensor], outputs: list[Tensor]) -> None:
    scaled(inputs[0], outputs[0])
    same(inputs[0], outputs[0])


def _batch_norm(operator: op.Operator, inputs: list[Tensor], outputs: list[Tensor]) -> None:
    scaled(inputs[0], outputs[0])
    alike(inputs[0], outputs[0])
    of_types(inputs[1:], (DType.FLOAT32,))
    for tensor in inputs[1:]:
        demand(tensor.data is not None, f"tensor {tensor.name!r} must be constant")


def _indexed(operator: op.Operator, inputs: list[Tensor], outputs: list[Tensor]) -> None:
    values, indices = inputs
    same(values, outputs[0])
    of_types((indices,), INTEGERS)
    if indices.data is None or not indices.size:
        return
    if isinstance(operator, op.Gather):
        limits: Any = values.shape[operator.axis]
    else:
        limits = np.array(values.shape[: indices.shape[-1]])
    demand(
        bool(((indices.data >= 0) & (indices.data < limits)).all()),
        f"indices {indices.name!r} must lie within the values' shape {values.shape!r}",
    )


def _absolute(operator: op.Operator, inputs: list[Tensor], outputs: list[Tensor]) -> None:
    scaled(inputs[0], outputs[0])
    of_types((*inputs, *outputs), (DType.INT8,))


def _elu(operator: op.Elu, inputs: list[Tensor], outputs: list[Tensor]) -> None:
    _absolute(operator, inputs, outputs)
    demand(operator.alpha == 1, f"alpha must be 1, not {operator.alpha!r}")
    given, result = inputs[0].scale, outputs[0].scale
    # Beyond that numbers leave float32, or int32 before they are bounded.
    demand(
        min(given, result) >= 2.0**-100
        and max(given, result) <= 2.0**100
        and given <= 2.0**22 * result,
        f"scales must be in 2**-100 ... 2**100, the input's at most 2**22 times the result's, not "
        f"{given} and {result}",
    )


def _rescaled(operator: op.Operator, inputs: list[Tensor], outputs: list[Tensor]) -> None:
    scaled(inputs[0], outputs[0])
    if not isinstance(operator, op.Requantize):
        alike(inputs[0], outputs[0])
    if isinstance(operator, op.LeakyRelu | op.Elu | op.Softmax):
        number = operator.beta if isinstance(operator, op.Softmax) else operator.alpha
        demand(math.isfinite(number), f"attributes must be finite, not {number!r}")
    if isinstance(operator, op.Softmax):
        demand(operator.beta > 0, f"beta must be positive, not {operator.beta!r}")
    if isinstance(operator, op.Logistic | op.Tanh | op.Softmax):
        signed = outputs[0].dtype == DType.INT8
        scale, offset = (1 / 128, 128) if isinstance(operator, op.Tanh) else (1 / 256, 0)
        expected = (scale, offset - 128 if signed else offset)
        found = (outputs[0].scale, outputs[0].zero_point)
        demand(
            found == expected,
            f"the result must have scale {expected[0]} and zero point {expected[1]}, "
            f"not {found[0]} and {found[1]}",
        )


def _prelu(operator: op.Prelu, inputs: list[Tensor], outputs: list[Tensor]) -> None:
    _all_scaled(operator, inputs, outputs)
    demand(inputs[1].data is not None, f"slopes {inputs[1].name!r} must be constant")


def _squared_difference(
    operator: op.SquaredDifference, inputs: list[Tensor], outputs: list[Tensor]
) -> None:
    scaled(*inputs, *outputs)
    of_types(inputs, (DType.INT8,))
    demand(
        operator.activation == op.Activation.NONE,
        f"activation must be none, not {operator.activation}",
    )
    lowest = max(tensor.scale for tensor in inputs) ** 2 / (1 << 12)
    demand(
        outputs[0].scale > lowest,
        f"the result's scale must be above {lowest}, not {outputs[0].scale}: the kernel has no "
        "factor of 1 or more",
    )


def _sum_in_litert(operator: op.Sum, inputs: list[Tensor], outputs: list[Tensor]) -> None:
    _rescaled(operator, inputs, outputs)
    demand(
        inputs[0].dtype == DType.UINT8,
        f"tensor {inputs[0].name!r} must be of type uint8, not int8: the kernel takes the bytes of "
        f"an int8 sum for those of uint8; semantics {Semantics.TFLITE!s} has such sums",
    )


def _quantize(operator: op.Operator, inputs: list[Tensor], outputs: list[Tensor]) -> None:
    of_types(inputs, (DType.FLOAT32,))
    scaled(*outputs)


def _dequantize(operator: op.Operator, inputs: list[Tensor], outputs: list[Tensor]) -> None:
    scaled(*inputs)
    of_types(outputs, (DType.FLOAT32,))


def _cast(operator: op.Operator, inputs: list[Tensor], outputs: list[Tensor]) -> None:
    of_types((*inputs, *outputs), tuple(DType))


def _sqrt(operator: op.Operator, inputs: list[Tensor], outputs: list[Tensor]) -> None:
    of_types((*inputs, *outputs), (DType.FLOAT32,))


def _arg_max(operator: op.Operator, inputs: list[Tensor], outputs: list[Tensor]) -> None:
    of_types(inputs, (*BYTES, *INTEGERS, DType.FLOAT32))
    of_types(outputs, INTEGERS)


#: The first that fits counts: the narrower kinds stand before the wider ones.
_RULES: dict[type[op.Operator], Callable[[Any, list[Tensor], list[Tensor]], None]] = {
    op.Absolute: _absolute,
    op.AdaptiveAveragePool2d: _same_scale,
    op.ArgMax: _arg_max,
    op.BatchNorm2d: _batch_norm,
    op.Binary: _binary,
    op.BoxDetection: _box_detection,
    op.Cast: _cast,
    op.Concat: _concat,
    op.Conv2d: weighted,
    op.ConvTranspose2d: weighted,
    op.Dequantize: _dequantize,
    op.Gather: _indexed,
    op.GatherNd: _indexed,
    op.Linear: weighted,
    op.Pool2d: _equal,
    op.Prelu: _prelu,
    op.Quantize: _quantize,
    op.ReduceMax: _same_scale,
    op.ReduceMin: _same_scale,
    op.Reduction: _rescaled,
    op.Resize2d: _equal,
    op.Softmax: _rescaled,
    op.Sqrt: _sqrt,
    op.Unary: _rescaled,
}

#: The rules in which a runtime differs from these: they stand before.
_OWN_RULES: dict[
    Semantics, dict[type[op.Operator], Callable[[Any, list[Tensor], list[Tensor]], None]]
] = {
    **{
        semantics: {
            op.AveragePool2d: _same_scale,
            op.Clip: _same_scale,
            op.Conv2d: weighted_in_torch,
            op.ConvTranspose2d: weighted_in_torch,
            op.Linear: weighted_in_torch,
            op.Relu: _same_scale,
        }
        for semantics in (Semantics.QNNPACK, Semantics.FBGEMM, Semantics.ONEDNN, Semantics.X86)
    },
    Semantics.TFLITE: {op.Elu: _elu},
    Semantics.LITERT: {op.Elu: _elu, op.Sum: _sum_in_litert},
    Semantics.PT2E: {
        op.AdaptiveAveragePool2d: _average_in_programs,
        op.AveragePool2d: _average_in_programs,
        op.Clip: _same_scale,
        op.Concat: _all_scaled,
        op.Conv2d: weighted_in_programs,
        op.ConvTranspose2d: weighted_in_programs,
        op.Linear: weighted_in_programs,
        op.Mean: _average_in_programs,
        op.Relu: _same_scale,
    },
    Semantics.ONNXRUNTIME: {
        op.AveragePool2d: _all_scaled,
        op.Concat: _all_scaled,
        op.Conv2d: weighted_mixed,
        op.Linear: weighted_mixed,
        op.HardSwish: _function,
        op.Logistic: _function,
        op.Tanh: _function,
    },
}
