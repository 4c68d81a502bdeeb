# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Convolutions and fully connected layers read from a TensorFlow Lite file."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from macaw.arch import Conv2dShape, fixed_multiplier
from macaw.golden import Activation, conv2d, linear, tflite_requantization
from macaw.golden.tflite import activation_bounds

_ACTIVATIONS = (Activation.NONE, Activation.RELU, Activation.RELU_N1_TO_1, Activation.RELU6)


@dataclass(frozen=True, kw_only=True)
class Tensor:
    """A tensor of the file: ``values`` where the file holds them."""

    index: int
    shape: tuple[int, ...]
    scales: NDArray[np.float32]
    zero_points: NDArray[np.int64]
    values: NDArray[Any] | None

    @property
    def scale_or_scales(self) -> Any:
        """A scalar for a tensor with one scale."""
        return self.scales[0] if len(self.scales) == 1 else self.scales

    @property
    def zero_point_or_points(self) -> Any:
        """A scalar for a tensor with one zero point."""
        return self.zero_points[0] if len(self.zero_points) == 1 else self.zero_points


@dataclass(frozen=True, kw_only=True)
class Operator:
    """One operator with its operands; ``options`` is the flatbuffer's table of its kind."""

    kind: str
    source: Tensor
    weights: Tensor
    bias: Tensor | None
    result: Tensor
    options: Any

    def run(self, source: NDArray[Any]) -> NDArray[Any]:
        """The golden model's result for ``source``."""
        weights = self.weights.values
        requantization = tflite_requantization(
            input_scale=self.source.scales[0],
            weight_scales=self.weights.scale_or_scales,
            output_scale=self.result.scales[0],
            bias=None if self.bias is None else self.bias.values,
            zero_point=self.result.zero_points[0],
            activation=_ACTIVATIONS[self.options.FusedActivationFunction()],
            signed=source.dtype == np.int8,
            out_channels=self.result.shape[-1],
            float32_product=self.kind == "FULLY_CONNECTED" or source.dtype == np.uint8,
        )
        parameters = {
            "input_zero_point": self.source.zero_points[0],
            "weight_zero_point": self.weights.zero_point_or_points,
            "requantization": requantization,
        }
        if self.kind == "FULLY_CONNECTED":
            return linear(source.reshape(-1, weights.shape[1]), weights, **parameters)
        if self.kind == "DEPTHWISE_CONV_2D":
            weights = weights.transpose(3, 1, 2, 0)
        return conv2d(source, weights, shape=self._shape(weights.shape), **parameters)

    def _shape(self, weights: tuple[int, ...]) -> Conv2dShape:
        _, height, width, channels = self.source.shape
        options = self.options
        stride = (options.StrideH(), options.StrideW())
        dilation = (options.DilationHFactor(), options.DilationWFactor())
        padding: tuple[int, ...] = (0, 0, 0, 0)
        if options.Padding() == 0:  # SAME
            padding = ()
            for axis, size in enumerate((height, width)):
                extent = (weights[1 + axis] - 1) * dilation[axis] + 1
                outputs = -(-size // stride[axis])
                total = max(0, (outputs - 1) * stride[axis] + extent - size)
                padding += (total // 2, total - total // 2)
        return Conv2dShape(
            height=height,
            width=width,
            in_channels=channels,
            out_channels=weights[0],
            kernel_height=weights[1],
            kernel_width=weights[2],
            stride=stride,
            dilation=dilation,
            padding=padding,
            groups=channels // weights[3],
        )


def read_operators(schema: ModuleType, path: Path) -> Iterator[Operator]:
    """The convolutions and fully connected layers of a file's first graph, 8-bit ones only."""
    model = schema.Model.GetRootAs(path.read_bytes(), 0)
    graph = model.Subgraphs(0)
    builtin = schema.BuiltinOperator
    kinds: Mapping[int, tuple[str, Any]] = {
        builtin.CONV_2D: ("CONV_2D", schema.Conv2DOptions),
        builtin.DEPTHWISE_CONV_2D: ("DEPTHWISE_CONV_2D", schema.DepthwiseConv2DOptions),
        builtin.FULLY_CONNECTED: ("FULLY_CONNECTED", schema.FullyConnectedOptions),
    }
    for index in range(graph.OperatorsLength()):
        operator = graph.Operators(index)
        code = model.OperatorCodes(operator.OpcodeIndex())
        known = kinds.get(max(code.BuiltinCode(), code.DeprecatedBuiltinCode()))
        operands = list(operator.InputsAsNumpy())
        if known is None or graph.Tensors(operands[1]).Type() not in (
            schema.TensorType.INT8,
            schema.TensorType.UINT8,
        ):
            continue
        kind, table = known
        options = table()
        options.Init(operator.BuiltinOptions().Bytes, operator.BuiltinOptions().Pos)
        has_bias = len(operands) > 2 and operands[2] >= 0
        yield Operator(
            kind=kind,
            source=_tensor(schema, model, graph, operands[0]),
            weights=_tensor(schema, model, graph, operands[1]),
            bias=_tensor(schema, model, graph, operands[2]) if has_bias else None,
            result=_tensor(schema, model, graph, operator.Outputs(0)),
            options=options,
        )


@dataclass(frozen=True, kw_only=True)
class Addition:
    """An 8-bit ADD. Its runtime may have written the result over one of the operands."""

    operands: tuple[Tensor, Tensor]
    result: Tensor
    activation: Activation

    def run(self, first: NDArray[Any], second: NDArray[Any]) -> NDArray[Any]:
        """The reference kernel's result: both operands at 20 fraction bits and one scale."""
        twice = 2 * max(float(tensor.scales[0]) for tensor in self.operands)
        total = np.int64(0)
        for tensor, values in zip(self.operands, (first, second), strict=True):
            shifted = (values.astype(np.int64) - tensor.zero_points[0]) << 20
            total = total + _fixed_double(shifted, float(tensor.scales[0]) / twice)
        scale = float(self.result.scales[0])
        zero_point = int(self.result.zero_points[0])
        low, high = activation_bounds(
            self.activation,
            output_scale=scale,
            zero_point=zero_point,
            signed=first.dtype == np.int8,
        )
        result = _fixed_double(total, twice / (scale * (1 << 20))) + zero_point
        return np.clip(result, low, high).astype(first.dtype)


def _fixed_double(values: NDArray[np.int64], real: float) -> NDArray[np.int64]:
    """``values`` times a real number below one, by gemmlowp's two roundings."""
    multiplier, shift = fixed_multiplier(real)
    high = (values * multiplier + (1 << 30)) >> 31
    if shift == 0:
        return high
    return (high + (1 << (-shift - 1)) - (high < 0)) >> -shift


def read_additions(schema: ModuleType, path: Path) -> Iterator[Addition]:
    """The 8-bit additions of two computed tensors in a file's first graph."""
    model = schema.Model.GetRootAs(path.read_bytes(), 0)
    graph = model.Subgraphs(0)
    for index in range(graph.OperatorsLength()):
        operator = graph.Operators(index)
        code = model.OperatorCodes(operator.OpcodeIndex())
        if max(code.BuiltinCode(), code.DeprecatedBuiltinCode()) != schema.BuiltinOperator.ADD:
            continue
        options = schema.AddOptions()
        options.Init(operator.BuiltinOptions().Bytes, operator.BuiltinOptions().Pos)
        first, second = (_tensor(schema, model, graph, operator.Inputs(n)) for n in range(2))
        yield Addition(
            operands=(first, second),
            result=_tensor(schema, model, graph, operator.Outputs(0)),
            activation=_ACTIVATIONS[options.FusedActivationFunction()],
        )


def _tensor(schema: ModuleType, model: Any, graph: Any, index: int) -> Tensor:
    tensor = graph.Tensors(index)
    shape = tuple(int(size) for size in tensor.ShapeAsNumpy())
    types = schema.TensorType
    dtypes = {types.INT8: np.int8, types.UINT8: np.uint8, types.INT32: np.int32}
    buffer = model.Buffers(tensor.Buffer())
    values = None
    if buffer.DataLength() and tensor.Type() in dtypes:
        values = buffer.DataAsNumpy().view(dtypes[tensor.Type()]).reshape(shape)
    quantization = tensor.Quantization()
    return Tensor(
        index=int(index),
        shape=shape,
        scales=np.asarray(quantization.ScaleAsNumpy(), np.float32),
        zero_points=np.asarray(quantization.ZeroPointAsNumpy(), np.int64),
        values=values,
    )
