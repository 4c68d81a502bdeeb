# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The importer of ONNX files: from operators of integers, or pairs around operators of real
numbers, to a quantised graph with ONNX Runtime's bits.

Operators stay in the order of the file. The names of tensors are those of the file; an image of
which there are two layouts has its second one behind ``#nhwc`` or ``#nchw``. Inputs and outputs
are in the file's own layout; a batch whose size the file leaves open is 1.
"""

from collections.abc import Callable

from macaw.nn.errors import ModelError
from macaw.nn.graph import QuantizedGraph
from macaw.nn.onnx.builder import Builder
from macaw.nn.onnx.file import FileNode, read_file
from macaw.nn.onnx.fold import folded
from macaw.nn.onnx.movement import MOVEMENT
from macaw.nn.onnx.operators import OPERATORS
from macaw.nn.onnx.real import dequantize_linear, quantize_linear
from macaw.nn.onnx.site import Site
from macaw.nn.onnx.weighted import WEIGHTED
from macaw.nn.verify import verify

__all__ = ["from_onnx"]

_CONVERTERS: dict[str, Callable[[Site], None]] = {
    **MOVEMENT,
    **OPERATORS,
    **WEIGHTED,
    "DequantizeLinear": dequantize_linear,
    "QuantizeLinear": quantize_linear,
}


def from_onnx(content: bytes, *, name: str = "model") -> QuantizedGraph:
    """The graph of the ONNX file ``content``, verified.

    Raises `ModelError` for a damaged file, for what is not supported, and where the package onnx
    is absent, which parses the file.
    """
    file = read_file(content)
    builder = Builder(file)
    for index, node in enumerate(file.nodes):
        try:
            _add(builder, node)
        except ModelError as error:
            label = f"operator {index}, {node.kind!r} to {', '.join(node.outputs)!r}"
            raise ModelError(f"{label}: {error}") from None
    return verify(builder.graph(name))


def _add(builder: Builder, node: FileNode) -> None:
    site = Site(builder=builder, node=node)
    constant = folded(site)
    if constant is not None:
        builder.define(site.label, builder.constant(site.label, constant))
        return
    converter = _CONVERTERS.get(node.kind)
    if converter is None:
        raise ModelError("the operator is not supported")
    converter(site)
