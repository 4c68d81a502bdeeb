# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""TensorFlow Lite's kernels as an oracle: files with one layer, built and run."""

from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from macaw.arch import Conv2dShape, Mode, Requantization
from macaw.golden import (
    Activation,
    accumulate_conv2d,
    accumulate_linear,
    requantize,
    tflite_requantization,
)

#: One rounding, half away from zero: LiteRT's reference kernel of fully connected layers. It
#: differs from golden's ``fixed_single`` at negative ties, and golden has no such mode.
SINGLE_AWAY = "single rounding, half away"
Recipe = Mode | str

KINDS = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")


@dataclass(frozen=True, kw_only=True)
class LiteLayer:
    """An int8 layer with VALID padding: scales as float32, ``bias`` as int32.

    ``weights`` is [out, height, width, in / groups], or [out, in] of a fully connected layer.
    """

    label: str
    kind: str
    inputs: NDArray[np.int8]
    weights: NDArray[np.int8]
    bias: NDArray[np.int32]
    stride: tuple[int, int]
    input_scale: np.float32
    weight_scales: NDArray[np.float32]
    output_scale: np.float32
    input_zero_point: int
    output_zero_point: int
    activation: Activation

    @property
    def shape(self) -> Conv2dShape:
        """The shape of a convolution."""
        _, height, width, channels = self.inputs.shape
        return Conv2dShape(
            height=height,
            width=width,
            in_channels=channels,
            out_channels=len(self.weights),
            kernel_height=self.weights.shape[1],
            kernel_width=self.weights.shape[2],
            stride=self.stride,
            groups=channels // self.weights.shape[3],
        )

    def accumulators(self) -> NDArray[np.int32]:
        """The golden accumulators."""
        zero_point = {"input_zero_point": self.input_zero_point}
        if self.kind == "FULLY_CONNECTED":
            return accumulate_linear(self.inputs, self.weights, **zero_point)
        return accumulate_conv2d(self.inputs, self.weights, shape=self.shape, **zero_point)

    def requantization(self, mode: Mode, *, float32_product: bool) -> Requantization:
        """The parameters with which one of TensorFlow Lite's kernels computes."""
        connected = self.kind == "FULLY_CONNECTED"
        return tflite_requantization(
            input_scale=self.input_scale,
            weight_scales=self.weight_scales[0] if connected else self.weight_scales,
            output_scale=self.output_scale,
            bias=self.bias,
            zero_point=self.output_zero_point,
            activation=self.activation,
            mode=mode,
            float32_product=float32_product,
        )

    def golden(
        self, recipe: Recipe, accumulators: NDArray[np.int32], *, float32_product: bool
    ) -> NDArray[np.int8]:
        """The result of a mode of golden's, or of `SINGLE_AWAY`."""
        if recipe != SINGLE_AWAY:
            mode = Mode(recipe)
            return requantize(
                accumulators, self.requantization(mode, float32_product=float32_product)
            )
        ours = self.requantization(Mode.FIXED_SINGLE, float32_product=float32_product)
        biased = (accumulators + np.array(ours.bias, np.int32)).astype(np.int64)
        products = biased * np.array(ours.multiplier)
        shift = 31 - np.array(ours.shift)
        rounded = np.sign(products) * ((np.abs(products) + (1 << (shift - 1))) >> shift)
        return np.clip(rounded + ours.zero_point, ours.minimum, ours.maximum).astype(np.int8)


def make_lite_layer(seed: int, index: int, outputs: int) -> LiteLayer:
    """Layer ``index`` of the sequence ``seed``: the kinds in turn, with about ``outputs``
    results.

    A third of the layers have multipliers that are powers of two, so exact ties; in a third the
    bias is about 2**30 in a quarter of the channels; the multipliers span 2**-34 ... 2**-3.
    In the last third they are powers of two by a rounding to float32 alone.
    """
    rng = np.random.default_rng([seed, index])
    kind, special = KINDS[index % 3], index // 3 % 3
    channels, stride = int(rng.integers(2, 33)), (1, 1)
    if kind == "FULLY_CONNECTED":
        taps = int(rng.integers(1, 257))
        shape: tuple[int, ...] = (max(1, outputs // channels), taps)
        weights_shape: tuple[int, ...] = (channels, taps)
    else:
        stride = (int(rng.integers(1, 3)),) * 2
        kernel = tuple(int(k) for k in rng.integers(1, 5, 2))
        if kind == "CONV_2D":
            in_channels = group = int(rng.integers(1, 33))
        else:
            in_channels, group = channels, 1
            channels *= int(rng.integers(1, 3))
        side = max(1, int(np.sqrt(outputs / channels)))
        sizes = [(side - 1) * step + k for step, k in zip(stride, kernel, strict=True)]
        shape = (1, *sizes, in_channels)
        weights_shape = (channels, *kernel, group)
        taps = kernel[0] * kernel[1] * group
    count = 1 if kind == "FULLY_CONNECTED" else channels
    deviation = 3000 * np.sqrt(taps)
    multiplier = rng.uniform(0.3, 2, count) * 60 / deviation
    input_scale, output_scale = rng.uniform(0.01, 0.1, 2).astype(np.float32)
    bias = rng.normal(0, 30, channels) / np.mean(multiplier)
    if special == 0:
        input_scale, output_scale = np.exp2(rng.integers(-8, 0, 2)).astype(np.float32)
        multiplier = np.exp2(np.round(np.log2(multiplier)))
    if special == 2:
        big = rng.random(channels) < 0.25
        bias = np.where(big, rng.choice([-1, 1], channels) * (1 << 30), bias)
        if count > 1:
            multiplier = np.where(big, np.exp2(-rng.uniform(22, 34, count)), multiplier)
    weight_scales = (multiplier * output_scale / input_scale).astype(np.float32)
    if special == 1:
        # With the product of the scales in float32 ties are exact, with the exact product none.
        powers = np.round(np.log2(multiplier))
        weight_scales = weight_scales[0] * np.exp2(powers - powers[0]).astype(np.float32)
        output_scale = input_scale * weight_scales[0] * np.exp2(-powers[0]).astype(np.float32)
    return LiteLayer(
        label=f"layer {index}, {kind}",
        kind=kind,
        inputs=rng.integers(-128, 128, shape).astype(np.int8),
        weights=rng.integers(-127, 128, weights_shape).astype(np.int8),
        bias=np.round(bias).astype(np.int32),
        stride=stride,
        input_scale=input_scale,
        weight_scales=weight_scales,
        output_scale=output_scale,
        input_zero_point=int(rng.integers(-128, 128)),
        output_zero_point=int(rng.integers(-128, 128)),
        activation=Activation(rng.choice(list(Activation))),
    )


def build_model(schema: ModuleType, flatbuffers: ModuleType, layer: LiteLayer) -> bytes:
    """The file of a layer. Tensors: 0 input, 1 weights, 2 bias, 3 result."""
    connected = layer.kind == "FULLY_CONNECTED"
    weights = layer.weights
    if layer.kind == "DEPTHWISE_CONV_2D":
        weights = np.ascontiguousarray(weights.transpose(3, 1, 2, 0))
    axis = 3 if layer.kind == "DEPTHWISE_CONV_2D" else 0
    result = (len(layer.inputs), len(layer.weights))
    if not connected:
        shape = layer.shape
        result = (1, shape.output_height, shape.output_width, shape.out_channels)

    model = schema.ModelT()
    model.version = 3
    model.buffers = [schema.BufferT()]
    graph = schema.SubGraphT()
    graph.tensors = []
    types = schema.TensorType

    def tensor(shape: Any, kind: int, scales: Any, zero_point: int, data: Any = None) -> None:
        item = schema.TensorT()
        item.shape, item.type, item.buffer = list(shape), kind, 0
        item.name = f"tensor{len(graph.tensors)}".encode()
        if data is not None:
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(data.tobytes(), np.uint8)
            model.buffers.append(buffer)
            item.buffer = len(model.buffers) - 1
        scales = np.atleast_1d(scales).astype(np.float32)
        item.quantization = schema.QuantizationParametersT()
        item.quantization.scale = scales
        item.quantization.zeroPoint = np.full(len(scales), zero_point, np.int64)
        if len(scales) > 1 and data is weights:
            item.quantization.quantizedDimension = axis
        graph.tensors.append(item)

    bias_scales = layer.input_scale * layer.weight_scales
    tensor(layer.inputs.shape, types.INT8, layer.input_scale, layer.input_zero_point)
    tensor(weights.shape, types.INT8, layer.weight_scales, 0, weights)
    tensor(layer.bias.shape, types.INT32, bias_scales, 0, layer.bias)
    tensor(result, types.INT8, layer.output_scale, layer.output_zero_point)

    operator = schema.OperatorT()
    operator.inputs, operator.outputs, operator.opcodeIndex = [0, 1, 2], [3], 0
    names = {
        "CONV_2D": "Conv2DOptions",
        "DEPTHWISE_CONV_2D": "DepthwiseConv2DOptions",
        "FULLY_CONNECTED": "FullyConnectedOptions",
    }
    options = getattr(schema, names[layer.kind] + "T")()
    options.fusedActivationFunction = {
        Activation.NONE: 0,
        Activation.RELU: 1,
        Activation.RELU_N1_TO_1: 2,
        Activation.RELU6: 3,
    }[layer.activation]
    if not connected:
        options.strideH, options.strideW = layer.stride
        options.dilationHFactor = options.dilationWFactor = 1
        options.padding = schema.Padding.VALID
    if layer.kind == "DEPTHWISE_CONV_2D":
        options.depthMultiplier = shape.out_channels // shape.in_channels
    operator.builtinOptionsType = getattr(schema.BuiltinOptions, names[layer.kind])
    operator.builtinOptions = options
    graph.operators, graph.inputs, graph.outputs = [operator], [0], [3]
    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = getattr(schema.BuiltinOperator, layer.kind)
    code.version = 5 if layer.kind != "FULLY_CONNECTED" else 4
    model.operatorCodes, model.subgraphs = [code], [graph]
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def run_model(interpreter: ModuleType, content: bytes, resolver: str, inputs: Any) -> Any:
    """The result of the kernels that an ``OpResolverType`` names."""
    runtime = interpreter.Interpreter(
        model_content=content,
        experimental_op_resolver_type=interpreter.OpResolverType[resolver],
        num_threads=1,
    )
    runtime.allocate_tensors()
    runtime.set_tensor(runtime.get_input_details()[0]["index"], inputs)
    runtime.invoke()
    return runtime.get_tensor(runtime.get_output_details()[0]["index"]).copy()
