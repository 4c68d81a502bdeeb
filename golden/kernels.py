# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Which golden function an operator of a graph is, and with which parameters."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from macaw.arch import Mode
from macaw.golden import elementwise, movement, pool, resize, tables
from macaw.golden.conv2d import accumulate_conv2d
from macaw.golden.conv_transpose2d import accumulate_conv_transpose2d
from macaw.golden.fixed_point import Affine, clamp_bytes, fixed_single_away
from macaw.golden.float32 import float32, wrap32
from macaw.golden.linear import accumulate_linear
from macaw.golden.quantize import dequantize, tflite_quantize
from macaw.golden.requantize import requantize
from macaw.golden.softmax import softmax
from macaw.golden.tflite import activation_bounds, float_bounds, tflite_requantization
from macaw.nn.graph import (
    Activation,
    Add,
    ArgMax,
    AveragePool2d,
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
    HardSwish,
    LeakyRelu,
    Linear,
    Logistic,
    Maximum,
    MaxPool2d,
    Mean,
    Minimum,
    Multiply,
    Operator,
    Pack,
    Pad,
    Pool2d,
    Quantize,
    QuantizedGraph,
    Relu,
    Requantize,
    Reshape,
    Resize2d,
    ResizeBilinear,
    Semantics,
    Slice,
    Softmax,
    Split,
    Sqrt,
    Subtract,
    Tanh,
    Tensor,
    Transpose,
    Unary,
    Unpack,
)

__all__ = ["evaluate"]

Arrays = Sequence[NDArray[Any]]


@dataclass(frozen=True, kw_only=True)
class _Place:
    """An operator in its graph."""

    graph: QuantizedGraph
    operator: Any

    def tensor(self, index: int) -> Tensor:
        return self.graph.tensors[self.operator.inputs[index]]

    @property
    def result(self) -> Tensor:
        return self.graph.tensors[self.operator.outputs[0]]

    @property
    def dtype(self) -> Any:
        """The result's type, as numpy has it."""
        return np.dtype(self.result.dtype.value)

    @property
    def scales(self) -> dict[str, Any]:
        """The scales of an operator with one operand."""
        return {"operand": _affine(self.tensor(0)), "result": _affine(self.result)}

    @property
    def bounds(self) -> tuple[int, int]:
        """The least and the greatest result, by the fused activation."""
        return activation_bounds(
            self.operator.activation,
            output_scale=self.result.scale,
            zero_point=self.result.zero_point,
            signed=self.result.dtype == DType.INT8,
        )


def _affine(tensor: Tensor) -> Affine:
    return Affine(tensor.scale, tensor.zero_point)


def evaluate(graph: QuantizedGraph, operator: Operator, inputs: Arrays) -> list[NDArray[Any]]:
    """The outputs of one operator of a verified graph."""
    place = _Place(graph=graph, operator=operator)
    for kind, kernel in _KERNELS.items():
        if isinstance(operator, kind):
            results = kernel(place, inputs)
            return results if isinstance(results, list) else [results]
    raise TypeError(f"operator must be one that golden knows, not {type(operator).__name__}")


def _weights_zero_point(tensor: Tensor) -> Any:
    assert tensor.quantization is not None
    points = tensor.quantization.zero_point
    return points[0] if len(points) == 1 else points


def _conv2d(place: _Place, inputs: Arrays) -> NDArray[Any]:
    sums = accumulate_conv2d(
        inputs[0],
        inputs[1],
        shape=place.graph.conv2d_shape(place.operator),
        input_zero_point=place.tensor(0).zero_point,
        weight_zero_point=_weights_zero_point(place.tensor(1)),
    )
    return _requantized(place, sums, inputs)


def _conv_transpose2d(place: _Place, inputs: Arrays) -> NDArray[Any]:
    sums = accumulate_conv_transpose2d(
        inputs[0],
        inputs[1],
        stride=place.operator.stride,
        offset=place.operator.offset,
        output_size=place.operator.output_size,
        input_zero_point=place.tensor(0).zero_point,
        weight_zero_point=_weights_zero_point(place.tensor(1)),
    )
    return _requantized(place, sums, inputs)


def _linear(place: _Place, inputs: Arrays) -> NDArray[Any]:
    sums = accumulate_linear(
        inputs[0].reshape(-1, inputs[1].shape[1]),
        inputs[1],
        input_zero_point=place.tensor(0).zero_point,
        weight_zero_point=_weights_zero_point(place.tensor(1)),
    )
    return _requantized(place, sums, inputs).reshape(place.result.shape)


def _requantized(place: _Place, sums: NDArray[np.int32], inputs: Arrays) -> NDArray[Any]:
    """Sums as results: the multipliers' rounding is that of the kernel and of the runtime."""
    weights = place.tensor(1).quantization
    assert weights is not None
    linear = isinstance(place.operator, Linear)
    once = linear and place.graph.semantics == Semantics.LITERT
    per_tensor = len(weights.scale) == 1
    signed = place.result.dtype == DType.INT8
    requantization = tflite_requantization(
        input_scale=place.tensor(0).scale,
        weight_scales=weights.scale[0] if per_tensor else weights.scale,
        output_scale=place.result.scale,
        bias=inputs[2] if len(inputs) > 2 else None,
        zero_point=place.result.zero_point,
        activation=place.operator.activation,
        signed=signed,
        out_channels=sums.shape[-1],
        mode=Mode.FIXED_DOUBLE_AWAY,
        float32_product=not once and per_tensor and (linear or not signed),
    )
    if not once:
        return requantize(sums, requantization)
    biased = wrap32(sums + np.array(requantization.bias, np.int32))
    scaled = fixed_single_away(biased, requantization.multiplier, requantization.shift)
    bounds = requantization.minimum, requantization.maximum
    return clamp_bytes(scaled + requantization.zero_point, place.dtype, bounds)


def _pool2d(place: _Place, inputs: Arrays) -> NDArray[Any]:
    function = pool.max_pool2d
    if isinstance(place.operator, AveragePool2d):
        function = pool.average_pool2d
    operator = place.operator
    return function(
        inputs[0],
        kernel=operator.kernel,
        stride=operator.stride,
        padding=operator.padding,
        bounds=place.bounds,
    )


_BYTES = {Add: elementwise.add, Subtract: elementwise.subtract, Multiply: elementwise.multiply}
_NUMBERS: dict[type[Operator], Any] = {
    Add: np.add,
    Subtract: np.subtract,
    Multiply: np.multiply,
    Divide: np.divide,
    FloorDivide: np.floor_divide,
    Maximum: np.maximum,
    Minimum: np.minimum,
}


def _binary(place: _Place, inputs: Arrays) -> NDArray[Any]:
    kind = type(place.operator)
    if place.result.dtype.quantised and kind in _BYTES:
        return _BYTES[kind](
            inputs[0],
            inputs[1],
            operands=(_affine(place.tensor(0)), _affine(place.tensor(1))),
            result=_affine(place.result),
            bounds=place.bounds,
        )
    with np.errstate(all="ignore"):
        result = _NUMBERS[kind](inputs[0], inputs[1])
    if place.result.dtype == DType.FLOAT32 and place.operator.activation != Activation.NONE:
        result = np.clip(result, *float_bounds(place.operator.activation))
    return np.asarray(result, place.dtype)


def _unary(place: _Place, inputs: Arrays) -> NDArray[Any]:
    operator, values, scales = place.operator, inputs[0], place.scales
    match operator:
        case Requantize():
            return tables.requantize_bytes(values, dtype=place.dtype, **scales)
        case Logistic():
            return tables.logistic(values, **scales)
        case Tanh():
            return tables.tanh(values, **scales)
        case HardSwish():
            return tables.hard_swish(values, **scales)
        case LeakyRelu():
            return tables.leaky_relu(values, alpha=operator.alpha, **scales)
        case Relu():
            return tables.requantize_bytes(values, dtype=place.dtype, bounds=place.bounds, **scales)
    raise TypeError(f"operator must be one that golden knows, not {type(operator).__name__}")


def _sqrt(place: _Place, inputs: Arrays) -> NDArray[Any]:
    with np.errstate(all="ignore"):
        return np.sqrt(float32(inputs[0]))


def _mean(place: _Place, inputs: Arrays) -> NDArray[Any]:
    operator = place.operator
    return pool.mean(
        inputs[0], operator.axes, keep_dimensions=operator.keep_dimensions, **place.scales
    )


def _concat(place: _Place, inputs: Arrays) -> NDArray[Any]:
    if place.result.dtype == DType.UINT8:
        result = _affine(place.result)
        inputs = [
            movement.rescale_for_concat(values, operand=_affine(place.tensor(index)), result=result)
            for index, values in enumerate(inputs)
        ]
    return np.concatenate(inputs, axis=place.operator.axis)


def _resize(place: _Place, inputs: Arrays) -> NDArray[Any]:
    operator = place.operator
    function = resize.resize_nearest
    if isinstance(operator, ResizeBilinear):
        function = resize.resize_bilinear
    return function(
        inputs[0],
        operator.size,
        align_corners=operator.align_corners,
        half_pixel_centers=operator.half_pixel_centers,
    )


def _quantize(place: _Place, inputs: Arrays) -> NDArray[Any]:
    scale, zero_point = _affine(place.result)
    return tflite_quantize(inputs[0], scale, zero_point, dtype=place.dtype)


def _dequantize(place: _Place, inputs: Arrays) -> NDArray[Any]:
    return dequantize(inputs[0], *_affine(place.tensor(0)))


def _softmax(place: _Place, inputs: Arrays) -> NDArray[Any]:
    return softmax(inputs[0], scale=place.tensor(0).scale, beta=place.operator.beta)


def _split(place: _Place, inputs: Arrays) -> list[NDArray[Any]]:
    places = np.cumsum(place.operator.sizes)[:-1]
    return list(np.split(inputs[0], places, axis=place.operator.axis))


#: The first that fits counts: the narrower kinds stand before the wider ones.
_KERNELS: dict[type[Operator], Callable[[_Place, Arrays], NDArray[Any] | list[NDArray[Any]]]] = {
    ArgMax: lambda place, inputs: np.asarray(
        inputs[0].argmax(axis=place.operator.axis), place.dtype
    ),
    Binary: _binary,
    Cast: lambda place, inputs: movement.cast(inputs[0], place.dtype),
    Concat: _concat,
    Conv2d: _conv2d,
    ConvTranspose2d: _conv_transpose2d,
    Dequantize: _dequantize,
    Gather: lambda place, inputs: movement.gather(inputs[0], inputs[1], place.operator.axis),
    GatherNd: lambda place, inputs: movement.gather_nd(inputs[0], inputs[1]),
    Linear: _linear,
    MaxPool2d: _pool2d,
    Mean: _mean,
    Pack: lambda place, inputs: np.stack(inputs, axis=place.operator.axis),
    Pad: lambda place, inputs: np.pad(
        inputs[0], place.operator.padding, constant_values=place.operator.value
    ),
    Pool2d: _pool2d,
    Quantize: _quantize,
    Reshape: lambda place, inputs: inputs[0].reshape(place.operator.shape),
    Resize2d: _resize,
    Slice: lambda place, inputs: movement.take_slice(
        inputs[0], place.operator.starts, place.operator.steps, place.operator.sizes
    ).reshape(place.result.shape),
    Softmax: _softmax,
    Split: _split,
    Sqrt: _sqrt,
    Transpose: lambda place, inputs: inputs[0].transpose(place.operator.permutation),
    Unary: _unary,
    Unpack: lambda place, inputs: list(np.moveaxis(inputs[0], place.operator.axis, 0)),
}
