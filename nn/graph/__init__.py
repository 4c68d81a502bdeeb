# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The quantised graph: tensors, operators in the order of execution, and what they mean."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from macaw.arch import Conv2dShape
from macaw.nn.graph.operators import Conv2d, ConvTranspose2d, Linear, Operator

__all__ = ["DType", "Quantization", "QuantizedGraph", "Semantics", "State", "Tensor"]


class DType(StrEnum):
    """The types of tensors, by numpy's names."""

    INT8 = "int8"
    UINT8 = "uint8"
    INT32 = "int32"
    INT64 = "int64"
    FLOAT32 = "float32"
    BOOL = "bool"

    @property
    def quantised(self) -> bool:
        """Whether values of this type stand for real numbers, by scale and zero point."""
        return self in (DType.INT8, DType.UINT8)


class Semantics(StrEnum):
    """Whose bits a graph has: one file means different bits in different runtimes.

    ``tflite``
        The reference kernels of tflite-runtime 2.14 and of TensorFlow Lite Micro: every
        multiplication by a real number rounds twice.
    ``litert``
        The reference kernels of LiteRT from 1.4 on: the same, but for fully connected layers,
        which round once, half away from zero.
    ``onnxruntime``
        ONNX Runtime's provider for CPUs: files of quantised operators as they are, others as it
        fuses them at its default level of optimisation, convolutions of int8 images too.
    ``qnnpack``, ``fbgemm``, ``onednn``, ``x86``
        The engines of PyTorch 2.13, on a CPU with AVX512-VNNI, on one thread.
    ``pt2e``
        PyTorch's exported programs, as ``convert_pt2e`` makes them: float32 between pairs of
        quantise and dequantise, where its sums are exact.
    """

    TFLITE = "tflite"
    LITERT = "litert"
    ONNXRUNTIME = "onnxruntime"
    QNNPACK = "qnnpack"
    FBGEMM = "fbgemm"
    ONEDNN = "onednn"
    X86 = "x86"
    PT2E = "pt2e"


@dataclass(frozen=True, kw_only=True)
class Quantization:
    """Real numbers as ``(q - zero_point) * scale``: one pair, or one for each index of ``axis``.

    ``scale`` holds float32 values.
    """

    scale: tuple[float, ...]
    zero_point: tuple[int, ...]
    axis: int | None = None


@dataclass(frozen=True, kw_only=True)
class Tensor:
    """A tensor of fixed shape; ``data`` is what a constant holds, and ``None`` elsewhere."""

    name: str
    shape: tuple[int, ...]
    dtype: DType
    quantization: Quantization | None = None
    data: NDArray[Any] | None = field(default=None, compare=False, repr=False)

    @property
    def scale(self) -> float:
        """The scale of a tensor that has one; ``ValueError`` for others."""
        return self._only.scale[0]

    @property
    def zero_point(self) -> int:
        """The zero point of a tensor that has one; ``ValueError`` for others."""
        return self._only.zero_point[0]

    @property
    def _only(self) -> Quantization:
        if self.quantization is None or len(self.quantization.scale) != 1:
            raise ValueError(f"tensor {self.name} must have one scale")
        return self.quantization

    @property
    def size(self) -> int:
        """The number of values."""
        return math.prod(self.shape)


@dataclass(frozen=True, kw_only=True)
class State:
    """What a graph remembers from one run to the next.

    The tensor ``read`` holds the value at the start of a run, ``initial`` at the first; the
    tensor ``written`` is the value at the end.
    """

    name: str
    read: str
    written: str
    initial: NDArray[Any] = field(compare=False, repr=False)


@dataclass(frozen=True, kw_only=True)
class QuantizedGraph:
    """A network: ``operators`` stand in the order of execution, and each tensor is written once.

    ``inputs`` and ``outputs`` are names in ``tensors``. `macaw.nn.verify` checks all that is
    expected of a graph; what is built by hand, or changed, should pass it.
    """

    name: str
    tensors: Mapping[str, Tensor]
    operators: tuple[Operator, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    states: tuple[State, ...] = ()
    semantics: Semantics = Semantics.TFLITE

    def conv2d_shape(self, operator: Conv2d) -> Conv2dShape:
        """The shape of one of the graph's convolutions."""
        image, weights = (self.tensors[name].shape for name in operator.inputs[:2])
        return operator.shape(image, weights)

    @property
    def macs(self) -> int:
        """Multiply-accumulate operations of all convolutions and fully connected layers."""
        return sum(self.macs_of(operator) for operator in self.operators)

    def macs_of(self, operator: Operator) -> int:
        """Multiply-accumulate operations of one operator; none for those without weights."""
        if not isinstance(operator, Conv2d | ConvTranspose2d | Linear):
            return 0
        weights = self.tensors[operator.inputs[1]]
        if isinstance(operator, ConvTranspose2d):
            # Each value of the input meets the weights of its channel.
            return self.tensors[operator.inputs[0]].size * weights.size // weights.shape[-1]
        return self.tensors[operator.outputs[0]].size * weights.size // weights.shape[0]

    def initial_state(self) -> dict[str, NDArray[Any]]:
        """The value of each of ``states`` before the first run, by name."""
        return {state.name: np.array(state.initial) for state in self.states}
