# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""A graph in the making: tensors with random scales, constants, and what can be read next."""

from dataclasses import dataclass, field

import numpy as np

from macaw.nn import QuantizedGraph, verify
from macaw.nn.graph import DType, Quantization, Semantics, Tensor
from macaw.nn.graph.operators import Operator

#: The engines of PyTorch.
TORCH = (Semantics.QNNPACK, Semantics.FBGEMM, Semantics.ONEDNN, Semantics.X86)

#: Values of a tensor at most, so that graphs stay small.
MOST_VALUES = 2000


class Unfit(Exception):
    """The operator does not fit the tensors that there are."""


def demand(condition: object) -> None:
    if not condition:
        raise Unfit


@dataclass(kw_only=True)
class Growing:
    """A graph to which operators are added, all numbers drawn from ``rng``."""

    rng: np.random.Generator
    semantics: Semantics
    dtype: DType
    tensors: dict[str, Tensor] = field(default_factory=dict)
    operators: list[Operator] = field(default_factory=list)
    inputs: list[str] = field(default_factory=list)

    @property
    def torch(self) -> bool:
        return self.semantics in TORCH

    def chance(self, probability: float) -> bool:
        return bool(self.rng.random() < probability)

    def whole(self, low: int, high: int) -> int:
        """An integer in ``low`` to ``high``, both included."""
        return int(self.rng.integers(low, high + 1))

    def one_of(self, *values):
        return values[self.rng.integers(len(values))]

    def quantization(self, dtype: DType, scale: float | None = None) -> Quantization:
        """A third are powers of two, so that there are ties."""
        limits = np.iinfo(dtype.value)
        if scale is None:
            scale = 2.0 ** self.whole(-7, -3) if self.chance(0.33) else self.rng.uniform(0.01, 0.1)
        ends = (limits.min, limits.max, limits.min + 128)
        zero_point = self.one_of(*ends) if self.chance(0.3) else self.whole(limits.min, limits.max)
        return Quantization(scale=(float(np.float32(scale)),), zero_point=(int(zero_point),))

    def tensor(
        self, shape, dtype: DType, quantization: Quantization | None = None, data=None
    ) -> str:
        shape = tuple(int(size) for size in shape)
        demand(data is not None or (0 < np.prod(shape) <= MOST_VALUES))
        name = f"t{len(self.tensors)}"
        self.tensors[name] = Tensor(
            name=name, shape=shape, dtype=dtype, quantization=quantization, data=data
        )
        return name

    def like(self, source: str, shape) -> str:
        """A tensor of another shape whose values mean the same."""
        tensor = self.tensors[source]
        return self.tensor(shape, tensor.dtype, tensor.quantization)

    def input(self, shape) -> str:
        name = self.tensor(shape, self.dtype, self.quantization(self.dtype))
        self.inputs.append(name)
        return name

    def add(self, operator: Operator) -> str:
        self.operators.append(operator)
        return operator.outputs[0]

    def readable(self) -> list[str]:
        made = [name for operator in self.operators for name in operator.outputs]
        return [*self.inputs, *made]

    def source(self, rank: int | None = None, dtypes=(DType.INT8, DType.UINT8)) -> str:
        """A tensor to read: mostly one of the newest ones, at times any."""
        names = [
            name
            for name in self.readable()
            if self.tensors[name].dtype in dtypes
            and (rank is None or len(self.tensors[name].shape) == rank)
        ]
        demand(names)
        return self.one_of(*names) if self.chance(0.3) else self.one_of(*names[-3:])

    def image(self) -> str:
        return self.source(4, (DType.UINT8,) if self.torch else (DType.INT8, DType.UINT8))

    def finished(self, name: str) -> QuantizedGraph:
        """The graph, verified; what nothing reads are its outputs."""
        read = {each for operator in self.operators for each in operator.inputs}
        made = [each for operator in self.operators for each in operator.outputs]
        return verify(
            QuantizedGraph(
                name=name,
                tensors=self.tensors,
                operators=tuple(self.operators),
                inputs=tuple(self.inputs),
                outputs=tuple(each for each in made if each not in read),
                semantics=self.semantics,
            )
        )
