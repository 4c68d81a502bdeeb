# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Random operators that move values, choose them or map them."""

import math
from dataclasses import replace

import numpy as np
from growing_graph import TORCH, Growing, demand
from random_layers import activation, pointwise

from macaw.nn.graph import DType, Quantization, Semantics
from macaw.nn.graph import operators as op
from macaw.nn.graph.operators import Activation


def largest(graph: Growing) -> str:
    source = graph.image()
    batch, height, width, channels = graph.tensors[source].shape
    kernel = (graph.whole(1, 4), graph.whole(1, 4))
    stride = graph.one_of((1, 1), (2, 2), kernel)
    padding = tuple(graph.whole(0, (size - 1) // 2) for size in kernel for _ in range(2))
    rows = (height + padding[0] + padding[1] - kernel[0]) // stride[0] + 1
    columns = (width + padding[2] + padding[3] - kernel[1]) // stride[1] + 1
    demand(height + sum(padding[:2]) >= kernel[0] and width + sum(padding[2:]) >= kernel[1])
    result = graph.like(source, (batch, rows, columns, channels))
    fused = activation(graph) if graph.semantics == Semantics.TFLITE else Activation.NONE
    return graph.add(
        op.MaxPool2d(
            inputs=(source,), outputs=(result,), kernel=kernel, stride=stride, padding=padding,
            activation=fused,
        )
    )  # fmt: skip


def _alike(graph: Growing, source: str) -> str:
    """Another tensor of the same shape, made if there is none."""
    tensor = graph.tensors[source]
    found = [
        name
        for name in graph.readable()
        if name != source
        and (graph.tensors[name].shape, graph.tensors[name].dtype) == (tensor.shape, tensor.dtype)
    ]
    if found and graph.chance(0.8):
        return graph.one_of(*found)
    demand(len(tensor.shape) == 4)
    return pointwise(graph, source, tensor.shape[3])


def _sum(graph: Growing, kind) -> str:
    source = graph.image() if graph.torch else graph.source()
    tensor = graph.tensors[source]
    other = source if graph.chance(0.05) else _alike(graph, source)
    scale = math.hypot(tensor.scale, graph.tensors[other].scale) * graph.rng.uniform(0.5, 1.5)
    result = graph.tensor(tensor.shape, tensor.dtype, graph.quantization(tensor.dtype, scale))
    inputs = (source, other) if graph.chance(0.5) else (other, source)
    return graph.add(kind(inputs=inputs, outputs=(result,), activation=activation(graph)))


def add(graph: Growing) -> str:
    return _sum(graph, op.Add)


def subtract(graph: Growing) -> str:
    demand(graph.semantics == Semantics.TFLITE)
    return _sum(graph, op.Subtract)


def add_constant(graph: Growing) -> str:
    """A constant of one value, of a value a channel, or of the whole shape."""
    return _with_constant(graph, graph.one_of(op.Add, op.Subtract))


def multiply(graph: Growing) -> str:
    """By a constant of one value."""
    return _with_constant(graph, op.Multiply)


def _with_constant(graph: Growing, kind) -> str:
    demand(graph.semantics == Semantics.TFLITE)
    source = graph.source()
    tensor = graph.tensors[source]
    shape = () if kind is op.Multiply else graph.one_of((), (), tensor.shape[-1:], tensor.shape)
    data = graph.rng.integers(-100 if tensor.dtype == DType.INT8 else 0, 100, shape)
    constant = graph.tensor(shape, tensor.dtype, graph.quantization(tensor.dtype),
                            np.asarray(data, tensor.dtype.value))  # fmt: skip
    unit = graph.quantization(tensor.dtype, tensor.scale * graph.rng.uniform(1, 2))
    result = graph.tensor(tensor.shape, tensor.dtype, unit)
    inputs = (source, constant) if graph.chance(0.7) else (constant, source)
    return graph.add(kind(inputs=inputs, outputs=(result,), activation=activation(graph)))


def concat(graph: Growing) -> str:
    """Along channels beside layers of the same size, otherwise beside parts of itself."""
    source = graph.image()
    tensor = graph.tensors[source]
    same = graph.semantics == Semantics.TFLITE and tensor.dtype == DType.INT8
    axis = graph.one_of(0, 1, 2, 3, 3, 3)
    parts = [source]
    for _ in range(graph.whole(1, 2)):
        if axis == 3:
            given = tensor.quantization if same or graph.chance(0.3) else None
            parts.append(pointwise(graph, source, graph.whole(1, 9), given))
        else:
            parts.append(slice_rows(graph, source) if axis == 1 and graph.chance(0.6) else source)
    order = graph.rng.permutation(len(parts))
    parts = [parts[index] for index in order]
    shape = list(tensor.shape)
    shape[axis] = sum(graph.tensors[each].shape[axis] for each in parts)
    unit = tensor.quantization
    if not same and graph.chance(0.6):
        unit = graph.quantization(tensor.dtype, tensor.scale * graph.rng.uniform(0.7, 2))
    result = graph.tensor(shape, tensor.dtype, unit)
    return graph.add(op.Concat(inputs=tuple(parts), outputs=(result,), axis=axis))


def pad(graph: Growing) -> str:
    source = graph.source()
    tensor = graph.tensors[source]
    rank = len(tensor.shape)
    amounts = [(0, 0)] * rank
    for axis in range(max(0, rank - 3), rank):
        if graph.chance(0.6):
            amounts[axis] = (graph.whole(0, 3), graph.whole(0, 3))
    shape = [before + size + after
             for size, (before, after) in zip(tensor.shape, amounts, strict=True)]  # fmt: skip
    limits = np.iinfo(tensor.dtype.value)
    value = tensor.zero_point if graph.chance(0.6) else graph.whole(limits.min, limits.max)
    result = graph.like(source, shape)
    return graph.add(
        op.Pad(inputs=(source,), outputs=(result,), padding=tuple(amounts), value=value)
    )


def _slice(graph: Growing, source: str, axes) -> str:
    shape = graph.tensors[source].shape
    rank = len(shape)
    starts, steps, sizes = [0] * rank, [1] * rank, list(shape)
    for axis in axes:
        starts[axis], steps[axis] = graph.whole(0, shape[axis] - 1), graph.one_of(1, 1, 1, 2, 3)
        sizes[axis] = graph.whole(1, -(-(shape[axis] - starts[axis]) // steps[axis]))
    result = graph.like(source, sizes)
    return graph.add(
        op.Slice(inputs=(source,), outputs=(result,), starts=tuple(starts), steps=tuple(steps),
                 sizes=tuple(sizes))
    )  # fmt: skip


def slice_rows(graph: Growing, source: str) -> str:
    return _slice(graph, source, [1])


def slice_any(graph: Growing) -> str:
    source = graph.image()
    return _slice(graph, source, [axis for axis in (1, 2, 3) if graph.chance(0.5)])


def split(graph: Growing) -> str:
    source = graph.image()
    shape, axis = graph.tensors[source].shape, graph.one_of(1, 2, 3, 3)
    demand(shape[axis] > 1)
    first = graph.whole(1, shape[axis] - 1)
    sizes, outputs = (first, shape[axis] - first), []
    for size in sizes:
        piece = list(shape)
        piece[axis] = size
        outputs.append(graph.like(source, piece))
    return graph.add(op.Split(inputs=(source,), outputs=tuple(outputs), axis=axis, sizes=sizes))


def resize(graph: Growing) -> str:
    source = graph.image()
    batch, height, width, channels = graph.tensors[source].shape
    size = (height * graph.whole(1, 3), width * graph.whole(1, 3))
    result = graph.like(source, (batch, *size, channels))
    return graph.add(op.ResizeNearest(inputs=(source,), outputs=(result,), size=size))


def reshape(graph: Growing) -> str:
    source = graph.source()
    shape = graph.tensors[source].shape
    total = math.prod(shape[1:])
    divisors = [each for each in range(1, total + 1) if total % each == 0]
    rows = graph.one_of(*divisors)
    columns = graph.one_of(*(each for each in divisors if (total // rows) % each == 0))
    wanted = (shape[0], rows, columns, total // rows // columns)
    if graph.chance(0.3):
        wanted = (shape[0], total)
    demand(max(wanted) <= 200)
    result = graph.like(source, wanted)
    return graph.add(op.Reshape(inputs=(source,), outputs=(result,), shape=wanted))


def transpose(graph: Growing) -> str:
    """Axes of one value change their places."""
    source = graph.image()
    shape = graph.tensors[source].shape
    permutation = tuple(int(each) for each in graph.rng.permutation(4))
    order = [axis for axis in permutation if shape[axis] > 1]
    demand(order == sorted(order) and permutation != (0, 1, 2, 3))
    result = graph.like(source, [shape[axis] for axis in permutation])
    return graph.add(op.Transpose(inputs=(source,), outputs=(result,), permutation=permutation))


_FUNCTIONS = {
    Semantics.TFLITE: (
        op.Relu, op.LeakyRelu, op.Logistic, op.Tanh, op.HardSwish, op.Requantize, op.Elu,
    ),
    Semantics.ONNXRUNTIME: (
        op.Relu, op.LeakyRelu, op.Logistic, op.Tanh, op.HardSwish, op.Requantize,
    ),
    **dict.fromkeys(
        TORCH, (op.Relu, op.Clip, op.LeakyRelu, op.HardSwish, op.Elu, op.Logistic, op.Tanh)
    ),
}  # fmt: skip


def function(graph: Growing) -> str:
    return _function(graph, graph.one_of(*_FUNCTIONS[graph.semantics]))


def absolute(graph: Growing) -> str:
    demand(graph.semantics == Semantics.TFLITE)
    return _function(graph, op.Absolute)


def _function(graph: Growing, kind) -> str:
    source = graph.source()
    tensor = graph.tensors[source]
    dtype, more = tensor.dtype, {}
    unit = graph.quantization(dtype, tensor.scale * graph.rng.uniform(0.4, 2))
    if kind in (op.Logistic, op.Tanh):
        scale, zero = (1 / 128, 128) if kind is op.Tanh else (1 / 256, 0)
        zero -= 128 * (dtype == DType.INT8)
        unit = Quantization(scale=(scale,), zero_point=(zero,))
    elif kind is op.Requantize and graph.chance(0.3):
        dtype = graph.one_of(DType.INT8, DType.UINT8)
        unit = graph.quantization(dtype, tensor.scale * graph.rng.uniform(0.4, 2))
    if kind in (op.Relu, op.Clip) and graph.torch:
        unit = tensor.quantization
    if kind is op.Absolute or (kind is op.Elu and not graph.torch):
        demand(dtype == DType.INT8)
    if kind is op.HardSwish:
        unit = replace(unit, scale=(float(np.float32(max(unit.scale[0], tensor.scale / 100))),))
    if kind is op.Relu:
        more["activation"] = graph.one_of(Activation.RELU, Activation.RELU6)
    if kind is op.Clip:
        more |= {"minimum": -graph.rng.uniform(0, 2), "maximum": graph.rng.uniform(0, 3)}
    if kind is op.LeakyRelu or (kind is op.Elu and graph.torch):
        more["alpha"] = float(np.float32(graph.rng.uniform(0.01, 1)))
    result = graph.tensor(tensor.shape, dtype, unit)
    return graph.add(kind(inputs=(source,), outputs=(result,), **more))
