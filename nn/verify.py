# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""What is expected of a quantised graph, checked: cheap enough to run after every change."""

import math

import numpy as np

from macaw.nn.errors import ModelError
from macaw.nn.graph import DType, Quantization, QuantizedGraph, State, Tensor
from macaw.nn.graph.operators import Operator
from macaw.nn.shapes import output_shapes
from macaw.nn.types import check_count, check_operands

__all__ = ["verify"]

_AXES = 8
_VALUES = 1 << 31


def verify(graph: QuantizedGraph) -> QuantizedGraph:
    """``graph`` itself, if it keeps the rules; otherwise `ModelError`, with one sentence.

    A graph that passes has names for all its tensors; shapes, types, scales and zero points
    within their ranges; operators that read only what was written before them, and write what
    nothing else writes; and outputs whose shapes and types follow from the inputs. The time it
    takes does not depend on the sizes of tensors, but for those that hold indices.
    """
    for name, tensor in graph.tensors.items():
        if tensor.name != name:
            raise ModelError(f"tensor {name!r} must be called so, not {tensor.name!r}")
        try:
            _tensor(tensor)
        except ModelError as error:
            raise ModelError(f"tensor {name!r}: {error}") from None
    written = {name for name, tensor in graph.tensors.items() if tensor.data is not None}
    for name in (*graph.inputs, *(state.read for state in graph.states)):
        _known(graph, name, "an input")
        _write(written, name, "an input")
    for index, operator in enumerate(graph.operators):
        results = ", ".join(repr(name) for name in operator.outputs)
        label = f"operator {index}, {type(operator).__name__} to {results}"
        try:
            _operator(graph, operator, written)
        except ModelError as error:
            raise ModelError(f"{label}: {error}") from None
    for name in graph.outputs:
        _known(graph, name, "an output")
        _read(written, name, "an output")
    for state in graph.states:
        _state(graph, state, written)
    return graph


def _demand(condition: bool, sentence: str) -> None:
    if not condition:
        raise ModelError(sentence)


def _known(graph: QuantizedGraph, name: str, role: str) -> None:
    _demand(name in graph.tensors, f"tensor {name!r}, {role}, must be defined")


def _read(written: set[str], name: str, role: str) -> None:
    _demand(name in written, f"tensor {name!r}, {role}, must be written before it is read")


def _write(written: set[str], name: str, role: str) -> None:
    _demand(name not in written, f"tensor {name!r}, {role}, must be written once")
    written.add(name)


def _tensor(tensor: Tensor) -> None:
    shape = tensor.shape
    _demand(
        len(shape) <= _AXES and all(isinstance(n, int) and 0 < n < _VALUES for n in shape),
        f"shape must be at most {_AXES} positive integers, not {shape!r}",
    )
    _demand(tensor.size < _VALUES, f"shape must hold less than 2**31 values, not {shape!r}")
    _demand(tensor.dtype in tuple(DType), f"type must be known, not {tensor.dtype!r}")
    if tensor.data is not None:
        _demand(
            tensor.data.shape == shape and tensor.data.dtype == np.dtype(tensor.dtype.value),
            f"data must be {tensor.dtype} of shape {shape!r}, "
            f"not {tensor.data.dtype} of {tensor.data.shape!r}",
        )
    if tensor.quantization is not None and tensor.dtype.quantised:
        _quantization(tensor.quantization, tensor)


def _quantization(quantization: Quantization, tensor: Tensor) -> None:
    axis, count = quantization.axis, len(quantization.scale)
    expected = 1
    if axis is not None:
        _demand(
            isinstance(axis, int) and 0 <= axis < len(tensor.shape),
            f"axis of the scales must be in 0 ... {len(tensor.shape) - 1}, not {axis!r}",
        )
        expected = tensor.shape[axis]
    _demand(
        count == expected and len(quantization.zero_point) == count,
        f"scale and zero_point must have {expected} entries, "
        f"not {count} and {len(quantization.zero_point)}",
    )
    for scale in quantization.scale:
        _demand(
            isinstance(scale, float) and math.isfinite(scale) and scale > 0,
            f"scale must be positive and finite, not {scale!r}",
        )
        _demand(float(np.float32(scale)) == scale, f"scale must be a float32, not {scale!r}")
    limits = np.iinfo(tensor.dtype.value)
    for zero_point in quantization.zero_point:
        _demand(
            isinstance(zero_point, int) and limits.min <= zero_point <= limits.max,
            f"zero_point must be in {limits.min} ... {limits.max}, not {zero_point!r}",
        )


def _operator(graph: QuantizedGraph, operator: Operator, written: set[str]) -> None:
    for name in operator.inputs:
        _known(graph, name, "an input")
        _read(written, name, "an input")
    for name in operator.outputs:
        _known(graph, name, "an output")
        _write(written, name, "an output")
    inputs = [graph.tensors[name] for name in operator.inputs]
    outputs = [graph.tensors[name] for name in operator.outputs]
    check_count(operator, len(inputs))
    shapes = output_shapes(operator, [tensor.shape for tensor in inputs])
    found = [tensor.shape for tensor in outputs]
    _demand(shapes == found, f"outputs must have the shapes {shapes!r}, not {found!r}")
    check_operands(operator, inputs, outputs, graph.semantics)


def _state(graph: QuantizedGraph, state: State, written: set[str]) -> None:
    _known(graph, state.written, "a state")
    _read(written, state.written, "a state")
    read, last = graph.tensors[state.read], graph.tensors[state.written]
    _demand(
        (read.shape, read.dtype) == (last.shape, last.dtype),
        f"state {state.name!r} must keep its shape and type, not {read.shape!r} and {last.shape!r}",
    )
    _demand(
        state.initial.shape == read.shape and state.initial.dtype == np.dtype(read.dtype.value),
        f"state {state.name!r} must start with {read.dtype} of shape {read.shape!r}",
    )
