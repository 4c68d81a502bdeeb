# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""What shapes the outputs of those operators have that put values elsewhere."""

import math
from collections.abc import Callable
from typing import Any

from macaw.nn.graph import operators as op
from macaw.nn.shape_checks import Shape, as_axis, demand, whole

__all__ = ["MOVEMENT"]


def _pad(operator: op.Pad, inputs: list[Shape]) -> list[Shape]:
    (source,) = inputs
    demand(
        len(operator.padding) == len(source),
        f"padding must have a pair for each of {len(source)} axes, not {operator.padding!r}",
    )
    for pair in operator.padding:
        whole("padding", pair, 2, 0, 1 << 31)
    pairs = zip(source, operator.padding, strict=True)
    return [tuple(before + size + after for size, (before, after) in pairs)]


def _concat(operator: op.Concat, inputs: list[Shape]) -> list[Shape]:
    axis = as_axis(operator.axis, len(inputs[0]))
    rests = {(shape[:axis], shape[axis + 1 :], len(shape)) for shape in inputs}
    demand(len(rests) == 1, f"inputs must differ along axis {axis} only, not {inputs!r}")
    total = sum(shape[axis] for shape in inputs)
    return [(*inputs[0][:axis], total, *inputs[0][axis + 1 :])]


def _reshape(operator: op.Reshape, inputs: list[Shape]) -> list[Shape]:
    whole("shape", operator.shape, len(operator.shape), 1, 1 << 31)
    demand(
        math.prod(operator.shape) == math.prod(inputs[0]),
        f"shape must hold as many values as {inputs[0]!r}, not {operator.shape!r}",
    )
    return [operator.shape]


def _transpose(operator: op.Transpose, inputs: list[Shape]) -> list[Shape]:
    axes = list(range(len(inputs[0])))
    demand(
        sorted(operator.permutation) == axes,
        f"permutation must be of the axes {axes!r}, not {operator.permutation!r}",
    )
    return [tuple(inputs[0][axis] for axis in operator.permutation)]


def _slice(operator: op.Slice, inputs: list[Shape]) -> list[Shape]:
    (source,) = inputs
    count = len(source)
    whole("starts", operator.starts, count, 0, 1 << 31)
    whole("sizes", operator.sizes, count, 1, 1 << 31)
    whole("steps", operator.steps, count, -(1 << 31), 1 << 31)
    whole("removed", operator.removed, len(set(operator.removed)), 0, count - 1)
    for axis, size in enumerate(source):
        start, step, pieces = operator.starts[axis], operator.steps[axis], operator.sizes[axis]
        last = start + (pieces - 1) * step
        demand(
            step != 0 and start < size and 0 <= last < size,
            f"slice must lie within the {size} values of axis {axis}, "
            f"not at {start} ... {last} in steps of {step}",
        )
        demand(
            axis not in operator.removed or pieces == 1,
            f"removed axes must have one value, but axis {axis} has {pieces}",
        )
    return [tuple(n for axis, n in enumerate(operator.sizes) if axis not in operator.removed)]


def _split(operator: op.Split, inputs: list[Shape]) -> list[Shape]:
    (source,) = inputs
    axis = as_axis(operator.axis, len(source))
    whole("sizes", operator.sizes, len(operator.outputs), 1, 1 << 31)
    demand(
        sum(operator.sizes) == source[axis],
        f"sizes must sum to the {source[axis]} values of axis {axis}, not {operator.sizes!r}",
    )
    return [(*source[:axis], size, *source[axis + 1 :]) for size in operator.sizes]


def _unpack(operator: op.Unpack, inputs: list[Shape]) -> list[Shape]:
    (source,) = inputs
    axis = as_axis(operator.axis, len(source))
    demand(
        len(operator.outputs) == source[axis],
        f"outputs must be the {source[axis]} slices of axis {axis}, not {len(operator.outputs)}",
    )
    return [(*source[:axis], *source[axis + 1 :])] * source[axis]


def _pack(operator: op.Pack, inputs: list[Shape]) -> list[Shape]:
    axis = as_axis(operator.axis, len(inputs[0]) + 1)
    demand(len(set(inputs)) == 1, f"inputs must have one shape, not {inputs!r}")
    return [(*inputs[0][:axis], len(inputs), *inputs[0][axis:])]


def _gather(operator: op.Gather, inputs: list[Shape]) -> list[Shape]:
    axis = as_axis(operator.axis, len(inputs[0]))
    return [(*inputs[0][:axis], *inputs[1], *inputs[0][axis + 1 :])]


def _gather_nd(operator: op.GatherNd, inputs: list[Shape]) -> list[Shape]:
    values, indices = inputs
    demand(
        len(indices) > 0 and indices[-1] <= len(values),
        f"indices must name at most {len(values)} axes, not shape {indices!r}",
    )
    return [(*indices[:-1], *values[indices[-1] :])]


#: The rule of each such operator.
MOVEMENT: dict[type[op.Operator], Callable[[Any, list[Shape]], list[Shape]]] = {
    op.Concat: _concat,
    op.Gather: _gather,
    op.GatherNd: _gather_nd,
    op.Pack: _pack,
    op.Pad: _pad,
    op.Reshape: _reshape,
    op.Slice: _slice,
    op.Split: _split,
    op.Transpose: _transpose,
    op.Unpack: _unpack,
}
