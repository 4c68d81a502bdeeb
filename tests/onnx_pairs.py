# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Graphs of TensorFlow Lite as ONNX files of pairs: the same weights, scales and zero points."""

from typing import Any

import numpy as np
from onnx_files import OnnxWriter

from macaw.nn.graph import QuantizedGraph, Tensor
from macaw.nn.graph import operators as op

_ACTIVATIONS: dict[op.Activation, tuple[str, list[Any]]] = {
    op.Activation.RELU: ("Relu", []),
    op.Activation.RELU6: ("Clip", [np.float32(0), np.float32(6)]),
}


class _Pairs:
    """Writes each result with a pair behind it; images are [batch, channels, height, width]."""

    def __init__(self, graph: QuantizedGraph) -> None:
        self.graph, self.file = graph, OnnxWriter()
        # The dequantised name of each tensor, and the names of the quantised ones.
        self.real: dict[str, str] = {}
        self.written: dict[str, Any] = {}

    def _tensor(self, name: str) -> Tensor:
        return self.graph.tensors[name]

    def _meaning(self, tensor: Tensor) -> tuple[Any, Any]:
        dtype = np.dtype(tensor.dtype.value).type
        return np.float32(tensor.scale), dtype(tensor.zero_point)

    def pair(self, real: str, tensor: Tensor) -> None:
        meaning = self._meaning(tensor)
        quantised = self.file.quantize(real, *meaning)
        self.written[quantised] = type(meaning[1])
        self.real[tensor.name] = self.file.dequantize(quantised, *meaning)

    def _weighted(self, operator: Any, axes: tuple[int, ...]) -> list[str]:
        """The image, the weights with a scale for each of their first axis, and the bias, whose
        scales are those of the products."""
        image, weights, bias = (self._tensor(each) for each in operator.inputs)
        scales = np.array(weights.quantization.scale, np.float32)
        scales = np.broadcast_to(scales, weights.shape[:1]).copy()
        points = np.zeros(len(scales), np.int8)
        kernels = [np.transpose(weights.data, axes), scales, points]
        sums = [bias.data, np.float32(image.scale) * scales]
        return [
            self.real[image.name],
            self.file.node("DequantizeLinear", kernels, axis=0),
            self.file.node("DequantizeLinear", sums, axis=0),
        ]

    def _active(self, name: str, operator: Any) -> str:
        if operator.activation == op.Activation.NONE:
            return name
        kind, bounds = _ACTIVATIONS[operator.activation]
        return self.file.node(kind, [name, *bounds])

    def step(self, operator: op.Operator) -> None:
        node, real = self.file.node, self.real
        match operator:
            case op.Conv2d():
                top, bottom, left, right = operator.padding
                name = node(
                    "Conv", self._weighted(operator, (0, 3, 1, 2)), strides=operator.stride,
                    dilations=operator.dilation, pads=[top, left, bottom, right],
                    group=operator.groups,
                )  # fmt: skip
                name = self._active(name, operator)
            case op.Add():
                name = self._active(node("Add", [real[each] for each in operator.inputs]), operator)
            case op.AveragePool2d():
                name = node("AveragePool", [real[operator.inputs[0]]],
                            kernel_shape=operator.kernel, strides=operator.stride)  # fmt: skip
            case op.Reshape():
                # Of one pixel: its channels stand in the same order in both forms.
                assert self._tensor(operator.inputs[0]).shape[1:3] == (1, 1)
                name = node("Reshape", [real[operator.inputs[0]], np.array(operator.shape)])
            case op.Linear():
                operands = self._weighted(operator, (0, 1))
                name = self._active(node("Gemm", operands, transB=1), operator)
            case _:
                raise ValueError(f"{type(operator).__name__} must be one of those that are written")
        self.pair(name, self._tensor(operator.outputs[0]))


def pairs_of(graph: QuantizedGraph) -> bytes:
    """The file of a network up to its softmax; its input is float32, and every quantised tensor
    an output."""
    pairs = _Pairs(graph)
    batch, height, width, channels = graph.tensors[graph.inputs[0]].shape
    pairs.file.input("x", np.float32, (batch, channels, height, width))
    pairs.pair("x", graph.tensors[graph.inputs[0]])
    for operator in graph.operators:
        if not isinstance(operator, op.Softmax):
            pairs.step(operator)
    return pairs.file.file(pairs.written)
