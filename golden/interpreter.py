# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Graphs, run in numpy: each operator by its golden function, to the bit as its runtime."""

from collections.abc import Callable, Mapping, MutableMapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from macaw.golden.kernels import evaluate
from macaw.nn.graph import QuantizedGraph
from macaw.nn.graph.operators import Operator

__all__ = ["run"]


def run(
    graph: QuantizedGraph,
    inputs: Mapping[str, NDArray[Any]] | Sequence[NDArray[Any]],
    *,
    all_tensors: bool = False,
    state: MutableMapping[str, NDArray[Any]] | None = None,
    progress: Callable[[int, Operator], None] | None = None,
) -> dict[str, NDArray[Any]]:
    """The outputs of a verified graph by name; with ``all_tensors`` whatever operators write.

    ``inputs`` are arrays by name, or in the order of ``graph.inputs``, of the tensors' types and
    shapes. A graph with states starts from ``state``, by default `QuantizedGraph.initial_state`,
    and leaves there what it remembers. ``progress`` is called before each operator, with its
    index.

    Raises ``ValueError`` or ``TypeError`` for inputs that are not those of the graph, and
    ``ValueError`` for computed indices out of range.
    """
    values = {name: t.data for name, t in graph.tensors.items() if t.data is not None}
    values.update(_checked(graph, inputs))
    memory = graph.initial_state() if state is None else state
    for each in graph.states:
        values[each.read] = memory[each.name]
    last = {} if all_tensors else _last_uses(graph)
    written = []
    for index, operator in enumerate(graph.operators):
        if progress is not None:
            progress(index, operator)
        results = evaluate(graph, operator, [values[name] for name in operator.inputs])
        for name, result in zip(operator.outputs, results, strict=True):
            expected = graph.tensors[name]
            assert (result.shape, result.dtype.name) == (expected.shape, expected.dtype.value)
            values[name] = result
            written.append(name)
        for name in last.get(index, ()):
            del values[name]
    for each in graph.states:
        memory[each.name] = values[each.written]
    return {name: values[name] for name in (written if all_tensors else graph.outputs)}


def _checked(
    graph: QuantizedGraph, inputs: Mapping[str, NDArray[Any]] | Sequence[NDArray[Any]]
) -> dict[str, NDArray[Any]]:
    """The inputs by name."""
    if not isinstance(inputs, Mapping):
        if len(inputs) != len(graph.inputs):
            raise ValueError(f"inputs must be {len(graph.inputs)} arrays, not {len(inputs)}")
        inputs = dict(zip(graph.inputs, inputs, strict=True))
    if set(inputs) != set(graph.inputs):
        raise ValueError(f"inputs must be {sorted(graph.inputs)!r}, not {sorted(inputs)!r}")
    for name, values in inputs.items():
        tensor = graph.tensors[name]
        if not isinstance(values, np.ndarray) or values.dtype != np.dtype(tensor.dtype.value):
            shown = getattr(values, "dtype", type(values).__name__)
            raise TypeError(f"input {name!r} must be an array of {tensor.dtype}, not {shown}")
        if values.shape != tensor.shape:
            raise ValueError(f"input {name!r} must have shape {tensor.shape}, not {values.shape}")
    return dict(inputs)


def _last_uses(graph: QuantizedGraph) -> dict[int, list[str]]:
    """For each operator, by its index, the tensors that nothing needs after it."""
    kept = {*graph.outputs, *(state.written for state in graph.states)}
    last: dict[str, int] = {}
    for index, operator in enumerate(graph.operators):
        for name in (*operator.inputs, *operator.outputs):
            last[name] = index
    uses: dict[int, list[str]] = {}
    for name, index in last.items():
        if name not in kept:
            uses.setdefault(index, []).append(name)
    return uses
