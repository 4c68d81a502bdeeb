# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Operators of a graph as passes of the machine."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from macaw.arch.machine import MachineConfig
from macaw.arch.program import CoreLayer, CorePart
from macaw.compiler.layer import Conv2dLayer
from macaw.compiler.machine.images import Image, batch_of, image_of
from macaw.compiler.machine.layer_parts import Area, part_passes
from macaw.compiler.machine.moves import chosen_channels, compiled, largest, unchanged
from macaw.compiler.machine.passes import Buffer, Copy, Pass, Rows
from macaw.compiler.machine.placing import Placing
from macaw.compiler.machine.tables import Evaluate, Tables, bytes_of, is_single
from macaw.compiler.tiles import Tile
from macaw.nn.graph import QuantizedGraph, Tensor
from macaw.nn.graph.operators import (
    Binary,
    Concat,
    MaxPool2d,
    Operator,
    Pad,
    Prelu,
    Reshape,
    ResizeNearest,
    Slice,
    Split,
    Transpose,
    Unary,
)

__all__ = ["Lowering"]


class Lowering:
    """The passes of operators of one verified graph on one machine.

    ``evaluate`` is asked for the results of elementwise operators for all pairs of bytes.
    """

    def __init__(self, graph: QuantizedGraph, config: MachineConfig, evaluate: Evaluate):
        self._graph = graph
        self._config = config
        self._evaluate = evaluate
        self._places = Placing(config)
        self._tables = Tables(graph, config, evaluate)

    def passes(self, operator: Operator, layer: CoreLayer | None) -> tuple[Pass, ...]:
        """The passes of ``operator``; ``layer`` is what the core makes of it, if it is the core's.

        Raises ``ValueError`` that names the operator's result for what the machine does not do.
        """
        name = operator.outputs[0]
        if layer is not None:
            return tuple(self._layer(name, operator.inputs[0], layer))
        match operator:
            case Binary() | Prelu():
                return self._binary(name, operator)
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
        _, height_out, columns, outputs = layer.result_shape
        result = Image(height=batch * height_out, width=columns, channels=outputs)
        if layer.rows != height_out:
            raise ValueError(f"{name}: a layer of the machine must not be cropped")
        target, back = self._places.made_as(Buffer(name=name, image=self._image(name)), result)
        for number, part in enumerate(layer.parts):
            for index in range(batch):
                yield from self._part(
                    name, source, part, f"image {index}, part {number}",
                    Area(buffer, index * height, (height, width, channels)),
                    Area(target, index * height_out, (height_out, columns, outputs)),
                )  # fmt: skip
        yield from back

    def tiled(self, first: Operator, second: Operator, tiles: Iterable[Tile]) -> tuple[Pass, ...]:
        """The passes of two operators, each a `whole_layer`, in ``tiles``."""
        name, between, source = second.outputs[0], first.outputs[0], first.inputs[0]
        image, result = self._buffer(source), Buffer(name=name, image=self._image(name))
        found: list[Pass] = []
        for number, tile in enumerate(tiles):
            height, width, channels = tile.shape
            middle = Buffer(
                name=f"{between}, tile {number}",
                image=Image(height=height, width=width, channels=channels),
            )
            places = [Area(each, 0, each.image.shape) for each in (image, middle, result)]
            for parts, owner, read, (taken, made) in (
                (tile.made, between, source, places[:2]),
                (tile.used, name, between, places[1:]),
            ):
                for index, part in enumerate(parts):
                    label = f"tile {number}, part {index}"
                    passes = self._part(owner, read, part, label, taken, made)
                    found += [replace(each, operator=owner) for each in passes]
        return tuple(found)

    def _part(
        self, name: str, source: str, part: CorePart, label: str, taken: Area, made: Area
    ) -> Iterator[Pass]:
        dtype = self._tensor(source).dtype
        return part_passes(name, part, taken, made, self._config, dtype=dtype, label=label)

    def _binary(self, name: str, operator: Binary | Prelu) -> tuple[Pass, ...]:
        """A sum or a difference of two tensors of one shape, or of a tensor with itself or a
        constant; or any function of a tensor and a constant of one value."""
        shape = self._tensor(name).shape
        tensors = [self._tensor(each) for each in operator.inputs]
        if any(tensor.data is None and tensor.shape != shape for tensor in tensors):
            raise ValueError(
                f"{name}: operands must be of one shape, not {tensors[0].shape} and "
                f"{tensors[1].shape}: broadcasts run on the host"
            )
        if all(tensor.data is not None for tensor in tensors):
            raise ValueError(f"{name}: an operand must be computed, not constant")
        operands = [each for each in operator.inputs if not is_single(self._tensor(each))]
        buffers = [self._operand(each, shape) for each in operands]
        return (
            Pass(
                name=name,
                sources=tuple(self._places.everything(each) for each in buffers),
                work=Copy(),
                tables=self._tables.of_operands(name, operator),
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

    def _function(self, name: str, operator: Unary) -> Pass:
        source = self._buffer(operator.inputs[0])
        image = self._image(name)  # 8 bits, too
        return Pass(
            name=name,
            sources=(self._places.everything(source),),
            work=Copy(),
            tables=self._tables.of_bytes(name, operator),
            target=self._places.whole(Buffer(name=name, image=image)),
        )

    def _concat(self, name: str, operator: Concat) -> Iterator[Pass]:
        shape = self._tensor(name).shape
        target = Buffer(name=name, image=self._image(name))
        whole = (target.image.height, target.image.width, target.image.channels)
        # Axes before the last two are rows; what stands before the axis is repeated.
        rows = operator.axis < max(len(shape) - 2, 1)
        axis = 0 if rows else operator.axis - len(shape) + 3
        blocks = math.prod(shape[: operator.axis]) if rows and len(shape) > 1 else 1
        start = 0
        for each in operator.inputs:
            source = self._operand(each, self._tensor(each).shape)
            tables = self._tables.of_part(name, operator, each)
            image = source.image
            size = (image.height // blocks, image.width, image.channels)[axis]
            count = image.height // blocks
            for block in range(blocks):
                first = start + block * (whole[0] // blocks) if rows else start
                chosen = [slice(None)] * 3
                chosen[axis] = slice(first, first + size)
                yield Pass(
                    name=name,
                    sources=(Rows(buffer=source, first=block * count, count=count),),
                    work=Copy(),
                    tables=tables,
                    target=self._places.part(target, 0, (chosen[0], chosen[1], chosen[2]), whole),
                )
            start += size

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

    def whole_layer(self, operator: Operator, alone: Conv2dLayer | None) -> Conv2dLayer | None:
        """The one layer that an operator is, if it is one, on the images of its tensors as they
        are: a max pooling, or ``alone``."""
        layer = self._pooling(operator) if isinstance(operator, MaxPool2d) else alone
        if layer is None:
            return None
        shape = layer.shape
        reads = Image(height=shape.height, width=shape.width, channels=shape.in_channels)
        makes = Image(
            height=shape.output_height, width=shape.output_width, channels=shape.out_channels
        )
        images = self._image(operator.inputs[0]), self._image(operator.outputs[0])
        return layer if images == (reads, makes) else None

    def _pooling(self, operator: MaxPool2d) -> Conv2dLayer:
        """A max pooling as a layer, of one image of a batch.

        Raises ``ValueError`` where its scale changes, and for what the core was not built for.
        """
        name, tensor = operator.outputs[0], self._tensor(operator.inputs[0])
        values = bytes_of(tensor.dtype)
        # A window of one value gives the bounds of what is fused.
        alone = replace(operator, kernel=(1, 1), stride=(1, 1), padding=(0, 0, 0, 0))
        [bounded] = self._evaluate(self._graph, alone, [values.reshape(1, 16, 16, 1)])
        bounds = int(bounded.min()), int(bounded.max())
        if not np.array_equal(bounded.ravel(), values.clip(*bounds)):
            raise ValueError(f"{name}: a max pooling must keep its scale")
        _, image = batch_of(tensor)
        return largest(
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

    def _largest(self, name: str, operator: MaxPool2d) -> Iterator[Pass]:
        batch, image = batch_of(self._tensor(operator.inputs[0]))
        layer = compiled(self._pooling(operator), image, self._config.core)
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
