# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""What an ONNX file holds, as plain records: nodes, constants, inputs and outputs.

Nothing is believed: sizes are compared with the data that are there, and what has no meaning
here ends in one sentence.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from macaw.nn.errors import ModelError

__all__ = ["FileInput", "FileNode", "OnnxFile", "read_file"]

#: The domains of operators: that of the standard, and that of ONNX Runtime's own.
_STANDARD = ("", "ai.onnx")
_DOMAINS = (*_STANDARD, "com.microsoft")

#: Of each type of tensors, by its number: numpy's name, and the field that holds its values
#: where they are not raw bytes.
_TYPES = {
    1: ("float32", "float_data"),
    2: ("uint8", "int32_data"),
    3: ("int8", "int32_data"),
    6: ("int32", "int32_data"),
    7: ("int64", "int64_data"),
    9: ("bool", "int32_data"),
}

_EXTERNAL = 1
_AXES = 8


@dataclass(frozen=True, kw_only=True)
class FileNode:
    """An operator: attributes are numbers, texts, tuples of numbers, or arrays."""

    kind: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class FileInput:
    """An input of the graph; a size of its shape that the file leaves open is None."""

    name: str
    dtype: str
    shape: tuple[int | None, ...]


@dataclass(frozen=True, kw_only=True)
class OnnxFile:
    """The graph of a file."""

    opset: int
    nodes: tuple[FileNode, ...]
    constants: dict[str, NDArray[Any]]
    inputs: tuple[FileInput, ...]
    outputs: tuple[str, ...]


def read_file(content: bytes) -> OnnxFile:
    """The graph of the file ``content``; `ModelError` for what is damaged or has no meaning here,
    and where the library that parses files is absent."""
    model = _parsed(content)
    graph = model.graph
    if not graph.node:
        raise ModelError("the file must hold an ONNX graph, but it has no operators")
    if graph.sparse_initializer:
        raise ModelError("sparse constants are not supported")
    if model.functions:
        raise ModelError("functions of the model's own are not supported")
    constants: dict[str, NDArray[Any]] = {}
    for tensor in graph.initializer:
        name = _text(tensor.name)
        if name in constants:
            raise ModelError(f"constant {name!r} must be defined once")
        constants[name] = array(tensor)
    return OnnxFile(
        opset=_opset(model),
        nodes=tuple(_node(node) for node in graph.node),
        constants=constants,
        inputs=tuple(_input(each) for each in graph.input if each.name not in constants),
        outputs=tuple(_text(each.name) for each in graph.output),
    )


def _parsed(content: bytes) -> Any:
    try:
        import onnx
    except ImportError:
        raise ModelError("ONNX files need the package onnx: pip install macaw[onnx]") from None
    model = onnx.ModelProto()
    try:
        model.ParseFromString(content)
    except Exception:
        # The error's class belongs to the library's library.
        raise ModelError("the file must be an ONNX file, but it cannot be parsed") from None
    return model


def _text(value: Any) -> str:
    """A name, which the library gives as bytes where it is no text."""
    if not isinstance(value, str):
        raise ModelError(f"names must be UTF-8, not {value!r}")
    return value


def _opset(model: Any) -> int:
    versions = [each.version for each in model.opset_import if each.domain in _STANDARD]
    if len(versions) != 1 or not 10 <= versions[0] <= 25:
        raise ModelError(f"the operator set's version must be in 10 ... 25, not {versions!r}")
    return int(versions[0])


def _node(node: Any) -> FileNode:
    if node.domain not in _DOMAINS:
        raise ModelError(f"operator {node.op_type!r} of the domain {node.domain!r} is not known")
    return FileNode(
        kind=_text(node.op_type),
        inputs=tuple(_text(name) for name in node.input),
        outputs=tuple(_text(name) for name in node.output),
        attributes={_text(each.name): _attribute(node, each) for each in node.attribute},
    )


def _attribute(node: Any, attribute: Any) -> Any:
    match attribute.type:
        case 1:
            return float(attribute.f)
        case 2:
            return int(attribute.i)
        case 3:
            return attribute.s.decode("utf-8", "replace")
        case 4:
            return array(attribute.t)
        case 6:
            return tuple(attribute.floats)
        case 7:
            return tuple(attribute.ints)
    raise ModelError(
        f"operator {node.op_type!r}: attribute {attribute.name!r} must be numbers, a text or a "
        "tensor"
    )


def _input(each: Any) -> FileInput:
    tensor = each.type.tensor_type
    if tensor.elem_type not in _TYPES:
        raise ModelError(
            f"input {each.name!r} must be float32, int8, uint8, int32, int64 or bool, "
            f"not type {tensor.elem_type}"
        )
    sizes = [
        size.dim_value if size.WhichOneof("value") == "dim_value" else None
        for size in tensor.shape.dim
    ]
    if not tensor.HasField("shape"):
        raise ModelError(f"input {each.name!r} must have a shape")
    return FileInput(name=_text(each.name), dtype=_TYPES[tensor.elem_type][0], shape=tuple(sizes))


def array(tensor: Any) -> NDArray[Any]:
    """The values of a constant tensor."""
    label = f"constant {tensor.name!r}"
    if tensor.data_location == _EXTERNAL:
        raise ModelError(f"{label} must be in the file itself, not in another one")
    if tensor.data_type not in _TYPES:
        raise ModelError(
            f"{label} must be float32, int8, uint8, int32, int64 or bool, "
            f"not type {tensor.data_type}"
        )
    shape = tuple(tensor.dims)
    if len(shape) > _AXES or any(size < 0 for size in shape):
        raise ModelError(f"{label} must have at most {_AXES} axes, none negative, not {shape!r}")
    name, field = _TYPES[tensor.data_type]
    dtype, count = np.dtype(name).newbyteorder("<"), math.prod(shape)
    raw = tensor.HasField("raw_data")
    values: Any = tensor.raw_data if raw else getattr(tensor, field)
    if len(values) != count * (dtype.itemsize if raw else 1):
        raise ModelError(f"{label} must hold {count} values of {name}, as its shape says")
    if raw:
        flat = np.frombuffer(values, dtype)
        # What is neither 0 nor 1 is no value of this type.
        flat = flat.view(np.uint8) != 0 if name == "bool" else flat
    elif field == "float_data":
        flat = np.array(values, np.float32)
    else:
        # A field of wider integers: what does not fit wraps.
        flat = np.array(values, np.int64)
        flat = flat != 0 if name == "bool" else flat.astype(name)
    return flat.reshape(shape).astype(name)
