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
from macaw.nn.moved_shapes import MOVEMENT
from macaw.nn.shape_checks import Shape, as_axis, as_image, broadcast, demand, whole

__all__ = ["Shape", "output_shapes"]


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


def _weights(shape: Shape, count: int) -> Shape:
    demand(len(shape) == count, f"weights must have {count} axes, not shape {shape!r}")
    return shape


def _bias(inputs: list[Shape], out_channels: int) -> None:
    if len(inputs) > 2:
        demand(
            inputs[2] == (out_channels,),
            f"bias must have shape {(out_channels,)!r}, not {inputs[2]!r}",
        )


def _conv2d(operator: op.Conv2d, inputs: list[Shape]) -> list[Shape]:
    image, weights = as_image(inputs[0]), _weights(inputs[1], 4)
    try:
        shape = operator.shape(image, weights)
    except (TypeError, ValueError) as error:
        raise ModelError(str(error)) from None
    demand(
        weights[3] == shape.group_in_channels,
        f"weights must have {shape.group_in_channels} input channels, not {weights[3]}",
    )
    _bias(inputs, shape.out_channels)
    return [(image[0], shape.output_height, shape.output_width, shape.out_channels)]


def _conv_transpose2d(operator: op.ConvTranspose2d, inputs: list[Shape]) -> list[Shape]:
    batch, _, _, channels = as_image(inputs[0])
    weights = _weights(inputs[1], 4)
    whole("stride", operator.stride, 2, 1)
    whole("offset", operator.offset, 2, 0)
    whole("output_size", operator.output_size, 2, 1)
    demand(weights[3] == channels, f"weights must have {channels} input channels, not {weights[3]}")
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
    demand(fits, f"input must be vectors of {in_features} values, not shape {source!r}")
    return [result]


def _pool2d(operator: op.Pool2d, inputs: list[Shape]) -> list[Shape]:
    batch, height, width, channels = as_image(inputs[0])
    whole("kernel", operator.kernel, 2, 1)
    whole("stride", operator.stride, 2, 1)
    whole("padding", operator.padding, 4, 0)
    top, bottom, left, right = operator.padding
    sizes = []
    for size, kernel, step, before, after in (
        (height, operator.kernel[0], operator.stride[0], top, bottom),
        (width, operator.kernel[1], operator.stride[1], left, right),
    ):
        demand(
            kernel <= size + before + after,
            f"kernel must fit into the padded image, not {kernel} into {size + before + after}",
        )
        demand(
            max(before, after) < kernel,
            f"padding must be smaller than the kernel, not {operator.padding!r}",
        )
        sizes.append((size + before + after - kernel) // step + 1)
    return [(batch, *sizes, channels)]


def _adaptive(operator: op.AdaptiveAveragePool2d, inputs: list[Shape]) -> list[Shape]:
    batch, _, _, channels = as_image(inputs[0])
    whole("size", operator.size, 2, 1)
    return [(batch, *operator.size, channels)]


def _batch_norm(operator: op.BatchNorm2d, inputs: list[Shape]) -> list[Shape]:
    channels = as_image(inputs[0])[3:]
    demand(
        inputs[1] == inputs[2] == channels,
        f"factor and offset must have shape {channels!r}, not {inputs[1]!r} and {inputs[2]!r}",
    )
    return [inputs[0]]


def _box_detection(operator: op.BoxDetection, inputs: list[Shape]) -> list[Shape]:
    codes, scores, anchors = inputs
    boxes = anchors[0] if len(anchors) == 2 else 0
    demand(anchors == (boxes, 4), f"anchors must have shape [boxes, 4], not {anchors!r}")
    demand(
        len(codes) == 3 and codes[:2] == (1, boxes) and codes[2] >= 4,
        f"codes must have shape [1, {boxes}, 4 or more], not {codes!r}",
    )
    whole("detections", (operator.detections,), 1, 1)
    whole("classes", (operator.classes,), 1, 1)
    whole("detections_per_class", (operator.detections_per_class,), 1, 1, (1 << 31) - 1)
    demand(
        scores in [(1, boxes, operator.classes + background) for background in (0, 1)],
        f"scores must have shape [1, {boxes}, {operator.classes} or one more], not {scores!r}",
    )
    count = operator.detections
    return [(1, count, 4), (1, count), (1, count), (1,)]


def _reduced(operator: op.Reduction, inputs: list[Shape]) -> list[Shape]:
    (source,) = inputs
    whole("axes", operator.axes, len(set(operator.axes)), 0, len(source) - 1)
    if operator.keep_dimensions:
        return [tuple(1 if n in operator.axes else size for n, size in enumerate(source))]
    return [tuple(size for n, size in enumerate(source) if n not in operator.axes)]


def _resize(operator: op.Resize2d, inputs: list[Shape]) -> list[Shape]:
    batch, _, _, channels = as_image(inputs[0])
    whole("size", operator.size, 2, 1)
    demand(
        not (operator.align_corners and operator.half_pixel_centers),
        "align_corners must not be combined with half_pixel_centers",
    )
    return [(batch, *operator.size, channels)]


def _arg_max(operator: op.ArgMax, inputs: list[Shape]) -> list[Shape]:
    (source,) = inputs
    axis = as_axis(operator.axis, len(source))
    return [(*source[:axis], *source[axis + 1 :])]


def _binary(operator: op.Binary, inputs: list[Shape]) -> list[Shape]:
    return [broadcast(inputs[0], inputs[1])]


def _prelu(operator: op.Prelu, inputs: list[Shape]) -> list[Shape]:
    source, slopes = inputs
    demand(len(source) <= 4, f"input must have at most 4 axes, not shape {source!r}")
    demand(
        broadcast(source, slopes) == source,
        f"slopes must fit shape {source!r}, not have shape {slopes!r}",
    )
    return [source]


_RULES: dict[type[op.Operator], Callable[[Any, list[Shape]], list[Shape]]] = {
    **MOVEMENT,
    op.AdaptiveAveragePool2d: _adaptive,
    op.ArgMax: _arg_max,
    op.BatchNorm2d: _batch_norm,
    op.Binary: _binary,
    op.BoxDetection: _box_detection,
    op.Conv2d: _conv2d,
    op.ConvTranspose2d: _conv_transpose2d,
    op.Linear: _linear,
    op.Pool2d: _pool2d,
    op.Prelu: _prelu,
    op.Reduction: _reduced,
    op.Resize2d: _resize,
}
