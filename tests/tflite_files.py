# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""TensorFlow Lite files, written value by value: as small, and as wrong, as a test wants them."""

import struct
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from macaw.nn.tflite.schema import (
    ACTIVATIONS,
    BUILTINS,
    IDENTIFIER,
    MODEL,
    OPERATOR,
    OPERATOR_CODE,
    OPTIONS,
    QUANTIZATION,
    SUBGRAPH,
    TENSOR,
    TYPES,
)

NUMBERS = {name: number for number, (name, _, _) in BUILTINS.items()} | {"CUSTOM": 32}


class Writer:
    """A flatbuffer in the making: tables are dicts from field numbers to values.

    A value is (format, number), an array, a string, a dict, or a list of dicts.
    """

    def __init__(self) -> None:
        self.bytes = bytearray()

    def file(self, root: dict[int, Any]) -> bytes:
        self.bytes += b"\0\0\0\0" + IDENTIFIER
        self._patch(0, self._table(root))
        return bytes(self.bytes)

    def _patch(self, place: int, target: int) -> None:
        struct.pack_into("<I", self.bytes, place, target - place)

    def _align(self, ahead: int = 0) -> None:
        while (len(self.bytes) + ahead) % 8:
            self.bytes += b"\0"

    def _table(self, fields: dict[int, Any]) -> int:
        count = max(fields, default=-1) + 1
        places, end = [0] * count, 4
        for number, value in fields.items():
            size = struct.calcsize(value[0]) if isinstance(value, tuple) else 4
            end = -(-end // size) * size
            places[number] = end
            end += size
        vtable = struct.pack(f"<HH{count}H", 4 + 2 * count, end, *places)
        self._align(len(vtable))
        start = len(self.bytes) + len(vtable)
        self.bytes += vtable + struct.pack("<i", len(vtable)) + bytes(end - 4)
        for number, value in fields.items():
            place = start + places[number]
            if isinstance(value, tuple):
                struct.pack_into(f"<{value[0]}", self.bytes, place, value[1])
            else:
                self._patch(place, self._child(value))
        return start

    def _child(self, value: Any) -> int:
        if isinstance(value, dict):
            return self._table(value)
        if isinstance(value, list):
            self._align()
            start = len(self.bytes)
            self.bytes += struct.pack("<I", len(value)) + bytes(4 * len(value))
            for index, table in enumerate(value):
                self._patch(start + 4 + 4 * index, self._table(table))
            return start
        data, count = value, len(value)
        if isinstance(value, str):
            data = value.encode() + b"\0"
            count = len(data) - 1
        self._align(4)
        start = len(self.bytes)
        self.bytes += struct.pack("<I", count)
        self.bytes += data if isinstance(value, str) else np.ascontiguousarray(data).tobytes()
        return start


@dataclass(kw_only=True)
class FileTensor:
    """A tensor of a file; ``data`` makes it a constant."""

    shape: tuple[int, ...]
    dtype: str = "int8"
    scale: Any = None
    zero_point: Any = 0
    axis: int = 0
    data: Any = None
    name: str | None = None
    extra: dict[int, Any] = field(default_factory=dict)


@dataclass(kw_only=True)
class FileOperator:
    """An operator of a file; ``options`` by name, those of `macaw.nn.tflite.schema`. One of the
    kind CUSTOM is called ``custom``, and its options are bytes."""

    kind: str
    inputs: list[int]
    outputs: list[int]
    options: Any = field(default_factory=dict)
    custom: str = ""
    version: int = 1
    extra: dict[int, Any] = field(default_factory=dict)
    code: dict[int, Any] = field(default_factory=dict)


def constant(values: Any, dtype: str = "int32", **attributes: Any) -> FileTensor:
    """A constant tensor."""
    data = np.asarray(values, dtype)
    return FileTensor(shape=data.shape, dtype=dtype, data=data, **attributes)


def write_file(
    tensors: list[FileTensor],
    operators: list[FileOperator],
    inputs: list[int],
    outputs: list[int],
    *,
    more: list[tuple[list[FileTensor], list[FileOperator]]] | None = None,
    version: int = 3,
) -> bytes:
    """The file of a graph, with ``more`` graphs behind it."""
    buffers: list[dict[int, Any]] = [{}]
    codes: list[dict[int, Any]] = []
    graphs = [_graph(tensors, operators, inputs, outputs, buffers, codes)]
    for other_tensors, other_operators in more or []:
        graphs.append(_graph(other_tensors, other_operators, [], [], buffers, codes))
    return Writer().file(
        {
            MODEL["version"]: ("I", version),
            MODEL["operator_codes"]: codes,
            MODEL["subgraphs"]: graphs,
            MODEL["buffers"]: buffers,
        }
    )


def _graph(
    tensors: list[FileTensor],
    operators: list[FileOperator],
    inputs: list[int],
    outputs: list[int],
    buffers: list[dict[int, Any]],
    codes: list[dict[int, Any]],
) -> dict[int, Any]:
    for operator in operators:
        number = NUMBERS[operator.kind]
        codes.append(
            {
                OPERATOR_CODE["deprecated_builtin_code"]: ("b", min(number, 127)),
                OPERATOR_CODE["version"]: ("i", operator.version),
                OPERATOR_CODE["builtin_code"]: ("i", number),
                **({OPERATOR_CODE["custom_code"]: operator.custom} if operator.custom else {}),
                **operator.code,
            }
        )
    first = len(codes) - len(operators)
    return {
        SUBGRAPH["tensors"]: [_tensor(tensor, i, buffers) for i, tensor in enumerate(tensors)],
        SUBGRAPH["inputs"]: np.array(inputs, np.int32),
        SUBGRAPH["outputs"]: np.array(outputs, np.int32),
        SUBGRAPH["operators"]: [_operator(each, first + i) for i, each in enumerate(operators)],
    }


def _tensor(tensor: FileTensor, index: int, buffers: list[dict[int, Any]]) -> dict[int, Any]:
    place = 0
    if tensor.data is not None:
        place = len(buffers)
        buffers.append({0: np.frombuffer(np.ascontiguousarray(tensor.data).tobytes(), np.uint8)})
    fields: dict[int, Any] = {
        TENSOR["shape"]: np.array(tensor.shape, np.int32),
        TENSOR["type"]: ("b", TYPES.index(tensor.dtype)),
        TENSOR["buffer"]: ("I", place),
        TENSOR["name"]: f"t{index}" if tensor.name is None else tensor.name,
    }
    if tensor.scale is not None:
        scales = np.atleast_1d(np.asarray(tensor.scale, np.float32))
        points = np.broadcast_to(np.asarray(tensor.zero_point, np.int64), scales.shape)
        fields[TENSOR["quantization"]] = {
            QUANTIZATION["scale"]: scales,
            QUANTIZATION["zero_point"]: points,
            QUANTIZATION["quantized_dimension"]: ("i", tensor.axis),
        }
    return fields | tensor.extra


def _operator(operator: FileOperator, code: int) -> dict[int, Any]:
    fields: dict[int, Any] = {
        OPERATOR["opcode_index"]: ("I", code),
        OPERATOR["inputs"]: np.array(operator.inputs, np.int32),
        OPERATOR["outputs"]: np.array(operator.outputs, np.int32),
    }
    if operator.custom:
        fields[OPERATOR["custom_options"]] = np.frombuffer(operator.options, np.uint8)
        return fields | operator.extra
    table = BUILTINS[NUMBERS[operator.kind]][2]
    if table is not None:
        number, layout = OPTIONS[table]
        options = {}
        for name, value in operator.options.items():
            place, kind, _ = layout[name]
            if name == "activation":
                value = ACTIVATIONS.index(value) if isinstance(value, str) else value
            if kind == "v":
                options[place] = np.array(value, np.int32)
            else:
                options[place] = value if kind == "s" else (kind, value)
        fields[OPERATOR["builtin_options_type"]] = ("B", number)
        fields[OPERATOR["builtin_options"]] = options
    return fields | operator.extra
