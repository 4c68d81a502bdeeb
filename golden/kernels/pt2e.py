# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The operators as PyTorch's exported programs compute them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from macaw.arch import Requantization
from macaw.golden import pool, pt2e, resize, torch_pool
from macaw.golden.fixed_point import clamp_bytes
from macaw.golden.kernels.place import Arrays, Kernel, Place, affine
from macaw.golden.kernels.weighted import (
    conv2d_sums,
    conv_transpose2d_sums,
    linear_sums,
    requantized,
)
from macaw.golden.quantize import dequantize
from macaw.nn.graph import DType
from macaw.nn.graph import operators as op
from macaw.nn.graph.operators import Activation

__all__ = ["KERNELS", "requantization"]

_LIMITS = {
    Activation.NONE: (-np.inf, np.inf),
    Activation.RELU: (0.0, np.inf),
    Activation.RELU6: (0.0, 6.0),
    Activation.RELU_N1_TO_1: (-1.0, 1.0),
}


def requantization(place: Place) -> Requantization:
    """The parameters of an operator that sums: a convolution, a fully connected layer, a mean.

    ``ValueError`` for means that no mode describes: those of windows with different numbers of
    pixels, and with ties that one multiplication misses.
    """
    if isinstance(place.operator, op.Mean | op.AveragePool2d | op.AdaptiveAveragePool2d):
        return _average_parameters(place)
    weights = place.tensor(1)
    assert weights.quantization is not None
    scales = weights.quantization.scale
    return pt2e.requantization(
        input_scale=place.tensor(0).scale,
        weight_scales=scales if weights.quantization.axis is not None else scales[0],
        output_scale=place.result.scale,
        bias=place.tensor(2).data if len(place.operator.inputs) > 2 else None,
        zero_point=place.result.zero_point,
        bounds=_bounds(place),
        signed=place.result.dtype == DType.INT8,
        out_channels=weights.shape[0],
    )


def _bounds(place: Place) -> tuple[int, int]:
    """The least and the greatest result, by the fused activation."""
    low, high = _LIMITS[place.operator.activation]
    return pt2e.limits(low, high, affine(place.result), place.dtype)


def _average_parameters(place: Place) -> Requantization:
    operator, before, after = place.operator, place.tensor(0).shape, place.result.shape
    match operator:
        case op.Mean():
            alike, count = True, place.tensor(0).size // place.result.size
        case op.AveragePool2d():
            alike = operator.count_padding or not any(operator.padding)
            count = operator.kernel[0] * operator.kernel[1]
        case _:
            alike = before[1] % after[1] == before[2] % after[2] == 0
            count = before[1] * before[2] // (after[1] * after[2])
    if not alike:
        raise ValueError(f"{place.result.name}: windows must have one number of pixels")
    signed = place.result.dtype == DType.INT8
    try:
        return pt2e.average_requantization(count, channels=after[-1], signed=signed, **place.scales)
    except ValueError as error:
        raise ValueError(f"{place.result.name}: {error}") from None


def _binary(place: Place, inputs: Arrays) -> NDArray[Any]:
    return pt2e.binary(
        np.multiply if isinstance(place.operator, op.Multiply) else np.add,
        *inputs,
        operands=(affine(place.tensor(0)), affine(place.tensor(1))),
        result=affine(place.result),
        bounds=_bounds(place),
    )


def _concat(place: Place, inputs: Arrays) -> NDArray[Any]:
    unit = affine(place.result)
    parts = [
        pt2e.rescaled(each, operand=affine(place.tensor(index)), result=unit, dtype=place.dtype)
        for index, each in enumerate(inputs)
    ]
    return np.concatenate(parts, axis=place.operator.axis)


def _max_pool2d(place: Place, inputs: Arrays) -> NDArray[Any]:
    operator = place.operator
    return pool.max_pool2d(
        inputs[0], kernel=operator.kernel, stride=operator.stride, padding=operator.padding
    )


def _average_pool2d(place: Place, inputs: Arrays) -> NDArray[Any]:
    operator = place.operator
    sums, counts = torch_pool.window_sums(
        inputs[0],
        place.tensor(0).zero_point,
        kernel=operator.kernel,
        stride=operator.stride,
        padding=operator.padding,
    )
    if operator.count_padding:
        counts = np.full_like(counts, operator.kernel[0] * operator.kernel[1])
    return pt2e.average(sums, counts, dtype=place.dtype, **place.scales)


def _adaptive_average_pool2d(place: Place, inputs: Arrays) -> NDArray[Any]:
    zero_point = place.tensor(0).zero_point
    sums, counts = torch_pool.adaptive_sums(inputs[0], zero_point, place.operator.size)
    return pt2e.average(sums, counts, dtype=place.dtype, **place.scales)


def _mean(place: Place, inputs: Arrays) -> NDArray[Any]:
    operator = place.operator
    centred = inputs[0].astype(np.int32) - place.tensor(0).zero_point
    sums = centred.sum(axis=operator.axes, keepdims=operator.keep_dimensions, dtype=np.int32)
    count = centred.size // sums.size
    return pt2e.average(sums, count, dtype=place.dtype, **place.scales)


def _clip(place: Place, inputs: Arrays) -> NDArray[Any]:
    operator, unit = place.operator, affine(place.tensor(0))
    if isinstance(operator, op.Clip):
        bounds = pt2e.limits(operator.minimum, operator.maximum, unit, place.dtype)
    else:
        bounds = _bounds(place)
    return clamp_bytes(inputs[0], place.dtype, bounds)


#: The golden function of each operator that programs have.
KERNELS: dict[type[op.Operator], Kernel] = {
    op.AdaptiveAveragePool2d: _adaptive_average_pool2d,
    op.Add: _binary,
    op.AveragePool2d: _average_pool2d,
    op.Clip: _clip,
    op.Concat: _concat,
    op.Conv2d: requantized(conv2d_sums, requantization),
    op.ConvTranspose2d: requantized(conv_transpose2d_sums, requantization),
    op.Dequantize: lambda place, inputs: dequantize(inputs[0], *affine(place.tensor(0))),
    op.Linear: requantized(linear_sums, requantization),
    op.MaxPool2d: _max_pool2d,
    op.Mean: _mean,
    op.Multiply: _binary,
    op.Quantize: lambda place, inputs: pt2e.quantize(inputs[0], affine(place.result), place.dtype),
    op.Relu: _clip,
    op.Requantize: lambda place, inputs: pt2e.rescaled(
        inputs[0], dtype=place.dtype, **place.scales
    ),
    op.ResizeNearest: lambda place, inputs: resize.resize_nearest(inputs[0], place.operator.size),
}
