# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""An operator where it stands in its graph, with the parameters that golden functions take."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from macaw.golden.fixed_point import Affine
from macaw.golden.tflite import activation_bounds
from macaw.nn.graph import DType, QuantizedGraph, Tensor

__all__ = ["Arrays", "Kernel", "Place", "affine"]

#: The operands of an operator.
Arrays = Sequence[NDArray[Any]]


@dataclass(frozen=True, kw_only=True)
class Place:
    """An operator in its graph."""

    graph: QuantizedGraph
    operator: Any

    def tensor(self, index: int) -> Tensor:
        """The tensor of an input."""
        return self.graph.tensors[self.operator.inputs[index]]

    @property
    def result(self) -> Tensor:
        """The tensor of the first output."""
        return self.graph.tensors[self.operator.outputs[0]]

    @property
    def dtype(self) -> Any:
        """The result's type, as numpy has it."""
        return np.dtype(self.result.dtype.value)

    @property
    def scales(self) -> dict[str, Any]:
        """The scales of an operator with one operand."""
        return {"operand": affine(self.tensor(0)), "result": affine(self.result)}

    @property
    def bounds(self) -> tuple[int, int]:
        """The least and the greatest result, by the fused activation."""
        return activation_bounds(
            self.operator.activation,
            output_scale=self.result.scale,
            zero_point=self.result.zero_point,
            signed=self.result.dtype == DType.INT8,
        )


def affine(tensor: Tensor) -> Affine:
    """What the numbers of a tensor with one scale mean."""
    return Affine(tensor.scale, tensor.zero_point)


#: The golden function of an operator, or of each of several kinds: one result, or one an output.
Kernel = Callable[[Place, Arrays], NDArray[Any] | list[NDArray[Any]]]
