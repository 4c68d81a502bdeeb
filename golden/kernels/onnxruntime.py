# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The operators as ONNX Runtime's provider for CPUs computes them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from macaw.arch import Mode, RawSums, Requantization, float32_multiplier
from macaw.golden import onnxruntime_elementwise, onnxruntime_pool, onnxruntime_tables, pool
from macaw.golden.engines import onnxruntime_requantization
from macaw.golden.kernels.place import Arrays, Kernel, Place, affine
from macaw.golden.kernels.weighted import conv2d_sums, linear_sums, requantized
from macaw.golden.quantize import dequantize, onnxruntime_quantize
from macaw.golden.tflite import float_bounds
from macaw.nn.graph import DType
from macaw.nn.graph import operators as op

__all__ = ["KERNELS", "requantization"]


def requantization(place: Place) -> Requantization | RawSums:
    """The parameters of an operator that sums: a convolution, a fully connected layer, whose sums
    stay what they are where the result is int32, or a mean over an image.

    ``ValueError`` for means over windows, which are sums of float32 numbers.
    """
    if isinstance(place.operator, op.Mean):
        return _mean_parameters(place)
    if isinstance(place.operator, op.AveragePool2d):
        raise ValueError(f"{place.result.name}: a mean must be of an image, not of windows")
    if place.result.dtype == DType.INT32:
        return RawSums(bias=(0,) * place.tensor(1).shape[0])
    weights = place.tensor(1).quantization
    assert weights is not None
    per_tensor = len(weights.scale) == 1
    return onnxruntime_requantization(
        input_scale=place.tensor(0).scale,
        weight_scales=weights.scale[0] if per_tensor else weights.scale,
        output_scale=place.result.scale,
        bias=place.tensor(2).data if len(place.operator.inputs) > 2 else None,
        zero_point=place.result.zero_point,
        signed=place.result.dtype == DType.INT8,
        out_channels=place.tensor(1).shape[0],
    )


def _mean_parameters(place: Place) -> Requantization:
    _, height, width, channels = place.tensor(0).shape
    multiplier, shift = float32_multiplier(
        float(onnxruntime_pool.mean_factor(height * width, **place.scales))
    )
    limits = np.iinfo(place.dtype)
    return Requantization(
        mode=Mode.FLOAT32,
        bias=(0,) * channels,
        multiplier=(multiplier,) * channels,
        shift=(shift,) * channels,
        zero_point=place.result.zero_point,
        minimum=int(limits.min),
        maximum=int(limits.max),
        signed=place.result.dtype == DType.INT8,
    )


def _max_pool2d(place: Place, inputs: Arrays) -> NDArray[Any]:
    operator = place.operator
    return pool.max_pool2d(
        inputs[0], kernel=operator.kernel, stride=operator.stride, padding=operator.padding
    )


def _average_pool2d(place: Place, inputs: Arrays) -> NDArray[Any]:
    operator = place.operator
    return onnxruntime_pool.average_pool2d(
        inputs[0],
        kernel=operator.kernel,
        stride=operator.stride,
        padding=operator.padding,
        count_padding=operator.count_padding,
        **place.scales,
    )


def _binary(place: Place, inputs: Arrays) -> NDArray[Any]:
    function = onnxruntime_elementwise.add
    if isinstance(place.operator, op.Multiply):
        function = onnxruntime_elementwise.multiply
    operands = affine(place.tensor(0)), affine(place.tensor(1))
    return function(inputs[0], inputs[1], operands=operands, result=affine(place.result))


def _concat(place: Place, inputs: Arrays) -> NDArray[Any]:
    result = affine(place.result)
    pieces = [
        onnxruntime_tables.rescaled(values, operand=affine(place.tensor(index)), result=result)
        for index, values in enumerate(inputs)
    ]
    return np.concatenate(pieces, axis=place.operator.axis)


def _resize_nearest(place: Place, inputs: Arrays) -> NDArray[Any]:
    """At whole factors, the only ones that files are read with: each pixel is repeated."""
    (height, width), old = place.operator.size, inputs[0].shape[1:3]
    return inputs[0].repeat(height // old[0], axis=1).repeat(width // old[1], axis=2)


#: The functions of float32 and of integers.
_FUNCTIONS = {
    op.HardSwish: (onnxruntime_tables.hard_swish32, onnxruntime_tables.hard_swish),
    op.Logistic: (onnxruntime_tables.logistic32, onnxruntime_tables.logistic),
    op.Tanh: (onnxruntime_tables.tanh32, onnxruntime_tables.tanh),
}


def _function(place: Place, inputs: Arrays) -> NDArray[Any]:
    of_reals, of_integers = _FUNCTIONS[type(place.operator)]
    if place.result.dtype == DType.FLOAT32:
        return of_reals(inputs[0])
    return of_integers(inputs[0], **place.scales)


#: The narrower kinds stand before the wider ones.
KERNELS: dict[type[op.Operator], Kernel] = {
    op.Add: _binary,
    op.AveragePool2d: _average_pool2d,
    op.Concat: _concat,
    op.Conv2d: requantized(conv2d_sums, requantization),
    op.Dequantize: lambda place, inputs: dequantize(inputs[0], *affine(place.tensor(0))),
    op.HardSwish: _function,
    op.LeakyRelu: lambda place, inputs: onnxruntime_tables.leaky_relu(
        inputs[0], alpha=place.operator.alpha, **place.scales
    ),
    op.Linear: requantized(linear_sums, requantization),
    op.Logistic: _function,
    op.MaxPool2d: _max_pool2d,
    op.Maximum: lambda place, inputs: np.maximum(*inputs),
    op.Mean: lambda place, inputs: onnxruntime_pool.mean(inputs[0], **place.scales),
    op.Minimum: lambda place, inputs: np.minimum(*inputs),
    op.Multiply: _binary,
    op.Quantize: lambda place, inputs: onnxruntime_quantize(
        inputs[0], *affine(place.result), dtype=place.dtype
    ),
    op.Relu: lambda place, inputs: onnxruntime_tables.bounded(
        inputs[0], bounds=float_bounds(place.operator.activation), **place.scales
    ),
    op.Requantize: lambda place, inputs: onnxruntime_tables.rescaled(
        inputs[0], dtype=place.dtype, **place.scales
    ),
    op.ResizeNearest: _resize_nearest,
    op.Tanh: _function,
}
