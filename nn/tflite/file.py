# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""What a TensorFlow Lite file holds, as plain records: read and checked, but not yet understood."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from macaw.nn.errors import ModelError
from macaw.nn.tflite.flatbuffer import FileBytes, Table
from macaw.nn.tflite.flexbuffer import read_map
from macaw.nn.tflite.schema import (
    BUILTINS,
    CUSTOM,
    IDENTIFIER,
    MODEL,
    OPERATOR,
    OPERATOR_CODE,
    OPTIONS,
    QUANTIZATION,
    SUBGRAPH,
    TENSOR,
    TYPES,
    Buffer,
    Type,
)

__all__ = ["OperatorRecord", "SubgraphRecord", "TensorRecord", "read_file"]

_MOST = 1 << 16
_AXES = 8
_VALUES = 1 << 31
_CUSTOM = 32
_ITEM_TYPES = {
    Type.FLOAT32: np.float32,
    Type.INT32: np.int32,
    Type.UINT8: np.uint8,
    Type.INT64: np.int64,
    Type.BOOL: np.bool_,
    Type.INT8: np.int8,
}


@dataclass(frozen=True, kw_only=True)
class TensorRecord:
    """A tensor of a file. ``problem`` says why it cannot be used, in a sentence, or is empty."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    scales: NDArray[np.float32]
    zero_points: NDArray[np.int64]
    axis: int
    data: NDArray[Any] | None
    problem: str


@dataclass(frozen=True, kw_only=True)
class OperatorRecord:
    """An operator of a file: its name in the format, its attributes by name, and the indices of
    its tensors, -1 for one that is left out."""

    kind: str
    options: Mapping[str, Any]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class SubgraphRecord:
    """A graph of a file; ``inputs`` and ``outputs`` are indices of its tensors."""

    tensors: tuple[TensorRecord, ...]
    operators: tuple[OperatorRecord, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


def read_file(content: bytes) -> tuple[SubgraphRecord, ...]:
    """The graphs of the TensorFlow Lite file ``content``; the first is the one that is run.

    Raises `ModelError` for a file that is damaged, and for operators, versions and attributes
    that are not known.
    """
    model = FileBytes(content).root(IDENTIFIER)
    version = model.scalar(MODEL["version"], "I", 0)
    if version != 3:
        raise ModelError(f"version of the file must be 3, not {version}")
    codes = model.tables(MODEL["operator_codes"])
    buffers = model.tables(MODEL["buffers"])
    graphs = model.tables(MODEL["subgraphs"])
    _bounded("operator codes", codes)
    _bounded("buffers", buffers)
    _bounded("subgraphs", graphs)
    if not graphs:
        raise ModelError("the file must hold a graph")
    return tuple(_subgraph(graph, codes, buffers) for graph in graphs)


def _bounded(what: str, values: Any) -> None:
    if len(values) > _MOST:
        raise ModelError(f"the file must have at most {_MOST} {what}, not {len(values)}")


def _subgraph(table: Table, codes: list[Table], buffers: list[Table]) -> SubgraphRecord:
    tensors = table.tables(SUBGRAPH["tensors"])
    operators = table.tables(SUBGRAPH["operators"])
    _bounded("tensors", tensors)
    _bounded("operators", operators)
    count = len(tensors)
    inputs, outputs = (_indices(table, SUBGRAPH[key], key, count) for key in ("inputs", "outputs"))
    if -1 in (*inputs, *outputs):
        raise ModelError("inputs and outputs of a graph must be tensors")
    return SubgraphRecord(
        tensors=tuple(_tensor(tensor, buffers) for tensor in tensors),
        operators=tuple(
            _operator(operator, index, codes, count) for index, operator in enumerate(operators)
        ),
        inputs=inputs,
        outputs=outputs,
    )


def _indices(table: Table, field: int, what: str, count: int) -> tuple[int, ...]:
    """The vector of tensors' indices, of which there are ``count``; -1 stands for none."""
    values = table.vector(field, np.int32)
    if values is None:
        return ()
    _bounded(what, values)
    if len(values) and not (values.min() >= -1 and values.max() < count):
        raise ModelError(f"{what} must be indices of {count} tensors, not {values.tolist()}")
    return tuple(int(value) for value in values)


def _tensor(table: Table, buffers: list[Table]) -> TensorRecord:
    name = table.string(TENSOR["name"])
    sizes = table.vector(TENSOR["shape"], np.int32)
    shape = () if sizes is None else tuple(int(size) for size in sizes)
    number = table.scalar(TENSOR["type"], "b", 0)
    dtype = TYPES[number] if 0 <= number < len(TYPES) else f"number {number}"
    problem = ""
    if number not in _ITEM_TYPES:
        problem = f"type {dtype} is not supported"
    if any(size < 0 for size in shape):
        problem = f"shape must be fixed, not {shape!r}"
    if len(shape) > _AXES or math.prod(abs(size) or 1 for size in shape) >= _VALUES:
        problem = f"shape must have at most {_AXES} axes and less than 2**31 values"
    for field in ("sparsity", "variant_tensors", "external_buffer"):
        if TENSOR[field] in table.present():
            problem = f"{field} is not supported"
    if table.scalar(TENSOR["is_variable"], "?", False):
        problem = "is_variable is not supported"
    data = None
    if not problem:
        data = _data(table.scalar(TENSOR["buffer"], "I", 0), buffers, shape, Type(number), name)
    scales, zero_points, axis, details = _quantization(table)
    return TensorRecord(
        name=name,
        shape=shape,
        dtype=dtype,
        scales=scales,
        zero_points=zero_points,
        axis=axis,
        data=data,
        problem=problem or details,
    )


def _data(
    index: int, buffers: list[Table], shape: tuple[int, ...], kind: Type, name: str
) -> NDArray[Any] | None:
    """What a constant holds, as a view of the file; None for a tensor that is computed."""
    if index >= len(buffers):
        raise ModelError(f"tensor {name!r}: buffer must be one of {len(buffers)}, not {index}")
    buffer = buffers[index]
    if buffer.scalar(Buffer.OFFSET, "Q", 0) or buffer.scalar(Buffer.SIZE, "Q", 0):
        raise ModelError(f"tensor {name!r}: a buffer outside of the flatbuffer is not supported")
    values = buffer.vector(Buffer.DATA, np.uint8, free=True)
    if values is None or not len(values):
        return np.zeros(shape, _ITEM_TYPES[kind]) if 0 in shape else None
    item = np.dtype(_ITEM_TYPES[kind])
    if math.prod(shape) * item.itemsize != len(values):
        raise ModelError(
            f"tensor {name!r}: buffer must have {math.prod(shape) * item.itemsize} bytes "
            f"for {item} of shape {shape!r}, not {len(values)}"
        )
    return values.view(item.newbyteorder("<")).astype(item, copy=False).reshape(shape)


def _quantization(table: Table) -> tuple[NDArray[np.float32], NDArray[np.int64], int, str]:
    """Scales, zero points, their axis, and a sentence about what is not supported."""
    none = np.zeros(0, np.float32), np.zeros(0, np.int64)
    found = table.table(TENSOR["quantization"])
    if found is None:
        return *none, 0, ""
    scales = found.vector(QUANTIZATION["scale"], np.float32)
    zero_points = found.vector(QUANTIZATION["zero_point"], np.int64)
    axis = found.scalar(QUANTIZATION["quantized_dimension"], "i", 0)
    details = found.scalar(QUANTIZATION["details_type"], "B", 0)
    problem = f"quantisation of kind {details} is not supported" if details else ""
    if scales is None:
        return *none, axis, problem
    if zero_points is None:
        zero_points = np.zeros(len(scales), np.int64)
    return scales, zero_points, axis, problem


def _operator(table: Table, index: int, codes: list[Table], count: int) -> OperatorRecord:
    label = f"operator {index}"
    code_index = table.scalar(OPERATOR["opcode_index"], "I", 0)
    if code_index >= len(codes):
        raise ModelError(f"{label}: opcode must be one of {len(codes)}, not {code_index}")
    code = codes[code_index]
    # Files older than the second field have the number in the first one.
    number = max(
        code.scalar(OPERATOR_CODE["builtin_code"], "i", 0),
        code.scalar(OPERATOR_CODE["deprecated_builtin_code"], "b", 0),
    )
    if number == _CUSTOM:
        kind, newest = code.string(OPERATOR_CODE["custom_code"]), 1
        if kind not in CUSTOM:
            raise ModelError(f"{label}: the custom operator {kind!r} is not supported")
    elif number in BUILTINS:
        kind, newest, options = BUILTINS[number]
    else:
        raise ModelError(f"{label}: the operator with number {number} is not supported")
    label = f"{label}, {kind}"
    version = code.scalar(OPERATOR_CODE["version"], "i", 1)
    if not 1 <= version <= newest:
        raise ModelError(f"{label}: version must be in 1 ... {newest}, not {version}")
    return OperatorRecord(
        kind=kind,
        options=(
            _custom_options(table, kind, label)
            if number == _CUSTOM
            else _options(table, options, label)
        ),
        inputs=_indices(table, OPERATOR["inputs"], f"{label}: inputs", count),
        outputs=_indices(table, OPERATOR["outputs"], f"{label}: outputs", count),
    )


def _options(table: Table, expected: str | None, label: str) -> dict[str, Any]:
    """The attributes of an operator by name; refuses those that are not known."""
    for field in ("custom_options", "large_custom_options_offset", "builtin_options_2_type"):
        if OPERATOR[field] in table.present():
            raise ModelError(f"{label}: {field} is not supported")
    kind = table.scalar(OPERATOR["builtin_options_type"], "B", 0)
    found = table.table(OPERATOR["builtin_options"]) if kind else None
    if expected is None:
        # What such operators have are empty tables.
        return {}
    number, fields = OPTIONS[expected]
    if kind not in (0, number):
        raise ModelError(f"{label}: options must be {expected}, not number {kind}")
    values: dict[str, Any] = {}
    for name, (place, layout, default) in fields.items():
        if layout == "s":
            values[name] = "" if found is None else found.string(place)
        elif layout == "v":
            vector = None if found is None else found.vector(place, np.int32)
            values[name] = () if vector is None else tuple(int(value) for value in vector)
        else:
            values[name] = default if found is None else found.scalar(place, layout, default)
    if found is not None:
        unknown = set(found.present()) - {place for place, _, _ in fields.values()}
        if unknown:
            raise ModelError(f"{label}: the attribute with number {min(unknown)} is not supported")
    return values


def _custom_options(table: Table, kind: str, label: str) -> dict[str, Any]:
    """The attributes of a custom operator by name, each of its type; refuses those that are not
    known."""
    for field in ("builtin_options", "large_custom_options_offset", "builtin_options_2_type"):
        if OPERATOR[field] in table.present():
            raise ModelError(f"{label}: {field} is not supported")
    number = table.scalar(OPERATOR["custom_options_format"], "b", 0)
    if number != 0:
        raise ModelError(f"{label}: custom_options_format must be FLEXBUFFERS, not number {number}")
    content = table.vector(OPERATOR["custom_options"], np.uint8)
    try:
        found = read_map(b"" if content is None else content.tobytes())
    except ModelError as error:
        raise ModelError(f"{label}: custom_options: {error}") from None
    unknown = sorted(set(found) - set(CUSTOM[kind]))
    if unknown:
        raise ModelError(f"{label}: the attribute {unknown[0]!r} is not supported")
    return {
        name: _converted(name, found.get(name, default), wanted, label)
        for name, (wanted, default) in CUSTOM[kind].items()
    }


def _converted(name: str, value: Any, wanted: type[Any], label: str) -> Any:
    """A number as kernels take it: any for a float32, and integers for others."""
    if value is None:
        raise ModelError(f"{label}: the attribute {name!r} must be there")
    if wanted is float:
        with np.errstate(over="ignore"):
            return float(np.float32(value))
    if isinstance(value, float):
        raise ModelError(f"{label}: {name} must be an integer, not {value!r}")
    return wanted(value)
