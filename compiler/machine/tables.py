# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Operators of single values as tables for the elementwise pass."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from macaw.arch.machine import MachineConfig
from macaw.compiler.elementwise import LookupTables, lookup_tables
from macaw.compiler.machine.single_values import results_of
from macaw.nn.graph import DType, QuantizedGraph, Semantics, Tensor
from macaw.nn.graph.operators import Add, Binary, Concat, Operator, Prelu, Subtract

__all__ = ["Evaluate", "Tables", "bytes_of", "is_single"]

#: What computes the outputs of an operator for some arrays, by the semantics of its graph.
Evaluate = Callable[[QuantizedGraph, Operator, Sequence[NDArray[Any]]], list[NDArray[Any]]]

#: Whose kernels take vectors in one way and the rest in another, and so many values a vector: of
#: all values, or of the channels of a pixel.
_TORCH = (Semantics.QNNPACK, Semantics.FBGEMM, Semantics.ONEDNN, Semantics.X86)
_VECTOR, _CHANNEL_VECTOR = 64, 8


class Tables:
    """The tables of operators of one graph for one machine.

    All methods raise ``ValueError`` that names the operator's result where there are none.
    """

    def __init__(self, graph: QuantizedGraph, config: MachineConfig, evaluate: Evaluate):
        self._graph = graph
        self._config = config
        self._evaluate = evaluate

    def of_bytes(self, name: str, operator: Operator) -> LookupTables:
        """Of a function of one tensor."""
        values = bytes_of(self._graph.tensors[operator.inputs[0]].dtype)
        return self._lookup(name, self._results(name, operator, [values]))

    def of_operands(self, name: str, operator: Binary | Prelu) -> LookupTables:
        """Of a sum or a difference of two tensors, or of any function of a tensor and a constant
        of one value."""
        tensors = [self._graph.tensors[each] for each in operator.inputs]
        values = [bytes_of(tensor.dtype) for tensor in tensors]
        two = not any(is_single(tensor) for tensor in tensors)
        if self._torch and tensors[0].shape != tensors[1].shape:
            raise ValueError(f"{name}: operands must be of one shape, not be broadcast")
        if two:
            if not isinstance(operator, Add | Subtract):
                kind = type(operator).__name__
                raise ValueError(f"{name}: {kind} must have a constant of one value as an operand")
            values = [grid.ravel() for grid in np.meshgrid(*values, indexing="ij")]
        else:
            values = [
                np.full(256, tensor.data.item(), tensor.data.dtype)
                if tensor.data is not None and is_single(tensor)
                else each
                for tensor, each in zip(tensors, values, strict=True)
            ]
        results = self._results(name, operator, values)
        return self._lookup(name, results.reshape(256, 256) if two else results)

    def of_part(self, name: str, operator: Concat, part: str) -> LookupTables | None:
        """Of what becomes of the values of one input; ``None`` where they stay as they are."""
        tensor = self._graph.tensors[part]
        alone = replace(operator, inputs=(part,))
        channels = operator.axis == len(tensor.shape) - 1
        results = self._results(
            name, alone, [bytes_of(tensor.dtype)], count=tensor.shape[-1],
            shape=(1,) * (len(tensor.shape) - 1) + (-1,), width=_CHANNEL_VECTOR if channels else 1,
        )  # fmt: skip
        if np.array_equal(results.view(np.uint8), np.arange(256, dtype=np.uint8)):
            return None
        return self._lookup(name, results)

    @property
    def _torch(self) -> bool:
        return self._graph.semantics in _TORCH

    def _results(
        self,
        name: str,
        operator: Operator,
        values: Sequence[NDArray[Any]],
        *,
        count: int | None = None,
        shape: tuple[int, ...] = (-1,),
        width: int = _VECTOR,
    ) -> NDArray[Any]:
        """Results for single values, taken as arrays of this shape, of an operator that makes
        ``count`` of them, by default all of its result; ``width`` is that of PyTorch's vectors."""

        def function(operands: list[NDArray[Any]]) -> NDArray[Any]:
            given = [each.reshape(shape) for each in operands]
            return self._evaluate(self._graph, operator, given)[0].ravel()

        count = self._graph.tensors[name].size if count is None else count
        try:
            return results_of(function, values, count=count, width=width if self._torch else 1)
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None

    def _lookup(self, name: str, results: NDArray[Any]) -> LookupTables:
        if not self._config.elementwise_lanes:
            raise ValueError(
                f"{name}: elementwise_lanes must be at least 1 on {self._config.name}, not 0"
            )
        tensor = self._graph.tensors[name]
        zero_point = tensor.zero_point if tensor.quantization else 0
        try:
            return lookup_tables(results, zero_point=zero_point)
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None


def is_single(tensor: Tensor) -> bool:
    """Whether it is a constant of one value."""
    return tensor.data is not None and tensor.data.size == 1


def bytes_of(dtype: DType) -> NDArray[Any]:
    """All values of a type of 8 bits, in the order of their bits; ``ValueError`` for others."""
    if not dtype.quantised:
        raise ValueError(f"an operand must have 8 bits, not be {dtype}")
    return np.arange(256, dtype=np.uint8).view(np.dtype(dtype.value))
