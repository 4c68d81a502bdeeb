# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Operators of a graph as passes of the machine."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from macaw.arch.machine import MachineConfig
from macaw.arch.program import CoreLayer
from macaw.compiler.elementwise import LookupTables, lookup_tables
from macaw.compiler.machine.images import Image, batch_of, image_of
from macaw.compiler.machine.moves import chosen_channels, unchanged
from macaw.compiler.machine.passes import Buffer, Copy, Pass, Rows
from macaw.compiler.machine.placing import Placing
from macaw.compiler.machine.single_values import results_of
from macaw.nn.graph import DType, QuantizedGraph, Semantics, Tensor
from macaw.nn.graph.operators import (
    Add,
    Concat,
    MaxPool2d,
    Operator,
    Pad,
    Reshape,
    ResizeNearest,
    Slice,
    Split,
    Subtract,
    Transpose,
    Unary,
)

__all__ = ["Evaluate", "Lowering"]

#: What computes the outputs of an operator for some arrays, by the semantics of its graph.
Evaluate = Callable[[QuantizedGraph, Operator, Sequence[NDArray[Any]]], list[NDArray[Any]]]


#: Whose kernels take vectors in one way and the rest in another, and so many values a vector: of
#: all values, or of the channels of a pixel.
_TORCH = (Semantics.QNNPACK, Semantics.FBGEMM, Semantics.ONEDNN, Semantics.X86)
_VECTOR, _CHANNEL_VECTOR = 64, 8


class Lowering:
    """The passes of operators of one verified graph on one machine.

    ``evaluate`` is asked for the results of elementwise operators for all pairs of bytes.
    """

    def __init__(self, graph: QuantizedGraph, config: MachineConfig, evaluate: Evaluate):
        self._graph = graph
        self._config = config
        self._evaluate = evaluate
        self._places = Placing(config)

    def passes(self, operator: Operator, layer: CoreLayer | None) -> tuple[Pass, ...]:
        """The passes of ``operator``; ``layer`` is what the core makes of it, if it is the core's.

        Raises ``ValueError`` that names the operator's result for what the machine does not do.
        """
        name = operator.outputs[0]
        if layer is not None:
            return tuple(self._layer(name, operator.inputs[0], layer))
        match operator:
            case Add() | Subtract():
                return self._sum(name, operator)
            case Unary():
                return (self._function(name, operator),)
            case Concat():
                return tuple(self._concat(name, operator))
            case Transpose() if not self._keeps_order(operator):
                raise ValueError(f"{name}: a transpose must keep the order of the values")
            case Reshape() | Transpose():
                source, image = self._buffer(operator.inputs[0]), self._image(name)
                return self._places.moved(name, source, Buffer(name=name, image=image))
            case MaxPool2d():
                return tuple(self._largest(name, operator))
            case Slice():
                return tuple(self._slice(name, operator))
            case Split():
                return tuple(self._split(operator))
            case Pad():
                return tuple(self._pad(name, operator))
            case ResizeNearest():
                return tuple(self._enlarge(name, operator))
        kind = type(operator).__name__
        raise ValueError(f"{name}: {kind} must run on the host: the machine has no such pass")

    def _tensor(self, name: str) -> Tensor:
        return self._graph.tensors[name]

    def _image(self, name: str) -> Image:
        return image_of(self._tensor(name))

    def _buffer(self, name: str) -> Buffer:
        tensor = self._tensor(name)
        if tensor.data is not None:
            raise ValueError(f"{name}: an operand of the machine must be computed, not constant")
        return Buffer(name=name, image=image_of(tensor))

    def _keeps_order(self, operator: Transpose) -> bool:
        """Whether none but axes of one value change their places."""
        shape = self._tensor(operator.inputs[0]).shape
        moved = [axis for axis in operator.permutation if shape[axis] > 1]
        return moved == sorted(moved)

    def _layer(self, name: str, source: str, layer: CoreLayer) -> Iterator[Pass]:
        batch, height, width, channels = layer.image_shape
        image = Image(height=batch * height, width=width, channels=channels)
        buffer, passes = self._places.seen_as(self._buffer(source), image)
        yield from passes
        _, rows, columns, outputs = layer.result_shape
        result = Image(height=batch * rows, width=columns, channels=outputs)
        if layer.rows != rows:
            raise ValueError(f"{name}: a layer of the machine must not be cropped")
        target, back = self._places.made_as(Buffer(name=name, image=self._image(name)), result)
        for index in range(batch):
            for part in layer.parts:
                chosen, all_columns, all_channels = part.image
                if (range(width)[all_columns], range(channels)[all_channels]) != (
                    range(width),
                    range(channels),
                ):
                    raise ValueError(
                        f"{name}: parts of the layer must take whole rows of its image: "
                        "build a larger line buffer, or more parameter entries"
                    )
                taken = range(height)[chosen]
                yield Pass(
                    name=name,
                    sources=(
                        Rows(buffer=buffer, first=index * height + taken.start, count=len(taken)),
                    ),
                    work=part.program,
                    target=self._places.part(
                        target, index * rows, part.result, (rows, columns, outputs)
                    ),
                )
        yield from back

    def _sum(self, name: str, operator: Add | Subtract) -> tuple[Pass, ...]:
        """A sum or a difference of two tensors of one shape, or of a tensor with itself or a
        constant."""
        self._has_lookups(name)
        tensors = [self._tensor(each) for each in operator.inputs]
        pairs = [_bytes(tensor.dtype) for tensor in tensors]
        shape = self._tensor(name).shape
        constants = [None if t.data is None or t.data.size != 1 else t.data for t in tensors]
        if constants.count(None) == 2:
            pairs = [grid.ravel() for grid in np.meshgrid(*pairs, indexing="ij")]
        values = [
            pair if data is None else np.full(256, data.item(), pair.dtype)
            for pair, data in zip(pairs, constants, strict=True)
        ]
        if any(t.data is None and t.shape != shape for t in tensors) or (
            self._torch and len({t.shape for t in tensors}) > 1
        ):
            raise ValueError(
                f"{name}: operands must be of one shape, not {tensors[0].shape} and "
                f"{tensors[1].shape}: broadcasts run on the host"
            )
        results = self._results(name, operator, values, int(np.prod(shape)))
        if len(results) > 256:
            results = results.reshape(256, 256)
        buffers = [
            self._operand(each, shape)
            for each, data in zip(operator.inputs, constants, strict=True)
            if data is None
        ]
        return (
            Pass(
                name=name,
                sources=tuple(self._places.everything(each) for each in buffers),
                work=self._lookup(name, results),
                target=self._places.whole(Buffer(name=name, image=self._image(name))),
            ),
        )

    def _operand(self, name: str, shape: tuple[int, ...]) -> Buffer:
        """A tensor, or a constant that is repeated until it has this shape."""
        tensor = self._tensor(name)
        if tensor.data is None:
            return self._buffer(name)
        data = np.ascontiguousarray(np.broadcast_to(tensor.data, shape))
        image = image_of(replace(tensor, shape=shape, data=None))
        return Buffer(
            name=f"{name}, {shape}",
            image=image,
            data=data.view(np.uint8).reshape(image.height, image.row_bytes),
        )

    @property
    def _torch(self) -> bool:
        return self._graph.semantics in _TORCH

    def _results(
        self,
        name: str,
        operator: Operator,
        values: Sequence[NDArray[Any]],
        count: int,
        shape: tuple[int, ...] = (-1,),
        width: int = _VECTOR,
    ) -> NDArray[Any]:
        """Results for single values, taken as arrays of this shape, of an operator that makes
        ``count`` of them; ``width`` is that of PyTorch's vectors."""

        def function(operands: list[NDArray[Any]]) -> NDArray[Any]:
            given = [each.reshape(shape) for each in operands]
            return self._evaluate(self._graph, operator, given)[0].ravel()

        try:
            return results_of(function, values, count=count, width=width if self._torch else 1)
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None

    def _function(self, name: str, operator: Operator) -> Pass:
        self._has_lookups(name)
        source = self._buffer(operator.inputs[0])
        image = self._image(name)  # 8 bits, too
        values = _bytes(self._tensor(operator.inputs[0]).dtype)
        results = self._results(name, operator, [values], self._tensor(name).size)
        return Pass(
            name=name,
            sources=(self._places.everything(source),),
            work=self._lookup(name, results),
            target=self._places.whole(Buffer(name=name, image=image)),
        )

    def _has_lookups(self, name: str) -> None:
        if not self._config.elementwise_lanes:
            raise ValueError(
                f"{name}: elementwise_lanes must be at least 1 on {self._config.name}, not 0"
            )

    def _lookup(self, name: str, results: NDArray[Any]) -> LookupTables:
        tensor = self._tensor(name)
        zero_point = tensor.zero_point if tensor.quantization else 0
        try:
            return lookup_tables(results, zero_point=zero_point)
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None

    def _concat(self, name: str, operator: Concat) -> Iterator[Pass]:
        result = self._tensor(name)
        target = Buffer(name=name, image=self._image(name))
        rank = len(result.shape)
        # The axis as one of the image's rows, pixels and channels.
        axis = operator.axis % rank - rank
        if axis < -3:
            raise ValueError(f"{name}: axis must be one of the last three, not {operator.axis}")
        outer = int(np.prod(result.shape[:-3])) if rank > 3 else 1
        if axis == -3 and outer != 1:
            raise ValueError(f"{name}: rows must be joined in batches of one, not of {outer}")
        if rank < 3 and axis == -2:
            axis = -3
        start = 0
        for each in operator.inputs:
            source = self._operand(each, self._tensor(each).shape)
            image = source.image
            size = (image.height, image.width, image.channels)[axis]
            chosen = [slice(None)] * 3
            chosen[axis] = slice(start, start + size)
            shape = (target.image.height, target.image.width, target.image.channels)
            yield Pass(
                name=name,
                sources=(self._places.everything(source),),
                work=self._joined(name, operator, each),
                target=self._places.part(target, 0, (chosen[0], chosen[1], chosen[2]), shape),
            )
            start += size

    def _joined(self, name: str, operator: Concat, part: str) -> LookupTables | Copy:
        """What becomes of the values of one input: a function of each byte."""
        tensor = self._tensor(part)
        alone = replace(operator, inputs=(part,))
        channels = operator.axis == len(tensor.shape) - 1
        results = self._results(
            name, alone, [_bytes(tensor.dtype)], tensor.shape[-1],
            (1,) * (len(tensor.shape) - 1) + (-1,), _CHANNEL_VECTOR if channels else 1,
        )  # fmt: skip
        if np.array_equal(results.view(np.uint8), np.arange(256, dtype=np.uint8)):
            return Copy()
        self._has_lookups(name)
        return self._lookup(name, results)

    def _pad(self, name: str, operator: Pad) -> Iterator[Pass]:
        """A window of one value, around which there is padding; or channels beside those of the
        image."""
        tensor = self._tensor(operator.inputs[0])
        rank = len(tensor.shape)
        around = dict(enumerate(operator.padding, start=-rank))
        if any(sum(amounts) for axis, amounts in around.items() if axis < -3):
            raise ValueError(f"{name}: padding must be of images, not {operator.padding}")
        rows, columns, channels = (around.get(axis, (0, 0)) for axis in (-3, -2, -1))
        if rank < 3:
            rows, columns = columns, (0, 0)
        (batch, image), core = batch_of(tensor), self._config.core
        if any(channels):
            chosen = [None] * channels[0] + [*range(image.channels)] + [None] * channels[1]
            layer = chosen_channels(
                image, tensor.dtype, core, chosen, name=name, padding=(*rows, *columns),
                value=operator.value,
            )  # fmt: skip
        else:
            layer = unchanged(
                image, tensor.dtype, core, name=name, padding=(*rows, *columns),
                padding_value=operator.value,
            )  # fmt: skip
        return self._layer(name, operator.inputs[0], _repeated(layer, batch))

    def _slice(self, name: str, operator: Slice) -> Iterator[Pass]:
        """Some rows, columns and channels of each image."""
        tensor = self._tensor(operator.inputs[0])
        if min(operator.steps) < 1:
            raise ValueError(f"{name}: steps of a slice must be forwards, not {operator.steps}")
        spans = [
            range(start, start + step * size, step)
            for start, step, size in zip(
                operator.starts, operator.steps, operator.sizes, strict=True
            )
        ]
        batch, image = batch_of(tensor)
        pairs = zip(spans[:-3], tensor.shape, strict=False)
        if not all(span == range(size) for span, size in pairs):
            raise ValueError(f"{name}: a slice must be of all images of a batch")
        *_, rows, columns, channels = [range(1)] * 3 + spans
        if len(spans) < 3:
            rows, columns = columns, rows
        core = self._config.core
        if channels.step == 1 or len(channels) == 1:
            channels = range(channels.start, channels[-1] + 1)
            layer = unchanged(image, tensor.dtype, core, name=name, part=(rows, columns, channels))
        else:
            layer = chosen_channels(
                image, tensor.dtype, core, [*channels], name=name, rows=rows, columns=columns
            )
        return self._layer(name, operator.inputs[0], _repeated(layer, batch))

    def _split(self, operator: Split) -> Iterator[Pass]:
        tensor = self._tensor(operator.inputs[0])
        rank = len(tensor.shape)
        start = 0
        for name, size in zip(operator.outputs, operator.sizes, strict=True):
            starts = [0] * rank
            sizes = [*tensor.shape]
            starts[operator.axis], sizes[operator.axis] = start, size
            piece = Slice(
                inputs=operator.inputs, outputs=(name,), starts=tuple(starts), steps=(1,) * rank,
                sizes=tuple(sizes),
            )  # fmt: skip
            yield from self._slice(name, piece)
            start += size

    def _largest(self, name: str, operator: MaxPool2d) -> Iterator[Pass]:
        tensor = self._tensor(operator.inputs[0])
        values = _bytes(tensor.dtype)
        # A window of one value gives the bounds of what is fused.
        alone = replace(operator, kernel=(1, 1), stride=(1, 1), padding=(0, 0, 0, 0))
        [bounded] = self._evaluate(self._graph, alone, [values.reshape(1, 16, 16, 1)])
        bounds = int(bounded.min()), int(bounded.max())
        if not np.array_equal(bounded.ravel(), values.clip(*bounds)):
            raise ValueError(f"{name}: a max pooling must keep its scale")
        batch, image = batch_of(tensor)
        layer = unchanged(
            image,
            tensor.dtype,
            self._config.core,
            name=name,
            kernel=operator.kernel,
            stride=operator.stride,
            padding=operator.padding,
            padding_value=np.iinfo(values.dtype).min,
            bounds=bounds,
        )
        return self._layer(name, operator.inputs[0], _repeated(layer, batch))

    def _enlarge(self, name: str, operator: ResizeNearest) -> Iterator[Pass]:
        """Each pixel as many times as the size grows, by as many copies with gaps."""
        source = self._buffer(operator.inputs[0])
        target = Buffer(name=name, image=self._image(name))
        image, wanted = source.image, target.image
        if wanted.height % image.height or wanted.width % image.width:
            raise ValueError(f"{name}: the size must be a multiple of the image's")
        down, across = wanted.height // image.height, wanted.width // image.width
        small = np.arange(image.height * image.width).reshape(1, image.height, image.width, 1)
        self._check_enlarged(name, operator, small % 256, down, across)
        for row in range(down):
            for column in range(across):
                yield Pass(
                    name=name,
                    sources=(self._places.everything(source),),
                    work=Copy(),
                    target=self._places.part(
                        target,
                        0,
                        (slice(row, None, down), slice(column, None, across), slice(None)),
                        (wanted.height, wanted.width, wanted.channels),
                    ),
                )

    def _check_enlarged(
        self, name: str, operator: ResizeNearest, image: NDArray[Any], down: int, across: int
    ) -> None:
        """The nearest pixel must be the one that a plain repetition gives."""
        dtype = np.dtype(self._tensor(operator.inputs[0]).dtype.value)
        image = image.astype(np.uint8).view(dtype)
        [found] = self._evaluate(self._graph, operator, [image])
        if not np.array_equal(found, image.repeat(down, axis=1).repeat(across, axis=2)):
            raise ValueError(f"{name}: the nearest pixels must be plain repetitions")


def _repeated(layer: CoreLayer, batch: int) -> CoreLayer:
    """A layer of one image, for each of ``batch`` images."""
    image, result = layer.image_shape[1:], layer.result_shape[1:]
    return replace(layer, image_shape=(batch, *image), result_shape=(batch, *result))


def _bytes(dtype: DType) -> NDArray[Any]:
    """All values of a type of 8 bits, in the order of their bits."""
    if not dtype.quantised:
        raise ValueError(f"an operand must have 8 bits, not be {dtype}")
    return np.arange(256, dtype=np.uint8).view(np.dtype(dtype.value))
