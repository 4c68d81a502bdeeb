# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""What shapes an operator's outputs have: the rules, each written once.

A rule takes an operator and the shapes of its inputs, and gives those of its outputs, or refuses
an attribute in one sentence. Nothing is computed, so that the rules are cheap.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

from macaw.nn.errors import ModelError
from macaw.nn.graph import operators as op

__all__ = ["Shape", "broadcast", "output_shapes"]

#: The size of a tensor along each axis.
Shape = tuple[int, ...]


def output_shapes(operator: op.Operator, inputs: Sequence[Shape]) -> list[Shape]:
    """The shapes of an operator's outputs, from the shapes of its inputs.

    >>> pool = op.Pool2d(inputs=("x",), outputs=("y",), kernel=(2, 2), stride=(2, 2))
    >>> output_shapes(pool, [(1, 5, 6, 8)])
    [(1, 2, 3, 8)]

    Raises `ModelError` for attributes and shapes that do not belong together.
    """
    for kind, rule in _RULES.items():
        if isinstance(operator, kind):
            return rule(operator, list(inputs))
    # All others keep the shape: functions of single values.
    return [inputs[0]]


def broadcast(first: Shape, second: Shape) -> Shape:
    """The shape of two operands' result: axes are aligned at the end, and sizes of 1 stretch."""
    count = max(len(first), len(second))
    result = []
    for a, b in zip(_extended(first, count), _extended(second, count), strict=True):
        if a != b and 1 not in (a, b):
            raise ModelError(f"shapes must fit each other, not {first!r} and {second!r}")
        result.append(b if a == 1 else a)
    return tuple(result)


def _extended(shape: Shape, count: int) -> Shape:
    return (1,) * (count - len(shape)) + shape


def _demand(condition: bool, sentence: str) -> None:
    if not condition:
        raise ModelError(sentence)


def _whole(what: str, values: Any, count: int, minimum: int, maximum: int = 1 << 16) -> None:
    """``values`` must be ``count`` integers within bounds."""
    _demand(
        isinstance(values, tuple)
        and len(values) == count
        and all(isinstance(value, int) and minimum <= value <= maximum for value in values),
        f"{what} must be {count} integers in {minimum} ... {maximum}, not {values!r}",
    )


def _image(shape: Shape) -> Shape:
    _demand(len(shape) == 4, f"image must have 4 axes, not shape {shape!r}")
    return shape


def _axis(axis: int, count: int) -> int:
    _demand(
        isinstance(axis, int) and 0 <= axis < count,
        f"axis must be in 0 ... {count - 1}, not {axis!r}",
    )
    return axis


def _weights(shape: Shape, count: int) -> Shape:
    _demand(len(shape) == count, f"weights must have {count} axes, not shape {shape!r}")
    return shape


def _bias(inputs: list[Shape], out_channels: int) -> None:
    if len(inputs) > 2:
        _demand(
            inputs[2] == (out_channels,),
            f"bias must have shape {(out_channels,)!r}, not {inputs[2]!r}",
        )


def _conv2d(operator: op.Conv2d, inputs: list[Shape]) -> list[Shape]:
    image, weights = _image(inputs[0]), _weights(inputs[1], 4)
    try:
        shape = operator.shape(image, weights)
    except (TypeError, ValueError) as error:
        raise ModelError(str(error)) from None
    _demand(
        weights[3] == shape.group_in_channels,
        f"weights must have {shape.group_in_channels} input channels, not {weights[3]}",
    )
    _bias(inputs, shape.out_channels)
    return [(image[0], shape.output_height, shape.output_width, shape.out_channels)]


def _conv_transpose2d(operator: op.ConvTranspose2d, inputs: list[Shape]) -> list[Shape]:
    batch, _, _, channels = _image(inputs[0])
    weights = _weights(inputs[1], 4)
    _whole("stride", operator.stride, 2, 1)
    _whole("offset", operator.offset, 2, 0)
    _whole("output_size", operator.output_size, 2, 1)
    _demand(
        weights[3] == channels, f"weights must have {channels} input channels, not {weights[3]}"
    )
    _bias(inputs, weights[0])
    return [(batch, *operator.output_size, weights[0])]


def _linear(operator: op.Linear, inputs: list[Shape]) -> list[Shape]:
    source, (out_features, in_features) = inputs[0], _weights(inputs[1], 2)
    _bias(inputs, out_features)
    if operator.keep_dimensions:
        fits = source[-1:] == (in_features,)
        result = (*source[:-1], out_features)
    else:
        fits = math.prod(source) % in_features == 0
        result = (math.prod(source) // in_features, out_features)
    _demand(fits, f"input must be vectors of {in_features} values, not shape {source!r}")
    return [result]


def _pool2d(operator: op.Pool2d, inputs: list[Shape]) -> list[Shape]:
    batch, height, width, channels = _image(inputs[0])
    _whole("kernel", operator.kernel, 2, 1)
    _whole("stride", operator.stride, 2, 1)
    _whole("padding", operator.padding, 4, 0)
    top, bottom, left, right = operator.padding
    sizes = []
    for size, kernel, step, before, after in (
        (height, operator.kernel[0], operator.stride[0], top, bottom),
        (width, operator.kernel[1], operator.stride[1], left, right),
    ):
        _demand(
            kernel <= size + before + after,
            f"kernel must fit into the padded image, not {kernel} into {size + before + after}",
        )
        _demand(
            max(before, after) < kernel,
            f"padding must be smaller than the kernel, not {operator.padding!r}",
        )
        sizes.append((size + before + after - kernel) // step + 1)
    return [(batch, *sizes, channels)]


def _adaptive(operator: op.AdaptiveAveragePool2d, inputs: list[Shape]) -> list[Shape]:
    batch, _, _, channels = _image(inputs[0])
    _whole("size", operator.size, 2, 1)
    return [(batch, *operator.size, channels)]


def _batch_norm(operator: op.BatchNorm2d, inputs: list[Shape]) -> list[Shape]:
    channels = _image(inputs[0])[3:]
    _demand(
        inputs[1] == inputs[2] == channels,
        f"factor and offset must have shape {channels!r}, not {inputs[1]!r} and {inputs[2]!r}",
    )
    return [inputs[0]]


def _reduced(operator: op.Reduction, inputs: list[Shape]) -> list[Shape]:
    (source,) = inputs
    _whole("axes", operator.axes, len(set(operator.axes)), 0, len(source) - 1)
    if operator.keep_dimensions:
        return [tuple(1 if n in operator.axes else size for n, size in enumerate(source))]
    return [tuple(size for n, size in enumerate(source) if n not in operator.axes)]


def _pad(operator: op.Pad, inputs: list[Shape]) -> list[Shape]:
    (source,) = inputs
    _demand(
        len(operator.padding) == len(source),
        f"padding must have a pair for each of {len(source)} axes, not {operator.padding!r}",
    )
    for pair in operator.padding:
        _whole("padding", pair, 2, 0, 1 << 31)
    pairs = zip(source, operator.padding, strict=True)
    return [tuple(before + size + after for size, (before, after) in pairs)]


def _concat(operator: op.Concat, inputs: list[Shape]) -> list[Shape]:
    axis = _axis(operator.axis, len(inputs[0]))
    rests = {(shape[:axis], shape[axis + 1 :], len(shape)) for shape in inputs}
    _demand(len(rests) == 1, f"inputs must differ along axis {axis} only, not {inputs!r}")
    total = sum(shape[axis] for shape in inputs)
    return [(*inputs[0][:axis], total, *inputs[0][axis + 1 :])]


def _reshape(operator: op.Reshape, inputs: list[Shape]) -> list[Shape]:
    _whole("shape", operator.shape, len(operator.shape), 1, 1 << 31)
    _demand(
        math.prod(operator.shape) == math.prod(inputs[0]),
        f"shape must hold as many values as {inputs[0]!r}, not {operator.shape!r}",
    )
    return [operator.shape]


def _transpose(operator: op.Transpose, inputs: list[Shape]) -> list[Shape]:
    axes = list(range(len(inputs[0])))
    _demand(
        sorted(operator.permutation) == axes,
        f"permutation must be of the axes {axes!r}, not {operator.permutation!r}",
    )
    return [tuple(inputs[0][axis] for axis in operator.permutation)]


def _slice(operator: op.Slice, inputs: list[Shape]) -> list[Shape]:
    (source,) = inputs
    count = len(source)
    _whole("starts", operator.starts, count, 0, 1 << 31)
    _whole("sizes", operator.sizes, count, 1, 1 << 31)
    _whole("steps", operator.steps, count, -(1 << 31), 1 << 31)
    _whole("removed", operator.removed, len(set(operator.removed)), 0, count - 1)
    for axis, size in enumerate(source):
        start, step, pieces = operator.starts[axis], operator.steps[axis], operator.sizes[axis]
        last = start + (pieces - 1) * step
        _demand(
            step != 0 and start < size and 0 <= last < size,
            f"slice must lie within the {size} values of axis {axis}, "
            f"not at {start} ... {last} in steps of {step}",
        )
        _demand(
            axis not in operator.removed or pieces == 1,
            f"removed axes must have one value, but axis {axis} has {pieces}",
        )
    return [tuple(n for axis, n in enumerate(operator.sizes) if axis not in operator.removed)]


def _split(operator: op.Split, inputs: list[Shape]) -> list[Shape]:
    (source,) = inputs
    axis = _axis(operator.axis, len(source))
    _whole("sizes", operator.sizes, len(operator.outputs), 1, 1 << 31)
    _demand(
        sum(operator.sizes) == source[axis],
        f"sizes must sum to the {source[axis]} values of axis {axis}, not {operator.sizes!r}",
    )
    return [(*source[:axis], size, *source[axis + 1 :]) for size in operator.sizes]


def _unpack(operator: op.Unpack, inputs: list[Shape]) -> list[Shape]:
    (source,) = inputs
    axis = _axis(operator.axis, len(source))
    _demand(
        len(operator.outputs) == source[axis],
        f"outputs must be the {source[axis]} slices of axis {axis}, not {len(operator.outputs)}",
    )
    return [(*source[:axis], *source[axis + 1 :])] * source[axis]


def _pack(operator: op.Pack, inputs: list[Shape]) -> list[Shape]:
    axis = _axis(operator.axis, len(inputs[0]) + 1)
    _demand(len(set(inputs)) == 1, f"inputs must have one shape, not {inputs!r}")
    return [(*inputs[0][:axis], len(inputs), *inputs[0][axis:])]


def _gather(operator: op.Gather, inputs: list[Shape]) -> list[Shape]:
    axis = _axis(operator.axis, len(inputs[0]))
    return [(*inputs[0][:axis], *inputs[1], *inputs[0][axis + 1 :])]


def _gather_nd(operator: op.GatherNd, inputs: list[Shape]) -> list[Shape]:
    values, indices = inputs
    _demand(
        len(indices) > 0 and indices[-1] <= len(values),
        f"indices must name at most {len(values)} axes, not shape {indices!r}",
    )
    return [(*indices[:-1], *values[indices[-1] :])]


def _resize(operator: op.Resize2d, inputs: list[Shape]) -> list[Shape]:
    batch, _, _, channels = _image(inputs[0])
    _whole("size", operator.size, 2, 1)
    _demand(
        not (operator.align_corners and operator.half_pixel_centers),
        "align_corners must not be combined with half_pixel_centers",
    )
    return [(batch, *operator.size, channels)]


def _arg_max(operator: op.ArgMax, inputs: list[Shape]) -> list[Shape]:
    (source,) = inputs
    axis = _axis(operator.axis, len(source))
    return [(*source[:axis], *source[axis + 1 :])]


def _binary(operator: op.Binary, inputs: list[Shape]) -> list[Shape]:
    return [broadcast(inputs[0], inputs[1])]


def _prelu(operator: op.Prelu, inputs: list[Shape]) -> list[Shape]:
    source, slopes = inputs
    _demand(len(source) <= 4, f"input must have at most 4 axes, not shape {source!r}")
    _demand(
        broadcast(source, slopes) == source,
        f"slopes must fit shape {source!r}, not have shape {slopes!r}",
    )
    return [source]


_RULES: dict[type[op.Operator], Callable[[Any, list[Shape]], list[Shape]]] = {
    op.AdaptiveAveragePool2d: _adaptive,
    op.ArgMax: _arg_max,
    op.BatchNorm2d: _batch_norm,
    op.Binary: _binary,
    op.Concat: _concat,
    op.Conv2d: _conv2d,
    op.ConvTranspose2d: _conv_transpose2d,
    op.Gather: _gather,
    op.GatherNd: _gather_nd,
    op.Linear: _linear,
    op.Pack: _pack,
    op.Pad: _pad,
    op.Pool2d: _pool2d,
    op.Prelu: _prelu,
    op.Reduction: _reduced,
    op.Reshape: _reshape,
    op.Resize2d: _resize,
    op.Slice: _slice,
    op.Split: _split,
    op.Transpose: _transpose,
    op.Unpack: _unpack,
}
