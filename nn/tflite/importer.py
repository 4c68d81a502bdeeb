# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The importer of TensorFlow Lite files: from a flatbuffer to a quantised graph.

Operators stay in the order of the file. Weights of depthwise layers get the layout of all
others; arithmetic on shapes is folded; variables become states of the graph. The names of
tensors are those of the file; one that is empty, or taken already, gets its index behind it.
"""

import numpy as np

from macaw.nn.errors import ModelError
from macaw.nn.fold import folded
from macaw.nn.graph import QuantizedGraph, Semantics, State, Tensor
from macaw.nn.graph.operators import Operator, Reshape
from macaw.nn.tflite.file import OperatorRecord, SubgraphRecord, TensorRecord, read_file
from macaw.nn.tflite.operators import CONVERTERS
from macaw.nn.tflite.site import Site
from macaw.nn.verify import verify

__all__ = ["from_tflite"]


def from_tflite(
    content: bytes, *, name: str = "model", semantics: Semantics = Semantics.TFLITE
) -> QuantizedGraph:
    """The graph of the TensorFlow Lite file ``content``, verified.

    Raises `ModelError` for a damaged file, and for what is not supported.
    """
    if semantics not in (Semantics.TFLITE, Semantics.LITERT):
        raise ModelError(f"semantics must be tflite or litert, not {semantics}")
    graphs = read_file(content)
    builder = _Builder(graphs[0], graphs)
    for index, operator in enumerate(graphs[0].operators):
        try:
            builder.add(operator)
        except ModelError as error:
            raise ModelError(f"operator {index}, {operator.kind}: {error}") from None
    return verify(builder.graph(name, Semantics(semantics)))


def tensor_names(tensors: tuple[TensorRecord, ...]) -> list[str]:
    """A name for each tensor, no two the same."""
    taken: set[str] = set()
    names = []
    for index, tensor in enumerate(tensors):
        name = tensor.name
        if not name or name in taken:
            name = f"{name}#{index}"
        while name in taken:
            name += "#"
        taken.add(name)
        names.append(name)
    return names


class _Builder:
    """A graph in the making: what the operators so far have defined."""

    def __init__(self, source: SubgraphRecord, graphs: tuple[SubgraphRecord, ...]) -> None:
        self._source = source
        self._graphs = graphs
        self._names = tensor_names(source.tensors)
        self._operators: list[Operator] = []
        self._tensors: dict[str, Tensor] = {}
        self._site = Site(tensors=source.tensors, names=self._names)
        # Variables: of each handle's tensor the variable's name; and of each name its values.
        self._handles: dict[int, str] = {}
        self._states: dict[str, State] = {}
        self._initial: dict[str, TensorRecord] = {}

    def add(self, record: OperatorRecord) -> None:
        """Take the next operator of the file."""
        match record.kind:
            case "VAR_HANDLE":
                (handle,) = _exactly(record.outputs, 1, "outputs")
                self._handles[handle] = record.options["shared_name"]
            case "CALL_ONCE":
                self._call_once(record.options["init_subgraph_index"])
            case "READ_VARIABLE":
                self._read_variable(record)
            case "ASSIGN_VARIABLE":
                self._assign_variable(record)
            case "SHAPE":
                (source,), (result,) = _one(record)
                shape = np.array(self._source.tensors[source].shape)
                self._site.values[result] = shape.astype(self._site.tensor(result).dtype.value)
            case _:
                self._convert(record)

    def _convert(self, record: OperatorRecord) -> None:
        site = self._site.at(record)
        operator = CONVERTERS[record.kind](site)
        self._tensors.update(site.made)
        constants = [self._site.value(index) for index in record.inputs[: len(operator.inputs)]]
        values = folded(operator, constants)
        if values is not None:
            self._site.values[record.outputs[0]] = values
        else:
            self._operators.append(operator)

    def _call_once(self, index: int) -> None:
        """The graph that gives the variables their first values."""
        if not 0 < index < len(self._graphs):
            raise ModelError(f"init_subgraph_index must be below {len(self._graphs)}, not {index}")
        graph, handles = self._graphs[index], dict[int, str]()
        for operator in graph.operators:
            if operator.kind == "VAR_HANDLE":
                (handle,) = _exactly(operator.outputs, 1, "outputs")
                handles[handle] = operator.options["shared_name"]
            elif operator.kind == "ASSIGN_VARIABLE":
                handle, value = _exactly(operator.inputs, 2, "inputs")
                if handle not in handles or value < 0 or graph.tensors[value].data is None:
                    raise ModelError("a variable must start with a constant")
                self._initial[handles[handle]] = graph.tensors[value]
            else:
                raise ModelError(f"{operator.kind} is not supported in an initialisation")

    def _variable(self, handle: int, value: int) -> str:
        """The name of the variable whose handle is a tensor; ``value`` has its shape."""
        if handle not in self._handles:
            raise ModelError("a variable must have a handle")
        name = self._handles[handle]
        if name not in self._states:
            if name not in self._initial:
                raise ModelError(f"variable {name!r} must have a first value")
            tensor = self._site.tensor(value)
            first = self._initial[name].data
            assert first is not None
            read = f"{name}#read"
            self._tensors[read] = Tensor(
                name=read,
                shape=tensor.shape,
                dtype=tensor.dtype,
                quantization=tensor.quantization,
            )
            self._states[name] = State(name=name, read=read, written=read, initial=first)
        return name

    def _read_variable(self, record: OperatorRecord) -> None:
        (handle,), (value,) = _one(record)
        name = self._variable(handle, value)
        shape = self._site.tensor(value).shape
        written = self._states[name].written
        self._operators.append(
            Reshape(inputs=(written,), outputs=(self._names[value],), shape=shape)
        )

    def _assign_variable(self, record: OperatorRecord) -> None:
        handle, value = _exactly(record.inputs, 2, "inputs")
        if value < 0:
            raise ModelError("inputs must be 2 tensors")
        state = self._states[self._variable(handle, value)]
        self._states[state.name] = State(
            name=state.name, read=state.read, written=self._names[value], initial=state.initial
        )

    def graph(self, name: str, semantics: Semantics) -> QuantizedGraph:
        """The graph of all operators so far."""
        inputs = tuple(self._names[index] for index in self._source.inputs)
        outputs = tuple(self._names[index] for index in self._source.outputs)
        used = {*inputs, *outputs}
        for operator in self._operators:
            used.update((*operator.inputs, *operator.outputs))
        for state in self._states.values():
            used.update((state.read, state.written))
        tensors = {}
        for index, label in enumerate(self._names):
            if label in used and label not in self._tensors:
                tensors[label] = self._site.tensor(index)
        return QuantizedGraph(
            name=name,
            tensors={**tensors, **self._tensors},
            operators=tuple(self._operators),
            inputs=inputs,
            outputs=outputs,
            states=tuple(self._states.values()),
            semantics=semantics,
        )


def _one(record: OperatorRecord) -> tuple[tuple[int, ...], tuple[int, ...]]:
    return _exactly(record.inputs, 1, "inputs"), _exactly(record.outputs, 1, "outputs")


def _exactly(values: tuple[int, ...], count: int, what: str) -> tuple[int, ...]:
    if len(values) != count or -1 in values:
        raise ModelError(f"{what} must be {count} tensors, not {len(values)}")
    return values
