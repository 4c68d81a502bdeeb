# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""A quantised graph as a file of Macaw's own, which needs nothing but numpy to be read.

It is a mark, a version, the length of a header, the header, the bytes of the constants one behind
the other in the order of the header, and a CRC-32 of all that; numbers have four bytes, and
everything is little-endian. The header is JSON: names, tensors, operators by the names of their
classes and fields, states.
"""

import json
import math
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from enum import StrEnum
from os import PathLike
from pathlib import Path
from reprlib import repr as short
from types import UnionType
from typing import Any, TypeVar, get_args, get_origin

import numpy as np
from numpy.typing import NDArray

from macaw.nn.errors import ModelError
from macaw.nn.graph import DType, Quantization, QuantizedGraph, Semantics, State, Tensor
from macaw.nn.graph import operators as operator_classes
from macaw.nn.graph.operators import Operator
from macaw.nn.verify import verify

__all__ = ["GRAPH_MARK", "GRAPH_VERSION", "from_macaw", "save_graph", "to_macaw"]

#: How a file begins.
GRAPH_MARK = b"macaw graph\n"

#: The version of the form, and of the operators in it.
GRAPH_VERSION = 1

_NUMBER = 4
_START = len(GRAPH_MARK) + 2 * _NUMBER

_OPERATORS: dict[str, type[Operator]] = {
    name: found
    for name, found in vars(operator_classes).items()
    if isinstance(found, type) and issubclass(found, Operator)
}

_Made = TypeVar("_Made")


@dataclass(frozen=True, kw_only=True)
class _TensorHeader:
    """A tensor without its data; ``constant`` says whether there are any."""

    name: str
    shape: tuple[int, ...]
    dtype: DType
    quantization: Quantization | None
    constant: bool


@dataclass(frozen=True, kw_only=True)
class _StateHeader:
    """A state without what it starts with."""

    name: str
    read: str
    written: str


@dataclass(frozen=True, kw_only=True)
class _GraphHeader:
    """A graph without arrays, and without operators."""

    name: str
    tensors: tuple[_TensorHeader, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    states: tuple[_StateHeader, ...]
    semantics: Semantics


def to_macaw(graph: QuantizedGraph) -> bytes:
    """The file of a graph; the same graph always gives the same bytes.

    Raises `ModelError` for a graph that `macaw.nn.verify` refuses.
    """
    verify(graph)
    tensors, arrays = [], []
    for tensor in graph.tensors.values():
        tensors.append(
            _TensorHeader(
                name=tensor.name,
                shape=tensor.shape,
                dtype=tensor.dtype,
                quantization=tensor.quantization,
                constant=tensor.data is not None,
            )
        )
        if tensor.data is not None:
            arrays.append(tensor.data)
    header = _GraphHeader(
        name=graph.name,
        tensors=tuple(tensors),
        inputs=graph.inputs,
        outputs=graph.outputs,
        states=tuple(
            _StateHeader(name=each.name, read=each.read, written=each.written)
            for each in graph.states
        ),
        semantics=graph.semantics,
    )
    arrays += [each.initial for each in graph.states]
    values = _plain(header)
    values["operators"] = [
        {"operator": type(each).__name__, **_plain(each)} for each in graph.operators
    ]
    text = json.dumps(values, separators=(",", ":")).encode()
    data = b"".join(array.astype(_stored(array.dtype)).tobytes() for array in arrays)
    content = GRAPH_MARK + _number(GRAPH_VERSION) + _number(len(text)) + text + data
    return content + _number(zlib.crc32(content))


def from_macaw(content: bytes) -> QuantizedGraph:
    """The verified graph of a file that `to_macaw` gave.

    Raises `ModelError` for any other content: what is damaged, of another version, or has
    operators that there are none of.
    """
    if not content.startswith(GRAPH_MARK):
        raise ModelError(
            f"file must be a Macaw graph, which begins with {GRAPH_MARK!r}, "
            f"not {content[: len(GRAPH_MARK)]!r}"
        )
    if len(content) < _START + _NUMBER:
        raise ModelError(f"graph must be complete, not {len(content)} bytes long")
    version, size = (_read(content, place) for place in (len(GRAPH_MARK), _START - _NUMBER))
    if version != GRAPH_VERSION:
        raise ModelError(
            f"graph must be of version {GRAPH_VERSION}, not {version}: save it again from its "
            "model file"
        )
    end = len(content) - _NUMBER
    if zlib.crc32(content[:end]) != _read(content, end):
        raise ModelError(
            "graph must have the checksum that stands at its end: its file is damaged or incomplete"
        )
    if size > end - _START:
        raise ModelError(f"header must have at most {end - _START} bytes, not {size}")
    try:
        values = json.loads(content[_START : _START + size])
    except (ValueError, RecursionError):
        raise ModelError("header must be JSON, which it is not") from None
    return verify(_graph(values, content[_START + size : end]))


def save_graph(graph: QuantizedGraph, path: str | PathLike[str]) -> None:
    """Writes a graph to a file, which `macaw.nn.load` reads; its name should end in ``.macaw``.

    Raises ``OSError``, and `ModelError` for a graph that `macaw.nn.verify` refuses.
    """
    Path(path).write_bytes(to_macaw(graph))


def _number(value: int) -> bytes:
    return value.to_bytes(_NUMBER, "little")


def _read(content: bytes, place: int) -> int:
    return int.from_bytes(content[place : place + _NUMBER], "little")


def _stored(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """A type as its values stand in the file."""
    return dtype.newbyteorder("<")


def _plain(value: Any) -> Any:
    """A value in the types of JSON."""
    if is_dataclass(value):
        return {each.name: _plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return value.item() if isinstance(value, np.generic) else value


def _graph(values: Any, data: bytes) -> QuantizedGraph:
    """The graph of a header and of the constants behind it."""
    given = values.pop("operators", None) if isinstance(values, dict) else None
    header = _made(_GraphHeader, values, "header")
    if not isinstance(given, list):
        raise ModelError(f"operators must be a list, not {short(given)}")
    place = 0

    def taken(name: str, dtype: DType, shape: tuple[int, ...]) -> NDArray[Any]:
        nonlocal place
        stored = _stored(np.dtype(dtype.value))
        size = math.prod(shape) * stored.itemsize
        if not (all(length > 0 for length in shape) and size <= len(data) - place):
            raise ModelError(f"data of {name!r} must be in the file, for {dtype} of {short(shape)}")
        found = np.frombuffer(data[place : place + size], stored).astype(dtype.value)
        if dtype == DType.BOOL and max(data[place : place + size]) > 1:
            raise ModelError(f"data of {name!r} must be 0 or 1")
        place += size
        return found.reshape(shape)

    tensors: dict[str, Tensor] = {}
    for each in header.tensors:
        if each.name in tensors:
            raise ModelError(f"tensor {each.name!r} must be defined once")
        tensors[each.name] = Tensor(
            name=each.name,
            shape=each.shape,
            dtype=each.dtype,
            quantization=each.quantization,
            data=taken(each.name, each.dtype, each.shape) if each.constant else None,
        )
    states = []
    for state in header.states:
        if state.read not in tensors:
            raise ModelError(f"tensor {state.read!r}, an input, must be defined")
        of = tensors[state.read]
        initial = taken(state.name, of.dtype, of.shape)
        states.append(
            State(name=state.name, read=state.read, written=state.written, initial=initial)
        )
    if place != len(data):
        raise ModelError(f"data must be {place} bytes, not {len(data)}")
    return QuantizedGraph(
        name=header.name,
        tensors=tensors,
        operators=tuple(_operator(index, each) for index, each in enumerate(given)),
        inputs=header.inputs,
        outputs=header.outputs,
        states=tuple(states),
        semantics=header.semantics,
    )


def _operator(index: int, values: Any) -> Operator:
    kind = values.pop("operator", None) if isinstance(values, dict) else None
    if not isinstance(kind, str) or kind not in _OPERATORS:
        raise ModelError(f"operator {index} must be one of macaw.nn.graph, not {short(kind)}")
    return _made(_OPERATORS[kind], values, f"operator {index}, {kind}")


def _made(kind: type[_Made], values: Any, what: str) -> _Made:
    """A dataclass of ``values``, which must be its fields, each of its type."""
    hints: Mapping[str, Any] = {each.name: each.type for each in fields(kind)}  # type: ignore[arg-type]
    if not isinstance(values, dict) or set(values) != set(hints):
        raise ModelError(f"{what}: fields must be {', '.join(hints)}, not {short(values)}")
    return kind(**{name: _value(hints[name], values[name], f"{what}: {name}") for name in hints})


def _value(hint: Any, given: Any, what: str) -> Any:
    """``given``, of the types of JSON, as what ``hint`` says."""
    members = get_args(hint)
    if get_origin(hint) is UnionType:
        return None if given is None else _value(members[0], given, what)
    if get_origin(hint) is tuple:
        if isinstance(given, list):
            if members[-1] is Ellipsis:
                members = (members[0],) * len(given)
            if len(given) == len(members):
                return tuple(_value(*pair, what) for pair in zip(members, given, strict=True))
    elif is_dataclass(hint):
        return _made(hint, given, what)  # type: ignore[arg-type]
    elif issubclass(hint, StrEnum):
        if given in list(hint):
            return hint(given)
    elif type(given) is hint or (hint is float and type(given) is int):
        return hint(given)
    raise ModelError(f"{what} must be {getattr(hint, '__name__', hint)}, not {short(given)}")
