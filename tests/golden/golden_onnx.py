# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""ONNX Runtime as an oracle: graphs of one quantised operator."""

from types import ModuleType
from typing import Any

import numpy as np
from golden_layers import Layer
from numpy.typing import NDArray

from macaw.cli.runtimes import onnx_session


def _attributes(layer: Layer) -> dict[str, Any]:
    shape = layer.shape
    top, bottom, left, right = shape.padding
    return {
        "strides": list(shape.stride),
        "dilations": list(shape.dilation),
        "pads": [top, left, bottom, right],
        "group": shape.groups,
    }


def _run(onnx: ModuleType, runtime: ModuleType, node: Any, feeds: dict[str, Any]) -> NDArray[Any]:
    """The result of one node; everything but the input ``x`` is a constant of the graph."""
    helper, types = onnx.helper, onnx.TensorProto
    constants = [
        onnx.numpy_helper.from_array(np.asarray(value), name)
        for name, value in feeds.items()
        if name != "x"
    ]
    source = helper.np_dtype_to_tensor_dtype(feeds["x"].dtype)
    kinds = {"ConvInteger": types.INT32, "MatMulInteger": types.INT32}
    graph = helper.make_graph(
        [node],
        "layer",
        [helper.make_tensor_value_info("x", source, feeds["x"].shape)],
        [helper.make_tensor_value_info("y", kinds.get(node.op_type, source), None)],
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    options = runtime.SessionOptions()
    # At the second level sums are made exact, where the processor's are not.
    options.graph_optimization_level = runtime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    session = onnx_session(runtime, model.SerializeToString(), options)
    return session.run(None, {"x": feeds["x"]})[0]


def _operands(layer: Layer, inputs: NDArray[Any]) -> tuple[Any, Any, Any]:
    """The inputs, the weights and the weight zero points as the operator lays them out."""
    weight_zero_points = np.asarray(layer.weight_zero_points).astype(np.int8)
    if layer.shape is None:
        return inputs, np.ascontiguousarray(layer.weights.T), weight_zero_points
    weights = np.ascontiguousarray(layer.weights.transpose(0, 3, 1, 2))
    return np.ascontiguousarray(inputs.transpose(0, 3, 1, 2)), weights, weight_zero_points


def run_integer(
    onnx: ModuleType, runtime: ModuleType, layer: Layer, inputs: NDArray[Any], zero_point: int
) -> NDArray[np.int32]:
    """ConvInteger or MatMulInteger, without weight zero points: accumulators, channels last."""
    x, weights, _ = _operands(layer, inputs)
    feeds = {"x": x, "w": weights, "x_zero": np.array(zero_point, inputs.dtype)}
    kind = "MatMulInteger" if layer.shape is None else "ConvInteger"
    attributes = {} if layer.shape is None else _attributes(layer)
    node = onnx.helper.make_node(kind, ["x", "w", "x_zero"], ["y"], **attributes)
    result = _run(onnx, runtime, node, feeds)
    return result if layer.shape is None else result.transpose(0, 2, 3, 1)


def run_quantised(
    onnx: ModuleType,
    runtime: ModuleType,
    layer: Layer,
    inputs: NDArray[Any],
    zero_points: tuple[int, int],
    bias: NDArray[np.int32] | None,
) -> NDArray[Any]:
    """QLinearConv, or QLinearMatMul without the bias; ``zero_points`` of input and result."""
    x, weights, weight_zero = _operands(layer, inputs)
    feeds = {
        "x": x,
        "x_scale": np.float32(layer.input_scale),
        "x_zero": np.array(zero_points[0], inputs.dtype),
        "w": weights,
        "w_scale": np.asarray(layer.weight_scales, np.float32),
        "w_zero": weight_zero,
        "y_scale": np.float32(layer.output_scale),
        "y_zero": np.array(zero_points[1], inputs.dtype),
    }
    if layer.shape is None:
        node = onnx.helper.make_node("QLinearMatMul", list(feeds), ["y"])
        return _run(onnx, runtime, node, feeds)
    if bias is not None:
        feeds["b"] = bias
    node = onnx.helper.make_node("QLinearConv", list(feeds), ["y"], **_attributes(layer))
    return _run(onnx, runtime, node, feeds).transpose(0, 2, 3, 1)
