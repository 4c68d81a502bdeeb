# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""One operator of a file at its place: what its conversion may ask for."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from macaw.nn.errors import ModelError
from macaw.nn.graph import DType, Quantization, Tensor
from macaw.nn.graph.operators import Activation
from macaw.nn.tflite.file import OperatorRecord, TensorRecord
from macaw.nn.tflite.schema import ACTIVATIONS, Padding

__all__ = ["Site"]

_NOTHING = OperatorRecord(kind="", options={}, inputs=(), outputs=())


@dataclass(frozen=True, kw_only=True)
class Site:
    """An operator with the tensors around it.

    ``values`` are the tensors whose values were folded, by index; ``made`` are the tensors that
    the conversion adds to those of the file.
    """

    tensors: tuple[TensorRecord, ...]
    names: list[str]
    record: OperatorRecord = _NOTHING
    values: dict[int, NDArray[Any]] = field(default_factory=dict)
    made: dict[str, Tensor] = field(default_factory=dict)

    def at(self, record: OperatorRecord) -> "Site":
        """The same graph at another operator."""
        return replace(self, record=record, made={})

    def operands(self, low: int, high: int | None = None) -> tuple[int, ...]:
        """The indices of the inputs, of which there must be ``low`` to ``high``; those at the end
        that are left out are none."""
        inputs = self.record.inputs
        while inputs and inputs[-1] == -1:
            inputs = inputs[:-1]
        if not low <= len(inputs) <= (low if high is None else high):
            wanted = str(low) if high is None else f"{low} ... {high}"
            raise ModelError(f"inputs must be {wanted} tensors, not {len(inputs)}")
        if -1 in inputs:
            raise ModelError(f"inputs must not be left out, but {inputs!r} are given")
        return inputs

    def results(self, count: int | None = 1) -> tuple[int, ...]:
        """The indices of the outputs, of which there must be ``count``; None for any number."""
        outputs = self.record.outputs
        if (count is not None and len(outputs) != count) or -1 in outputs:
            raise ModelError(f"outputs must be {count} tensors, not {len(outputs)}")
        return outputs

    def ends(self, inputs: tuple[int, ...], outputs: int | None = 1) -> dict[str, Any]:
        """The names of tensors, as an operator takes them."""
        return {
            "inputs": tuple(self.names[index] for index in inputs),
            "outputs": tuple(self.names[index] for index in self.results(outputs)),
        }

    def tensor(self, index: int) -> Tensor:
        """The tensor of the graph for one of the file."""
        record, name = self.tensors[index], self.names[index]
        if record.problem:
            raise ModelError(f"tensor {name!r}: {record.problem}")
        return Tensor(
            name=name,
            shape=record.shape,
            dtype=DType(record.dtype),
            quantization=quantization(record),
            data=self.value(index),
        )

    def value(self, index: int) -> NDArray[Any] | None:
        """What a constant tensor holds; None for one that is computed."""
        return self.values.get(index, self.tensors[index].data)

    def integers(self, index: int, what: str) -> tuple[int, ...]:
        """The values of a constant tensor of integers."""
        data = self.value(index)
        if data is None or data.dtype not in (np.int32, np.int64):
            raise ModelError(f"{what} must be constant integers")
        if data.size > 4096:
            raise ModelError(f"{what} must be at most 4096 integers, not {data.size}")
        return tuple(int(value) for value in data.reshape(-1))

    def single(self, index: int, what: str) -> int:
        """The value of a constant tensor of one integer."""
        values = self.integers(index, what)
        if len(values) != 1:
            raise ModelError(f"{what} must be one integer, not {values!r}")
        return values[0]

    def shape(self, index: int) -> tuple[int, ...]:
        """The shape of a tensor of the file."""
        return self.tensors[index].shape

    def axis(self, value: int, count: int) -> int:
        """An axis of ``count``; negative ones count from the end."""
        if not -count <= value < count:
            raise ModelError(f"axis must be in {-count} ... {count - 1}, not {value}")
        return value % count

    @property
    def options(self) -> Any:
        """The attributes of the operator by name."""
        return self.record.options

    @property
    def activation(self) -> Activation:
        """The fused activation."""
        number = self.options["activation"]
        name = ACTIVATIONS[number] if 0 <= number < len(ACTIVATIONS) else f"number {number}"
        if name not in tuple(Activation):
            raise ModelError(f"the fused activation {name} is not supported")
        return Activation(name)

    @property
    def stride(self) -> tuple[int, int]:
        """The (vertical, horizontal) stride."""
        return self.positive("stride_h"), self.positive("stride_w")

    @property
    def dilation(self) -> tuple[int, int]:
        """The (vertical, horizontal) dilation."""
        return self.positive("dilation_h"), self.positive("dilation_w")

    def positive(self, attribute: str) -> int:
        """An attribute that must be a positive integer of reasonable size."""
        value = int(self.options[attribute])
        if not 0 < value <= 1 << 16:
            raise ModelError(f"{attribute} must be in 1 ... {1 << 16}, not {value}")
        return value

    @property
    def same(self) -> bool:
        """Whether the padding is SAME."""
        value = self.options["padding"]
        if value not in tuple(Padding):
            raise ModelError(f"padding must be SAME or VALID, not number {value}")
        return bool(value == Padding.SAME)

    def padding(
        self,
        size: tuple[int, ...],
        kernel: tuple[int, ...],
        stride: tuple[int, int],
        dilation: tuple[int, int] = (1, 1),
    ) -> tuple[int, int, int, int]:
        """(top, bottom, left, right) for an image of ``size``; an odd rest goes behind."""
        result: list[int] = []
        for axis in range(2):
            extent = (kernel[axis] - 1) * dilation[axis] + 1
            outputs = -(-size[axis] // stride[axis])
            total = max(0, (outputs - 1) * stride[axis] + extent - size[axis])
            total = total if self.same else 0
            result += [total // 2, total - total // 2]
        return result[0], result[1], result[2], result[3]

    def add(self, tensor: Tensor) -> str:
        """Let the conversion use a tensor that the file does not have; gives its name."""
        self.made[tensor.name] = tensor
        return tensor.name


def quantization(record: TensorRecord) -> Quantization | None:
    """Scales and zero points of an 8-bit tensor; None for other types, and where none is said."""
    count = len(record.scales)
    if record.dtype not in ("int8", "uint8") or count == 0:
        return None
    zero_points = record.zero_points
    if count > 1 and len(zero_points) == 1:
        zero_points = np.repeat(zero_points, count)
    return Quantization(
        scale=tuple(record.scales.tolist()),
        zero_point=tuple(zero_points.tolist()),
        axis=record.axis if count > 1 else None,
    )
