# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""One operator of an ONNX file at its place: what its conversion may ask for."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from macaw.nn.errors import ModelError
from macaw.nn.graph import DType, Quantization
from macaw.nn.onnx.builder import Builder
from macaw.nn.onnx.file import FileNode
from macaw.nn.onnx.values import Held, Value

__all__ = ["Meaning", "Site"]

_MOST = 1 << 16


@dataclass(frozen=True, kw_only=True)
class Meaning:
    """What an operator says of integers: their type, where it says it, scales and zero points."""

    dtype: DType | None
    quantization: Quantization


@dataclass(frozen=True, kw_only=True)
class Site:
    """An operator with the graph in the making around it."""

    builder: Builder
    node: FileNode

    @property
    def label(self) -> str:
        """The name of the only result."""
        return self.results(1)[0]

    def results(self, count: int | None = None) -> tuple[str, ...]:
        """The names of the results, of which there must be ``count``; None for any number."""
        outputs = self.node.outputs
        while outputs and not outputs[-1]:
            outputs = outputs[:-1]
        if not outputs or "" in outputs or count not in (None, len(outputs)):
            raise ModelError(f"outputs must be {count or 'some'} tensors, not {len(outputs)}")
        return outputs

    def inputs(self, low: int, high: int | None = None) -> tuple[str, ...]:
        """The names of the inputs, of which there must be ``low`` to ``high``; those at the end
        that are left out are none, those in between are empty."""
        inputs = self.node.inputs
        while inputs and not inputs[-1]:
            inputs = inputs[:-1]
        if not low <= len(inputs) <= (low if high is None else high):
            wanted = str(low) if high is None else f"{low} ... {high}"
            raise ModelError(f"inputs must be {wanted} tensors, not {len(inputs)}")
        return inputs

    def has(self, index: int) -> bool:
        """Whether an input is given."""
        return index < len(self.node.inputs) and bool(self.node.inputs[index])

    def value(self, index: int) -> Value:
        """What an input stands for."""
        if not self.has(index):
            raise ModelError(f"input {index} must be given")
        name = self.node.inputs[index]
        if name not in self.builder.values:
            raise ModelError(f"tensor {name!r} must be written before it is read")
        return self.builder.values[name]

    def held(self, index: int, *types: DType) -> Held:
        """An input that must be a tensor of one of ``types``."""
        value = self.value(index)
        if not isinstance(value, Held) or value.dtype not in types:
            found = value.dtype if isinstance(value, Held) else "real numbers"
            raise ModelError(
                f"input {self.node.inputs[index]!r} must be of type {' or '.join(types)}, "
                f"not {found}"
            )
        return value

    def array(self, index: int, what: str) -> NDArray[Any]:
        """The values of a constant."""
        value = self.value(index)
        if not isinstance(value, Held) or value.data is None:
            raise ModelError(f"{what} must be constant")
        return value.data

    def integers(self, index: int, what: str) -> tuple[int, ...]:
        """The values of a constant of integers."""
        data = self.array(index, what)
        if data.dtype not in (np.int32, np.int64) or data.size > 4096:
            raise ModelError(f"{what} must be at most 4096 integers")
        return tuple(int(value) for value in data.reshape(-1))

    def meaning(self, scale: int, zero_point: int, axis: int | None = None) -> Meaning:
        """What two inputs say: a scale and a zero point, or one for each index of ``axis``."""
        scales = self.array(scale, "the scale")
        if scales.dtype != np.float32 or scales.ndim > 1 or not scales.size:
            raise ModelError(f"the scale must be float32, one or a list, not {scales.dtype}")
        if not bool(np.all(np.isfinite(scales) & (scales > 0))):
            raise ModelError("the scale must be positive and finite")
        dtype, points = None, np.zeros(scales.shape, np.int64)
        if self.has(zero_point):
            values = self.array(zero_point, "the zero point")
            if values.dtype not in (np.int8, np.uint8, np.int32) or values.size != scales.size:
                raise ModelError(
                    f"the zero points must be {scales.size} of int8, uint8 or int32, "
                    f"not {values.size} of {values.dtype}"
                )
            dtype, points = DType(values.dtype.name), values
        if scales.size > 1 and axis is None:
            raise ModelError("the scale must be one number here")
        return Meaning(
            dtype=dtype,
            quantization=Quantization(
                scale=tuple(scales.reshape(-1).tolist()),
                zero_point=tuple(points.reshape(-1).tolist()),
                axis=axis if scales.size > 1 else None,
            ),
        )

    def quantised(self, index: int, scale: int, zero_point: int, axis: int | None = None) -> Held:
        """An input of 8 bits, with the meaning that two others give it."""
        held = self.held(index, DType.INT8, DType.UINT8)
        meaning = self.meaning(scale, zero_point, axis)
        if meaning.dtype not in (None, held.dtype):
            raise ModelError(
                f"the zero point of {held.label!r} must be {held.dtype}, not {meaning.dtype}"
            )
        return self.builder.scaled(held, meaning.quantization)

    def result(self, scale: int, zero_point: int) -> tuple[DType, Quantization]:
        """Type, scale and zero point of the result, as two inputs say them."""
        meaning = self.meaning(scale, zero_point)
        if meaning.dtype not in (None, DType.INT8, DType.UINT8):
            raise ModelError(f"the result must be int8 or uint8, not {meaning.dtype}")
        return meaning.dtype or DType.UINT8, meaning.quantization

    def attribute(self, name: str, default: Any, *, among: tuple[Any, ...] | None = None) -> Any:
        """An attribute of the type of ``default``, which must be ``among`` some values."""
        value = self.node.attributes.get(name, default)
        if type(value) is not type(default):
            raise ModelError(f"{name} must be of the kind of {default!r}, not {value!r}")
        if among is not None and value not in among:
            raise ModelError(f"{name} must be {' or '.join(map(repr, among))}, not {value!r}")
        return value

    def sizes(self, name: str, default: tuple[int, ...], *, low: int = 1) -> tuple[int, ...]:
        """An attribute of as many integers as ``default`` has, each at least ``low``."""
        value = self.attribute(name, default)
        if len(value) != len(default) or not all(low <= number <= _MOST for number in value):
            raise ModelError(
                f"{name} must be {len(default)} integers in {low} ... {_MOST}, not {value!r}"
            )
        return tuple(value)

    def finite(self, name: str, default: float) -> float:
        """An attribute that is a finite number."""
        value = float(self.attribute(name, default))
        if not math.isfinite(value):
            raise ModelError(f"{name} must be finite, not {value!r}")
        return value

    def axis(self, value: int, count: int) -> int:
        """An axis of ``count``; negative ones count from the end."""
        if not -count <= value < count:
            raise ModelError(f"axis must be in {-count} ... {count - 1}, not {value}")
        return value % count
