# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The same network on images whose rows and columns are exchanged."""

import math
from dataclasses import replace
from typing import Any, TypeVar

from numpy.typing import NDArray

from macaw.nn.errors import ModelError
from macaw.nn.graph import QuantizedGraph, Tensor
from macaw.nn.graph import operators as op
from macaw.nn.shapes import Shape

__all__ = ["transposed_images"]

_Entry = TypeVar("_Entry")

#: Where each axis of an image goes.
_AXES = (0, 2, 1, 3)


def transposed_images(graph: QuantizedGraph) -> QuantizedGraph:
    """A verified graph with axes 1 and 2 exchanged in all tensors of four axes, weights and other
    constants among them, and with kernels, strides, dilations, paddings and sizes to match.

    Names stay, and so do all other tensors. The result is verified too, and transposed again it is
    ``graph``. What an operator makes is what it made, in the other order, unless its runtime sums
    floating point numbers, or rounds by where in memory a value stands.

    Raises `ModelError` for operators by which the order of rows and columns is seen elsewhere, such
    as a reshape of an image to a vector, and for those that no rule here speaks of.
    """
    return replace(
        graph,
        tensors={name: _tensor(tensor) for name, tensor in graph.tensors.items()},
        operators=tuple(_operator(graph, operator) for operator in graph.operators),
        states=tuple(replace(state, initial=_array(state.initial)) for state in graph.states),
    )


def _exchanged(entries: tuple[_Entry, ...]) -> tuple[_Entry, ...]:
    """What belongs to each axis of a tensor, as its transposed form has it."""
    return tuple(entries[axis] for axis in _AXES) if len(entries) == 4 else entries


def _array(values: NDArray[Any]) -> NDArray[Any]:
    return values.transpose(_exchanged(tuple(range(values.ndim))))


def _tensor(tensor: Tensor) -> Tensor:
    shape, quantization = tensor.shape, tensor.quantization
    if len(shape) != 4:
        return tensor
    if quantization is not None and quantization.axis is not None:
        quantization = replace(quantization, axis=_AXES[quantization.axis])
    data = None if tensor.data is None else _array(tensor.data)
    return replace(tensor, shape=_exchanged(shape), quantization=quantization, data=data)


def _operator(graph: QuantizedGraph, operator: op.Operator) -> op.Operator:
    shapes = [graph.tensors[name].shape for name in (*operator.inputs, *operator.outputs)]
    if all(len(shape) != 4 for shape in shapes):
        return operator
    changed = _changed(operator, shapes)
    if changed is None:
        raise ModelError(
            f"{operator.outputs[0]}: {type(operator).__name__} must not depend on the order of "
            f"rows and columns, as from {shapes[0]} to {shapes[-1]}"
        )
    return changed


def _changed(operator: op.Operator, shapes: list[Shape]) -> op.Operator | None:
    """An operator with images among its operands and results, which have these ``shapes``; or
    nothing where it cannot be transposed."""
    given, result = shapes[0], shapes[-1]
    match operator:
        case op.Conv2d():
            return replace(
                operator,
                stride=_pair(operator.stride),
                dilation=_pair(operator.dilation),
                padding=_sides(operator.padding),
            )
        case op.ConvTranspose2d():
            return replace(
                operator,
                stride=_pair(operator.stride),
                offset=_pair(operator.offset),
                output_size=_pair(operator.output_size),
            )
        case op.Pool2d():
            return replace(
                operator,
                kernel=_pair(operator.kernel),
                stride=_pair(operator.stride),
                padding=_sides(operator.padding),
            )
        case op.AdaptiveAveragePool2d() | op.ResizeNearest():
            return replace(operator, size=_pair(operator.size))
        case op.Reduction() if len(given) == 4 and {1, 2} <= {*operator.axes}:
            return operator
        case op.Unary():
            return operator
        case op.Binary() | op.Prelu() if all(_has_place(shape) for shape in shapes):
            return operator
        case op.Concat() | op.Split():
            return replace(operator, axis=_AXES[operator.axis])
        case op.Pad():
            return replace(operator, padding=_exchanged(operator.padding))
        case op.Slice() if not operator.removed:
            return replace(
                operator,
                starts=_exchanged(operator.starts),
                steps=_exchanged(operator.steps),
                sizes=_exchanged(operator.sizes),
            )
        case op.Transpose():
            moved = tuple(_AXES[axis] for axis in operator.permutation)
            return replace(operator, permutation=_exchanged(moved))
        case op.Reshape() if given == result or (_in_order(given) and _in_order(result)):
            return replace(operator, shape=_exchanged(operator.shape))
        case op.Linear() if operator.keep_dimensions or _in_order(given):
            return operator
    return None


def _pair(pair: tuple[int, int]) -> tuple[int, int]:
    down, across = pair
    return across, down


def _sides(padding: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    top, bottom, left, right = padding
    return left, right, top, bottom


def _has_place(shape: Shape) -> bool:
    """Whether it is an image, or the same for all pixels of one."""
    return len(shape) == 4 or math.prod(shape[:-1]) == 1


def _in_order(shape: Shape) -> bool:
    """Whether the values are in one order, be it transposed or not."""
    return len(shape) != 4 or 1 in shape[1:3]
