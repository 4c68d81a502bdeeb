# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""What a name of an ONNX file stands for while its graph is being made.

A file of quantised operators names integers only. In a file of pairs (QuantizeLinear,
DequantizeLinear) operators stand between real numbers, and the runtime fuses each with the pairs
around it. So there are three kinds of values: integers that the graph has; real numbers that are
such integers dequantised; and real numbers that become integers at the next QuantizeLinear.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from macaw.nn.graph import DType, Quantization

__all__ = ["UNIT", "Held", "Pending", "Real", "Value"]

#: The meaning of integers of which no operator tells one.
UNIT = Quantization(scale=(1.0,), zero_point=(0,))


@dataclass(kw_only=True, eq=False)
class Held:
    """A tensor that the graph has, or will have once an operator reads it.

    ``shape``, and the ``data`` of a constant, are in the file's order of axes. ``plain`` is the
    name of the graph's tensor in this order, ``image`` of that with channels last, of four axes;
    a name is empty as long as there is no such tensor.
    """

    label: str
    shape: tuple[int, ...]
    dtype: DType
    quantization: Quantization | None = None
    data: NDArray[Any] | None = None
    plain: str = ""
    image: str = ""


@dataclass(frozen=True, kw_only=True, eq=False)
class Real:
    """Real numbers: the integers of ``held``, dequantised.

    ``moved`` says that the values were moved after they were dequantised. ``hidden`` names an
    operator through which the runtime does not pass a DequantizeLinear on, so that it fuses
    nothing behind it. ``paired`` says that the integers may come from a QuantizeLinear: the runtime
    would merge the pair with another one.
    """

    held: Held
    paired: bool
    moved: bool = False
    hidden: str = ""


@dataclass(frozen=True, kw_only=True, eq=False)
class Pending:
    """Real numbers that an operator will be fused with a QuantizeLinear to compute.

    ``finish`` takes a label, and type and quantization of the result, and gives the integers.
    ``in_float32`` computes them as they are, for an output of the graph with a label; it is None
    where the bits of real numbers cannot be told. ``moved`` says that the values were moved after
    they were computed; ``depth`` counts such steps.
    """

    kind: str
    finish: Callable[[str, DType, Quantization], Held]
    in_float32: Callable[[str], Held] | None = None
    moved: bool = False
    depth: int = 0


#: What a name stands for.
Value = Held | Real | Pending
