# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""What shapes the outputs of those operators have that put values elsewhere."""

import math
from collections.abc import Callable, Sequence
from typing import Any

from macaw.nn.graph import operators as op
from macaw.nn.shape_checks import Shape, as_axis, as_image, broadcast, demand, whole

__all__ = ["MOVEMENT"]


def _pad(operator: op.Pad | op.MirrorPad, inputs: list[Shape]) -> list[Shape]:
    (source,) = inputs
    _pairs("padding", operator.padding, len(source))
    if isinstance(operator, op.MirrorPad):
        for size, pair in zip(source, operator.padding, strict=True):
            most = size if operator.symmetric else size - 1
            demand(
                max(pair) <= most,
                f"padding must be at most the {most} values that a mirror shows, not {pair!r}",
            )
    return [_padded(source, operator.padding)]


def _pairs(what: str, pairs: Any, count: int) -> None:
    demand(
        len(pairs) == count,
        f"{what} must have a pair for each of {count} axes, not {pairs!r}",
    )
    for pair in pairs:
        whole(what, pair, 2, 0, 1 << 31)


def _padded(shape: Shape, padding: Sequence[tuple[int, int]]) -> Shape:
    pairs = zip(shape, padding, strict=True)
    return tuple(before + size + after for size, (before, after) in pairs)


def _tile(operator: op.Tile, inputs: list[Shape]) -> list[Shape]:
    (source,) = inputs
    whole("multiples", operator.multiples, len(source), 1, 1 << 31)
    return [tuple(map(math.prod, zip(source, operator.multiples, strict=True)))]


def _broadcast_to(operator: op.BroadcastTo, inputs: list[Shape]) -> list[Shape]:
    whole("shape", operator.shape, len(operator.shape), 1, 1 << 31)
    demand(
        broadcast(inputs[0], operator.shape) == operator.shape,
        f"shape must be one that {inputs[0]!r} stretches to, not {operator.shape!r}",
    )
    return [operator.shape]


def _depth_to_space(operator: op.DepthToSpace, inputs: list[Shape]) -> list[Shape]:
    batch, height, width, channels = as_image(inputs[0])
    whole("block", (operator.block,), 1, 1)
    count = operator.block**2
    demand(channels % count == 0, f"channels must be a multiple of {count}, not {channels}")
    return [(batch, height * operator.block, width * operator.block, channels // count)]


def _space_to_depth(operator: op.SpaceToDepth, inputs: list[Shape]) -> list[Shape]:
    batch, *pixels, channels = as_image(inputs[0])
    whole("block", (operator.block,), 1, 1)
    return [(batch, *_blocks(pixels, (operator.block,) * 2), channels * operator.block**2)]


def _blocks(pixels: Sequence[int], block: Sequence[int]) -> Shape:
    """How many blocks there are along each axis of pixels."""
    demand(
        not any(size % step for size, step in zip(pixels, block, strict=True)),
        f"sizes {tuple(pixels)!r} must be multiples of the block's {tuple(block)!r}",
    )
    return tuple(size // step for size, step in zip(pixels, block, strict=True))


def _space_to_batch(operator: op.SpaceToBatch, inputs: list[Shape]) -> list[Shape]:
    batch, *pixels, channels = _spatial(inputs[0])
    whole("block", operator.block, len(pixels), 1)
    _pairs("padding", operator.padding, len(pixels))
    sizes = _blocks(_padded(tuple(pixels), operator.padding), operator.block)
    return [(batch * math.prod(operator.block), *sizes, channels)]


def _batch_to_space(operator: op.BatchToSpace, inputs: list[Shape]) -> list[Shape]:
    batch, *pixels, channels = _spatial(inputs[0])
    whole("block", operator.block, len(pixels), 1)
    _pairs("crops", operator.crops, len(pixels))
    count = math.prod(operator.block)
    demand(batch % count == 0, f"batch must be a multiple of {count}, not {batch}")
    sizes = []
    for size, step, (before, after) in zip(pixels, operator.block, operator.crops, strict=True):
        sizes.append(size * step - before - after)
    demand(min(sizes) > 0, f"crops must leave some pixels, not {operator.crops!r}")
    return [(batch // count, *sizes, channels)]


def _spatial(shape: Shape) -> Shape:
    demand(len(shape) in (3, 4), f"image must have 3 or 4 axes, not shape {shape!r}")
    return shape


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
    op.BatchToSpace: _batch_to_space,
    op.BroadcastTo: _broadcast_to,
    op.Concat: _concat,
    op.DepthToSpace: _depth_to_space,
    op.Gather: _gather,
    op.GatherNd: _gather_nd,
    op.MirrorPad: _pad,
    op.Pack: _pack,
    op.Pad: _pad,
    op.Reshape: _reshape,
    op.Slice: _slice,
    op.SpaceToBatch: _space_to_batch,
    op.SpaceToDepth: _space_to_depth,
    op.Split: _split,
    op.Tile: _tile,
    op.Transpose: _transpose,
    op.Unpack: _unpack,
}
