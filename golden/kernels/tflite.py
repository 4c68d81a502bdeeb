# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The operators as the reference kernels of TensorFlow Lite compute them."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from macaw.arch import Mode, Requantization
from macaw.golden import detection, elementwise, movement, pool, resize, tables
from macaw.golden.fixed_point import clamp_bytes, fixed_single_away
from macaw.golden.float32 import float32, wrap32
from macaw.golden.kernels.place import Arrays, Kernel, Place, affine
from macaw.golden.kernels.weighted import (
    conv2d_sums,
    conv_transpose2d_sums,
    linear_sums,
)
from macaw.golden.quantize import dequantize, tflite_quantize
from macaw.golden.requantize import requantize
from macaw.golden.softmax import softmax
from macaw.golden.tflite import float_bounds, tflite_requantization
from macaw.nn.graph import DType, Semantics
from macaw.nn.graph import operators as op

__all__ = ["KERNELS"]


def _conv2d(place: Place, inputs: Arrays) -> NDArray[Any]:
    return _requantized(place, conv2d_sums(place, inputs))


def _conv_transpose2d(place: Place, inputs: Arrays) -> NDArray[Any]:
    return _requantized(place, conv_transpose2d_sums(place, inputs))


def _linear(place: Place, inputs: Arrays) -> NDArray[Any]:
    return _requantized(place, linear_sums(place, inputs)).reshape(place.result.shape)


def requantization(place: Place) -> Requantization:
    """The parameters of an operator that sums: a convolution, a fully connected layer, a mean.

    ``ValueError`` for LiteRT's fully connected layers, which round once, half away from zero, and
    for means over windows that have padding.
    """
    if isinstance(place.operator, op.Mean | op.AveragePool2d):
        return _mean_parameters(place)
    if _rounds_once(place):
        raise ValueError(
            f"{place.result.name}: semantics must be {Semantics.TFLITE!s}, not "
            f"{Semantics.LITERT!s}: its fully connected layers round once, half away from zero, "
            "as no mode does"
        )
    return _parameters(place)


def _parameters(place: Place) -> Requantization:
    """Which multipliers are products of float32 numbers is a matter of the kernel."""
    weights = place.tensor(1).quantization
    assert weights is not None
    linear = isinstance(place.operator, op.Linear)
    per_tensor = len(weights.scale) == 1
    signed = place.result.dtype == DType.INT8
    return tflite_requantization(
        input_scale=place.tensor(0).scale,
        weight_scales=weights.scale[0] if per_tensor else weights.scale,
        output_scale=place.result.scale,
        bias=place.tensor(2).data if len(place.operator.inputs) > 2 else None,
        zero_point=place.result.zero_point,
        activation=place.operator.activation,
        signed=signed,
        out_channels=place.tensor(1).shape[0],
        mode=Mode.FIXED_DOUBLE_AWAY,
        float32_product=not _rounds_once(place) and per_tensor and (linear or not signed),
    )


def _mean_parameters(place: Place) -> Requantization:
    operator, given, result = place.operator, place.tensor(0), place.result
    signed = result.dtype == DType.INT8
    if isinstance(operator, op.Mean):
        count = math.prod(given.shape[axis] for axis in operator.axes)
        multiplier, shift = pool.mean_multiplier(count, given.scale / result.scale)
        limits = np.iinfo(place.dtype)
        zero_point, bounds = result.zero_point, (int(limits.min), int(limits.max))
    else:
        if any(operator.padding):
            raise ValueError(f"{result.name}: padding must be none, for divisors differ there")
        # Values are taken as they are stored.
        multiplier, shift = pool.average_multiplier(math.prod(operator.kernel), signed=signed)
        zero_point, bounds = 0, place.bounds
    channels = given.shape[-1]
    return Requantization(
        mode=Mode.FIXED_DOUBLE_AWAY,
        bias=(0,) * channels,
        multiplier=(multiplier,) * channels,
        shift=(shift,) * channels,
        zero_point=zero_point,
        minimum=bounds[0],
        maximum=bounds[1],
        signed=signed,
    )


def _rounds_once(place: Place) -> bool:
    return isinstance(place.operator, op.Linear) and place.graph.semantics == Semantics.LITERT


def _requantized(place: Place, sums: NDArray[np.int32]) -> NDArray[Any]:
    parameters = _parameters(place)
    if not _rounds_once(place):
        return requantize(sums, parameters)
    biased = wrap32(sums + np.array(parameters.bias, np.int32))
    scaled = fixed_single_away(biased, parameters.multiplier, parameters.shift)
    bounds = parameters.minimum, parameters.maximum
    return clamp_bytes(scaled + parameters.zero_point, place.dtype, bounds)


def _pool2d(place: Place, inputs: Arrays) -> NDArray[Any]:
    function = pool.max_pool2d
    if isinstance(place.operator, op.AveragePool2d):
        function = pool.average_pool2d
    operator = place.operator
    return function(
        inputs[0],
        kernel=operator.kernel,
        stride=operator.stride,
        padding=operator.padding,
        bounds=place.bounds,
    )


_BYTES = {
    op.Add: elementwise.add,
    op.SquaredDifference: elementwise.squared_difference,
    op.Subtract: elementwise.subtract,
    op.Multiply: elementwise.multiply,
}
_NUMBERS: dict[type[op.Operator], Any] = {
    op.Add: np.add,
    op.Subtract: np.subtract,
    op.Multiply: np.multiply,
    op.Divide: np.divide,
    op.FloorDivide: np.floor_divide,
    op.Maximum: np.maximum,
    op.Minimum: np.minimum,
}


def _binary(place: Place, inputs: Arrays) -> NDArray[Any]:
    kind = type(place.operator)
    if place.result.dtype.quantised and kind in _BYTES:
        return _BYTES[kind](
            inputs[0],
            inputs[1],
            operands=(affine(place.tensor(0)), affine(place.tensor(1))),
            result=affine(place.result),
            bounds=place.bounds,
        )
    with np.errstate(all="ignore"):
        result = _NUMBERS[kind](inputs[0], inputs[1])
    if place.result.dtype == DType.FLOAT32 and place.operator.activation != op.Activation.NONE:
        result = np.clip(result, *float_bounds(place.operator.activation))
    return np.asarray(result, place.dtype)


def _prelu(place: Place, inputs: Arrays) -> NDArray[Any]:
    return elementwise.prelu(
        inputs[0],
        inputs[1],
        operands=(affine(place.tensor(0)), affine(place.tensor(1))),
        result=affine(place.result),
    )


def _unary(place: Place, inputs: Arrays) -> NDArray[Any]:
    operator, values, scales = place.operator, inputs[0], place.scales
    match operator:
        case op.Requantize():
            return tables.requantize_bytes(values, dtype=place.dtype, **scales)
        case op.Absolute():
            return tables.absolute(values, **scales)
        case op.Elu():
            return tables.elu(values, **scales)
        case op.Logistic():
            return tables.logistic(values, **scales)
        case op.Tanh():
            return tables.tanh(values, **scales)
        case op.HardSwish():
            return tables.hard_swish(values, **scales)
        case op.LeakyRelu():
            return tables.leaky_relu(values, alpha=operator.alpha, **scales)
        case op.Relu():
            return tables.requantize_bytes(values, dtype=place.dtype, bounds=place.bounds, **scales)
    raise TypeError(f"operator must be one that golden knows, not {type(operator).__name__}")


def _reduction(place: Place, inputs: Arrays) -> NDArray[Any]:
    operator, values = place.operator, inputs[0]
    axes, keep = operator.axes, operator.keep_dimensions
    match operator:
        case op.Mean():
            return pool.mean(values, axes, keep_dimensions=keep, **place.scales)
        case op.Sum():
            return pool.sum_over(values, axes, keep_dimensions=keep, **place.scales)
        case op.ReduceMax():
            return np.asarray(values.max(axis=axes, keepdims=keep))
        case op.ReduceMin():
            return np.asarray(values.min(axis=axes, keepdims=keep))
    raise TypeError(f"operator must be one that golden knows, not {type(operator).__name__}")


def _concat(place: Place, inputs: Arrays) -> NDArray[Any]:
    if place.result.dtype == DType.UINT8:
        result = affine(place.result)
        inputs = [
            movement.rescale_for_concat(values, operand=affine(place.tensor(index)), result=result)
            for index, values in enumerate(inputs)
        ]
    return np.concatenate(inputs, axis=place.operator.axis)


def _resize(place: Place, inputs: Arrays) -> NDArray[Any]:
    operator = place.operator
    function = resize.resize_nearest
    if isinstance(operator, op.ResizeBilinear):
        function = resize.resize_bilinear
    return function(
        inputs[0],
        operator.size,
        align_corners=operator.align_corners,
        half_pixel_centers=operator.half_pixel_centers,
    )


def _quantize(place: Place, inputs: Arrays) -> NDArray[Any]:
    scale, zero_point = affine(place.result)
    return tflite_quantize(inputs[0], scale, zero_point, dtype=place.dtype)


def _dequantize(place: Place, inputs: Arrays) -> NDArray[Any]:
    return dequantize(inputs[0], *affine(place.tensor(0)))


def _softmax(place: Place, inputs: Arrays) -> NDArray[Any]:
    return softmax(inputs[0], scale=place.tensor(0).scale, beta=place.operator.beta)


def _box_detection(place: Place, inputs: Arrays) -> list[NDArray[Any]]:
    operator, count = place.operator, place.operator.detections
    codes, scores, anchors = (
        dequantize(values, *affine(place.tensor(index)))
        if values.dtype == np.uint8
        else float32(values)
        for index, values in enumerate(inputs)
    )
    boxes = detection.decode_boxes(codes[0], anchors, operator.scales)
    limits: dict[str, Any] = {
        "most": count,
        "score_threshold": operator.score_threshold,
        "overlap_threshold": operator.overlap_threshold,
    }
    # The background, if there is one, comes before the classes.
    given = scores[0, :, -operator.classes :]
    if operator.by_class:
        found = detection.best_boxes_by_class(
            boxes, given, most_of_class=operator.detections_per_class, **limits
        )
    else:
        found = detection.best_boxes(boxes, given, **limits)
    results = [np.zeros(shape, np.float32) for shape in ((1, count, 4), (1, count), (1, count))]
    for result, values in zip(results, (boxes[found[0]], found[1], found[2]), strict=True):
        result[0, : len(values)] = values
    return [*results, float32([len(found[0])])]


#: The narrower kinds stand before the wider ones.
KERNELS: dict[type[op.Operator], Kernel] = {
    op.Binary: _binary,
    op.BoxDetection: _box_detection,
    op.Concat: _concat,
    op.Conv2d: _conv2d,
    op.ConvTranspose2d: _conv_transpose2d,
    op.Dequantize: _dequantize,
    op.Linear: _linear,
    op.Pool2d: _pool2d,
    op.Prelu: _prelu,
    op.Quantize: _quantize,
    op.Reduction: _reduction,
    op.Resize2d: _resize,
    op.Softmax: _softmax,
    op.Unary: _unary,
}
