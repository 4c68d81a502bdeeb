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
from macaw.nn.graph import DType, QuantizedGraph, Semantics, Tensor
from macaw.nn.graph import operators as op

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


def evaluate(graph: QuantizedGraph, operator: op.Operator, inputs: Arrays) -> list[NDArray[Any]]:
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
    linear = isinstance(place.operator, op.Linear)
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
    if place.result.dtype == DType.FLOAT32 and place.operator.activation != op.Activation.NONE:
        result = np.clip(result, *float_bounds(place.operator.activation))
    return np.asarray(result, place.dtype)


def _unary(place: _Place, inputs: Arrays) -> NDArray[Any]:
    operator, values, scales = place.operator, inputs[0], place.scales
    match operator:
        case op.Requantize():
            return tables.requantize_bytes(values, dtype=place.dtype, **scales)
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
    if isinstance(operator, op.ResizeBilinear):
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
_KERNELS: dict[type[op.Operator], Callable[[_Place, Arrays], NDArray[Any] | list[NDArray[Any]]]] = {
    op.ArgMax: lambda place, inputs: np.asarray(
        inputs[0].argmax(axis=place.operator.axis), place.dtype
    ),
    op.Binary: _binary,
    op.Cast: lambda place, inputs: movement.cast(inputs[0], place.dtype),
    op.Concat: _concat,
    op.Conv2d: _conv2d,
    op.ConvTranspose2d: _conv_transpose2d,
    op.Dequantize: _dequantize,
    op.Gather: lambda place, inputs: movement.gather(inputs[0], inputs[1], place.operator.axis),
    op.GatherNd: lambda place, inputs: movement.gather_nd(inputs[0], inputs[1]),
    op.Linear: _linear,
    op.Mean: _mean,
    op.Pack: lambda place, inputs: np.stack(inputs, axis=place.operator.axis),
    op.Pad: lambda place, inputs: np.pad(
        inputs[0], place.operator.padding, constant_values=place.operator.value
    ),
    op.Pool2d: _pool2d,
    op.Quantize: _quantize,
    op.Reshape: lambda place, inputs: inputs[0].reshape(place.operator.shape),
    op.Resize2d: _resize,
    op.Slice: lambda place, inputs: movement.take_slice(
        inputs[0], place.operator.starts, place.operator.steps, place.operator.sizes
    ).reshape(place.result.shape),
    op.Softmax: _softmax,
    op.Split: _split,
    op.Sqrt: _sqrt,
    op.Transpose: lambda place, inputs: inputs[0].transpose(place.operator.permutation),
    op.Unary: _unary,
    op.Unpack: lambda place, inputs: list(np.moveaxis(inputs[0], place.operator.axis, 0)),
}
