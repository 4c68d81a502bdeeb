# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""A graph in the making, out of values whose images stand in one layout or the other.

Files have images as [batch, channels, height, width], graphs have the channels last. A tensor
is brought into the other layout where an operator needs it so, and only once: between
convolutions nothing is transposed.
"""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from macaw.nn.errors import ModelError
from macaw.nn.graph import DType, Quantization, QuantizedGraph, Semantics, Tensor
from macaw.nn.graph import operators as op
from macaw.nn.onnx.file import OnnxFile
from macaw.nn.onnx.values import Held, Pending, Real, Value
from macaw.nn.shapes import output_shapes

__all__ = ["TO_IMAGE", "TO_PLAIN", "Builder"]

#: The permutation from the file's layout of images to that with the channels last.
TO_IMAGE = (0, 2, 3, 1)
#: The permutation back.
TO_PLAIN = (0, 3, 1, 2)

#: The least and the greatest scale of a tensor that is no weights: the products and ratios that
#: operators make of three of them are float32.
_SCALES = (2.0**-32, 2.0**32)


def _check_scale(label: str, quantization: Quantization | None) -> None:
    if quantization is not None and len(quantization.scale) == 1:
        (scale,) = quantization.scale
        if not _SCALES[0] <= scale <= _SCALES[1]:
            raise ModelError(f"scale of {label!r} must be in 2**-32 ... 2**32, not {scale!r}")


class Builder:
    """What the operators of a file so far have defined: ``values`` by their names."""

    def __init__(self, file: OnnxFile) -> None:
        self.values: dict[str, Value] = {}
        self.opset = file.opset
        self._file = file
        self._operators: list[op.Operator] = []
        self._tensors: dict[str, Tensor] = {}
        self._uses: dict[str, int] = {}
        for name in (*(n for node in file.nodes for n in node.inputs), *file.outputs):
            self._uses[name] = self._uses.get(name, 0) + 1
        #: What operators of integers write, and the inputs.
        self.unpaired = {each.name for each in file.inputs}
        for node in file.nodes:
            if node.kind.startswith("QLinear") or node.kind == "QGemm":
                self.unpaired.update(node.outputs)
        for label, data in file.constants.items():
            self.values[label] = self.constant(label, data)
        for each in file.inputs:
            self._input(each.name, each.dtype, each.shape)

    def _input(self, label: str, dtype: str, sizes: tuple[int | None, ...]) -> None:
        # A batch of any size means any number of images: here they come one by one.
        shape = [1 if not axis and size is None else size for axis, size in enumerate(sizes)]
        if None in shape:
            raise ModelError(f"input {label!r} must have a fixed shape, not {tuple(sizes)!r}")
        fixed = tuple(size for size in shape if size is not None)
        held = Held(label=label, shape=fixed, dtype=DType(dtype))
        self.define(label, held)
        held.plain = self._register(label, fixed, held.dtype, None)

    def define(self, label: str, value: Value) -> None:
        """Let a name of the file stand for a value."""
        if label in self.values:
            raise ModelError(f"tensor {label!r} must be written once")
        self.values[label] = value

    def constant(
        self, label: str, data: NDArray[Any], quantization: Quantization | None = None
    ) -> Held:
        """A constant in the file's order of axes."""
        dtype = DType(data.dtype.name)
        return Held(
            label=label, shape=data.shape, dtype=dtype, quantization=quantization, data=data
        )

    def used_once(self, label: str) -> bool:
        """Whether one operator reads a tensor, and nothing else does."""
        return self._uses.get(label, 0) == 1

    def scaled(self, held: Held, quantization: Quantization) -> Held:
        """The same integers, with the meaning that an operator gives them.

        What a file says nothing about takes the first meaning; for a second one there is a tensor
        of its own.
        """
        if held.quantization == quantization:
            return held
        if held.data is not None:
            return replace(held, quantization=quantization, plain="", image="")
        _check_scale(held.label, quantization)
        names = [name for name in (held.plain, held.image) if name]
        if all(self._tensors[name].quantization in (None, quantization) for name in names):
            held.quantization = quantization
            for name in names:
                self._tensors[name] = replace(self._tensors[name], quantization=quantization)
            return held
        image = bool(held.image)
        source = held.image if image else held.plain
        return self.emit(held.label, op.Cast, (source,), held.dtype, quantization, image=image)

    def plain(self, held: Held) -> str:
        """The name of the tensor of the graph in the file's order of axes."""
        if not held.plain and held.data is not None:
            _check_scale(held.label, held.quantization)
            held.plain = self.place(held.label, held.data, held.quantization)
        if not held.plain:
            held.plain = self._moved(held, held.image, TO_PLAIN)
        return held.plain

    def image(self, held: Held) -> str:
        """The name of the tensor of the graph with the channels last."""
        if not held.image and held.data is not None:
            _check_scale(held.label, held.quantization)
            data = held.data.reshape((1,) * (4 - held.data.ndim) + held.data.shape)
            if data.ndim != 4:
                raise ModelError(f"{held.label!r} must have at most 4 axes, not {data.shape!r}")
            held.image = self.place(held.label, data.transpose(TO_IMAGE), held.quantization)
        if not held.image:
            if len(held.shape) != 4:
                raise ModelError(f"{held.label!r} must have 4 axes, not shape {held.shape!r}")
            held.image = self._moved(held, held.plain, TO_IMAGE)
        return held.image

    def _moved(self, held: Held, source: str, permutation: tuple[int, ...]) -> str:
        """The tensor ``source`` in the other layout."""
        shape = tuple(self._tensors[source].shape[axis] for axis in permutation)
        name = self._name(held.label, image=permutation == TO_IMAGE)
        self._register(name, shape, held.dtype, held.quantization)
        ends = {"inputs": (source,), "outputs": (name,)}
        _, channels, height, width = held.shape
        # The order of the values stays, if all the moved axes but one have one value.
        if channels == 1 or height * width == 1:
            self._operators.append(op.Reshape(**ends, shape=shape))
        else:
            self._operators.append(op.Transpose(**ends, permutation=permutation))
        return name

    def in_images(self, *helds: Held) -> bool:
        """Whether an operator on single values should work with the channels last."""
        computed = [held for held in helds if held.data is None]
        return any(held.image for held in computed) and all(
            len(held.shape) == 4 for held in computed
        )

    def names(self, *helds: Held, image: bool) -> tuple[str, ...]:
        """The names of tensors in one of the layouts."""
        return tuple(self.image(held) if image else self.plain(held) for held in helds)

    def emit(
        self,
        label: str,
        kind: Any,
        inputs: tuple[str, ...],
        dtype: DType,
        quantization: Quantization | None,
        *,
        image: bool = False,
        **attributes: Any,
    ) -> Held:
        """An operator with one result, which has the channels last if it is an ``image``."""
        return self.emit_all([label], kind, inputs, dtype, quantization, image=image, **attributes)[
            0
        ]

    def emit_all(
        self,
        labels: list[str],
        kind: Any,
        inputs: tuple[str, ...],
        dtype: DType,
        quantization: Quantization | None,
        *,
        image: bool = False,
        **attributes: Any,
    ) -> list[Held]:
        """An operator with as many results as there are labels."""
        _check_scale(labels[0], quantization)
        operator = kind(inputs=inputs, outputs=tuple(labels), **attributes)
        shapes = output_shapes(operator, [self._tensors[name].shape for name in inputs])
        results = []
        for label, shape in zip(labels, shapes, strict=True):
            name = self._name(label, image=image)
            self._register(name, shape, dtype, quantization)
            order = TO_PLAIN if image else range(len(shape))
            held = Held(
                label=label,
                shape=tuple(shape[axis] for axis in order),
                dtype=dtype,
                quantization=quantization,
            )
            held.plain, held.image = ("", name) if image else (name, "")
            results.append(held)
        names = tuple(held.image or held.plain for held in results)
        self._operators.append(replace(operator, outputs=names))
        return results

    def place(self, label: str, data: NDArray[Any], quantization: Quantization | None) -> str:
        """A constant of the graph, just as it is; gives its name."""
        name = self._unique(label)
        dtype = DType(data.dtype.name)
        values = np.asarray(data, order="C")
        return self._register(name, values.shape, dtype, quantization, values)

    def _register(
        self,
        name: str,
        shape: tuple[int, ...],
        dtype: DType,
        quantization: Quantization | None,
        data: NDArray[Any] | None = None,
    ) -> str:
        self._tensors[name] = Tensor(
            name=name, shape=shape, dtype=dtype, quantization=quantization, data=data
        )
        return name

    def _name(self, label: str, *, image: bool) -> str:
        """A name for a tensor: that of the file for the first layout that there is, but outputs
        are in the file's own."""
        taken = label in self._tensors or (image and label in self._file.outputs)
        if taken:
            label = f"{label}#{'nhwc' if image else 'nchw'}"
        return self._unique(label)

    def _unique(self, name: str) -> str:
        while name in self._tensors:
            name += "#"
        return name

    def graph(self, name: str) -> QuantizedGraph:
        """The graph of all operators so far."""
        for label in self._file.outputs:
            self._output(label)
        inputs = tuple(each.name for each in self._file.inputs)
        used = {*inputs, *self._file.outputs}
        for operator in self._operators:
            used.update((*operator.inputs, *operator.outputs))
        return QuantizedGraph(
            name=name,
            tensors={key: tensor for key, tensor in self._tensors.items() if key in used},
            operators=tuple(self._operators),
            inputs=inputs,
            outputs=self._file.outputs,
            semantics=Semantics.ONNXRUNTIME,
        )

    def dequantized(self, label: str, held: Held) -> Held:
        """Integers as real numbers."""
        image = self.in_images(held)
        names = self.names(held, image=image)
        return self.emit(label, op.Dequantize, names, DType.FLOAT32, None, image=image)

    def _output(self, label: str) -> None:
        value = self.values.get(label)
        if value is None:
            raise ModelError(f"tensor {label!r}, an output, must be written")
        if isinstance(value, Real):
            value = self.dequantized(label, value.held)
        if isinstance(value, Pending) and value.in_float32 is not None:
            value = value.in_float32(label)
        if not isinstance(value, Held):
            raise ModelError(f"output {label!r}, of {value.kind}, must be quantised")
        name = self.plain(value)
        if name == label:
            return
        # The same values under another name.
        copy = self.emit(
            label, op.Reshape, (name,), value.dtype, value.quantization, shape=value.shape
        )
        if copy.plain != label:
            raise ModelError(f"output {label!r} must have a name of its own")
