# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Operators that choose, surround or bound values, as layers of the core."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from macaw.arch.config import AcceleratorConfig
from macaw.arch.program import CoreLayer
from macaw.compiler.machine.images import image_of
from macaw.compiler.machine.moves import chosen_channels, unchanged
from macaw.nn.graph import DType, QuantizedGraph, Tensor
from macaw.nn.graph.operators import MaxPool2d, Operator, Pad, Slice, Split

__all__ = ["Evaluate", "all_bytes", "rearranging_layers"]

#: What computes the outputs of an operator for some arrays, by the semantics of its graph.
Evaluate = Callable[[QuantizedGraph, Operator, Sequence[NDArray[Any]]], list[NDArray[Any]]]


def all_bytes(dtype: DType) -> NDArray[Any]:
    """All values of a type of 8 bits, in the order of their bits; ``ValueError`` for others."""
    if not dtype.quantised:
        raise ValueError(f"an operand must have 8 bits, not be {dtype}")
    return np.arange(256, dtype=np.uint8).view(np.dtype(dtype.value))


def rearranging_layers(
    graph: QuantizedGraph, operator: Operator, config: AcceleratorConfig, evaluate: Evaluate
) -> Iterator[tuple[str, CoreLayer]]:
    """For each result of a max pooling, padding, slice or split its name and its layer.

    Raises ``ValueError`` that names the result for what no layer does, ``TypeError`` for other
    operators.
    """
    tensor = graph.tensors[operator.inputs[0]]
    if math.prod(tensor.shape[:-3]) != 1:
        raise ValueError(f"{operator.outputs[0]}: an image must be alone, not in {tensor.shape}")
    match operator:
        case MaxPool2d():
            yield _max_pool(graph, operator, tensor, config, evaluate)
        case Pad():
            yield _pad(operator, tensor, config)
        case Slice():
            yield _slice(operator, tensor, config)
        case Split():
            for piece in _pieces(operator, tensor):
                yield _slice(piece, tensor, config)
        case _:
            raise TypeError(f"operator must rearrange, not be {type(operator).__name__}")


def _max_pool(
    graph: QuantizedGraph,
    operator: MaxPool2d,
    tensor: Tensor,
    config: AcceleratorConfig,
    evaluate: Evaluate,
) -> tuple[str, CoreLayer]:
    name, values = operator.outputs[0], all_bytes(tensor.dtype)
    # A window of one value gives the bounds of what is fused.
    alone = replace(operator, kernel=(1, 1), stride=(1, 1), padding=(0, 0, 0, 0))
    [bounded] = evaluate(graph, alone, [values.reshape(1, 16, 16, 1)])
    bounds = int(bounded.min()), int(bounded.max())
    if not np.array_equal(bounded.ravel(), values.clip(*bounds)):
        raise ValueError(f"{name}: a max pooling must keep its scale")
    layer = unchanged(
        image_of(tensor),
        tensor.dtype,
        config,
        name=name,
        kernel=operator.kernel,
        stride=operator.stride,
        padding=operator.padding,
        padding_value=np.iinfo(values.dtype).min,
        bounds=bounds,
    )
    return name, layer


def _pad(operator: Pad, tensor: Tensor, config: AcceleratorConfig) -> tuple[str, CoreLayer]:
    """A window of one value, around which there is padding; or channels beside those of the
    image."""
    name, image = operator.outputs[0], image_of(tensor)
    around = dict(enumerate(operator.padding, start=-len(tensor.shape)))
    if any(sum(amounts) for axis, amounts in around.items() if axis < -3):
        raise ValueError(f"{name}: padding must be of images, not {operator.padding}")
    rows, columns, channels = (around.get(axis, (0, 0)) for axis in (-3, -2, -1))
    padding = (*rows, *columns)
    if not any(channels):
        return name, unchanged(
            image, tensor.dtype, config, name=name, padding=padding, padding_value=operator.value
        )
    chosen = [None] * channels[0] + [*range(image.channels)] + [None] * channels[1]
    return name, chosen_channels(
        image, tensor.dtype, config, chosen, name=name, padding=padding, value=operator.value
    )


def _slice(operator: Slice, tensor: Tensor, config: AcceleratorConfig) -> tuple[str, CoreLayer]:
    """Some rows, and some channels of all columns."""
    name = operator.outputs[0]
    spans = [
        range(start, start + step * size, step)
        for start, step, size in zip(operator.starts, operator.steps, operator.sizes, strict=True)
    ]
    whole = [span == range(size) for span, size in zip(spans, tensor.shape, strict=True)]
    if len(spans) < 3 or not all(whole[:-3]) or not whole[-2] or min(operator.steps) < 1:
        raise ValueError(f"{name}: a slice must be of rows and channels of images")
    rows = slice(spans[-3].start, spans[-3].stop, spans[-3].step)
    layer = chosen_channels(
        image_of(tensor), tensor.dtype, config, [*spans[-1]], name=name, rows=rows
    )
    return name, layer


def _pieces(operator: Split, tensor: Tensor) -> Iterator[Slice]:
    """A slice for each result."""
    rank, start = len(tensor.shape), 0
    for name, size in zip(operator.outputs, operator.sizes, strict=True):
        starts, sizes = [0] * rank, [*tensor.shape]
        starts[operator.axis], sizes[operator.axis] = start, size
        yield Slice(
            inputs=operator.inputs,
            outputs=(name,),
            starts=tuple(starts),
            steps=(1,) * rank,
            sizes=tuple(sizes),
        )
        start += size
