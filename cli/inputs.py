# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""What a model is given: arrays from files, or drawn from a seed."""

import tokenize
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from macaw.nn import ModelError, QuantizedGraph
from macaw.nn.graph import Tensor

__all__ = [
    "DAMAGED",
    "check_count",
    "check_form",
    "drawn_inputs",
    "given_or_drawn",
    "read_array",
    "steps_of",
]


#: What numpy and zipfile raise for files of arrays that are damaged, or none.
DAMAGED = (
    OSError, ValueError, EOFError, KeyError, SyntaxError, MemoryError, RuntimeError,
    zipfile.BadZipFile, zlib.error, tokenize.TokenError,
)  # fmt: skip


def read_array(path: Path) -> np.ndarray:
    """The array of a ``.npy`` file; `ModelError` for any other."""
    try:
        values: np.ndarray = np.load(path, allow_pickle=False)
        if not isinstance(values, np.ndarray):
            raise ValueError("it holds several")
        if values.dtype.kind not in "biufc":
            raise ValueError(f"it holds {values.dtype}, and no numbers")
    except DAMAGED as error:
        raise ModelError(f"{path} must be a .npy file: {error}") from None
    return values


def check_count(what: str, found: Sequence[object], count: int) -> None:
    """Raises `ModelError` unless there are ``count`` files of ``what``."""
    if len(found) != count:
        raise ModelError(f"{what} files must be {count}, one for each {what}, not {len(found)}")


def check_form(tensor: Tensor, array: np.ndarray) -> None:
    """Raises `ModelError` unless an array has the type of ``tensor``, and its shape at the end."""
    shape = array.shape[-len(tensor.shape) :] if tensor.shape else ()
    if array.dtype != np.dtype(tensor.dtype.value) or shape != tensor.shape:
        raise ModelError(
            f"input {tensor.name!r} must be {tensor.dtype} of shape {tensor.shape}, "
            f"not {array.dtype} of shape {array.shape}"
        )


def drawn_inputs(graph: QuantizedGraph, seed: int) -> list[np.ndarray]:
    """An array for each input, of random values: of all bytes, or of a normal distribution."""
    generator = np.random.default_rng(seed)
    drawn = []
    for tensor in (graph.tensors[name] for name in graph.inputs):
        dtype = np.dtype(tensor.dtype.value)
        if dtype.kind == "f":
            drawn.append(generator.standard_normal(tensor.shape).astype(dtype))
        else:
            limits = np.iinfo(dtype if dtype.itemsize == 1 else np.int8)
            values = generator.integers(limits.min, limits.max + 1, tensor.shape)
            drawn.append(values.astype(dtype))
    return drawn


def steps_of(graph: QuantizedGraph, arrays: Sequence[np.ndarray]) -> list[list[np.ndarray]]:
    """The inputs of each step: one step, or, for a graph with states, as many as a leading axis
    has.

    Raises `ModelError` for arrays of another number, type or shape than the graph's inputs.
    """
    tensors = [graph.tensors[name] for name in graph.inputs]
    check_count("input", arrays, len(tensors))
    counts = set()
    for array, tensor in zip(arrays, tensors, strict=True):
        check_form(tensor, array)
        leading = array.shape[: array.ndim - len(tensor.shape)]
        if len(leading) > (1 if graph.states else 0):
            raise ModelError(
                f"input {tensor.name!r} must have shape {tensor.shape}, not {array.shape}"
            )
        counts.add(leading[0] if leading else None)
    if len(counts) != 1:
        raise ModelError("inputs must all have as many steps")
    (count,) = counts
    if count is None:
        return [list(arrays)]
    return [[array[step] for array in arrays] for step in range(count)]


def given_or_drawn(
    graph: QuantizedGraph, arrays: Sequence[np.ndarray], seed: int
) -> list[list[np.ndarray]]:
    """The inputs of each step, of ``arrays``, or where there are none, of one step from ``seed``;
    raises as `steps_of` does."""
    return steps_of(graph, arrays) if arrays else [drawn_inputs(graph, seed)]
