# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""ONNX files, written operator by operator, and ONNX Runtime's answer to them."""

import importlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from macaw.cli.runtimes import onnx_session

#: The operators that are ONNX Runtime's own.
OWN = {
    "QGemm", "QLinearAdd", "QLinearAveragePool", "QLinearConcat", "QLinearGlobalAveragePool",
    "QLinearLeakyRelu", "QLinearMul", "QLinearSigmoid",
}  # fmt: skip


class OnnxWriter:
    """A file in the making; each method gives the name of a tensor."""

    def __init__(self) -> None:
        self.onnx = importlib.import_module("onnx")
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self.inputs: list[Any] = []

    def _info(self, name: str, dtype: Any, shape: Any) -> Any:
        number = self.onnx.helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
        return self.onnx.helper.make_tensor_value_info(name, number, shape)

    def input(self, name: str, dtype: Any, shape: tuple[Any, ...]) -> str:
        self.inputs.append(self._info(name, dtype, shape))
        return name

    def constant(self, value: Any, name: str = "") -> str:
        name = name or f"constant{len(self.constants)}"
        self.constants.append(self.onnx.numpy_helper.from_array(np.asarray(value), name))
        return name

    def node(self, kind: str, inputs: list[Any], output: Any = "", **attributes: Any) -> str:
        """An operator; inputs that are no names are constants."""
        names = [each if isinstance(each, str) else self.constant(each) for each in inputs]
        outputs = output if isinstance(output, list) else [output or f"t{len(self.nodes)}"]
        domain = "com.microsoft" if kind in OWN else ""
        node = self.onnx.helper.make_node(kind, names, outputs, domain=domain, **attributes)
        self.nodes.append(node)
        return outputs[0]

    def quantize(self, x: str, scale: Any, zero_point: Any, output: str = "") -> str:
        return self.node("QuantizeLinear", [x, np.float32(scale), zero_point], output)

    def dequantize(self, x: Any, scale: Any, zero_point: Any, **attributes: Any) -> str:
        inputs = [x, np.float32(scale), zero_point]
        return self.node("DequantizeLinear", inputs, **attributes)

    def model(self, outputs: dict[str, Any], opset: int = 13) -> Any:
        """The file, with ``outputs`` by name with their types."""
        helper = self.onnx.helper
        graph = helper.make_graph(
            self.nodes,
            "graph",
            self.inputs,
            [self._info(name, dtype, None) for name, dtype in outputs.items()],
            self.constants,
        )
        versions = [helper.make_opsetid("", opset), helper.make_opsetid("com.microsoft", 1)]
        return helper.make_model(graph, opset_imports=versions, ir_version=8)

    def file(self, outputs: dict[str, Any], opset: int = 13) -> bytes:
        return bytes(self.model(outputs, opset).SerializeToString())


def _options(runtime: Any) -> Any:
    """What golden is equal to: the default level, and int8 as uint8 is treated."""
    options = runtime.SessionOptions()
    options.log_severity_level = 3
    # Threads that wait actively take the time of others.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.add_session_config_entry("session.qdqisint8allowed", "1")
    return options


def runtime_results(
    runtime: Any, content: bytes, inputs: list[NDArray[Any]]
) -> dict[str, NDArray[Any]]:
    """What ONNX Runtime computes, by name."""
    session = onnx_session(runtime, content, _options(runtime))
    names = [each.name for each in session.get_inputs()]
    results = session.run(None, dict(zip(names, inputs, strict=True)))
    return dict(zip([each.name for each in session.get_outputs()], results, strict=True))


def runtime_kinds(runtime: Any, content: bytes, folder: Any) -> list[str]:
    """The kinds of operators of the graph that ONNX Runtime makes of a file, those that do
    nothing for its outputs left out."""
    onnx = importlib.import_module("onnx")
    options = _options(runtime)
    # The next level changes layouts only.
    options.graph_optimization_level = runtime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.optimized_model_filepath = str(folder / "optimised.onnx")
    runtime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    graph = onnx.load(options.optimized_model_filepath).graph
    needed, kinds = {each.name for each in graph.output}, []
    for node in reversed(graph.node):
        if needed.intersection(node.output):
            needed.update(node.input)
            kinds.append(node.op_type)
    return kinds
