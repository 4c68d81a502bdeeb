# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Constants, and arithmetic on shapes, which files write as operators: small integers."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from macaw.nn.errors import ModelError
from macaw.nn.onnx.site import Site
from macaw.nn.onnx.values import Held, Real

__all__ = ["folded"]

_MOST = 64
_INTEGERS = {6: np.int32, 7: np.int64}


def folded(site: Site) -> NDArray[Any] | None:
    """The result of an operator that is known before any image is; otherwise None."""
    kind = site.node.kind
    if kind == "Constant":
        return _constant(site)
    if kind == "Shape":
        return _shape(site)
    rule = _RULES.get(kind)
    values = [site.builder.values.get(name) for name in site.node.inputs if name]
    operands = [
        value.data
        for value in values
        if isinstance(value, Held) and value.data is not None and value.data.size <= _MOST
    ]
    if rule is None or not operands or len(operands) < len(values):
        return None
    if any(operand.dtype not in (np.int32, np.int64) for operand in operands):
        return None
    try:
        with np.errstate(all="ignore"):
            result = np.asarray(rule(site, operands))
    except ModelError:
        raise
    except (ValueError, IndexError, TypeError):
        raise ModelError("constant operands must fit each other") from None
    return result if result.size <= _MOST else None


def _constant(site: Site) -> NDArray[Any]:
    if len(site.node.attributes) != 1:
        raise ModelError("the constant must have one value")
    ((name, value),) = site.node.attributes.items()
    if name == "value" and isinstance(value, np.ndarray):
        return value
    if name in ("value_int", "value_ints"):
        return np.array(value, np.int64)
    if name in ("value_float", "value_floats"):
        return np.array(value, np.float32)
    raise ModelError(f"the constant must be numbers, not {name}")


def _shape(site: Site) -> NDArray[Any]:
    site.inputs(1)
    value = site.value(0)
    held = value.held if isinstance(value, Real) else value
    if not isinstance(held, Held):
        raise ModelError(f"the shape of what {held.kind} gives must not be asked for")
    count = len(held.shape)
    start, end = site.attribute("start", 0), site.attribute("end", count)
    return np.array(held.shape[start:end], np.int64)


def _cast(site: Site, operands: list[NDArray[Any]]) -> NDArray[Any]:
    return operands[0].astype(_INTEGERS[site.attribute("to", 0, among=tuple(_INTEGERS))])


def _reshape(site: Site, operands: list[NDArray[Any]]) -> NDArray[Any]:
    return operands[0].reshape(tuple(operands[1].reshape(-1)))


def _axes(site: Site, operands: list[NDArray[Any]]) -> tuple[int, ...]:
    if len(operands) > 1:
        return tuple(int(axis) for axis in operands[1].reshape(-1))
    return tuple(site.attribute("axes", ()))


def _slice(site: Site, operands: list[NDArray[Any]]) -> NDArray[Any]:
    starts, ends, *rest = (operand.reshape(-1) for operand in operands[1:])
    data = operands[0]
    axes = rest[0] if rest else range(len(starts))
    steps = rest[1] if len(rest) > 1 else [1] * len(starts)
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        places = slice(int(start), int(end), int(step)).indices(data.shape[axis])
        data = data.take(range(*places), int(axis))
    return data


def _constant_of_shape(site: Site, operands: list[NDArray[Any]]) -> NDArray[Any]:
    value = site.attribute("value", np.zeros(1, np.int64))
    shape = tuple(int(size) for size in operands[0].reshape(-1))
    if value.size != 1 or value.dtype not in (np.int32, np.int64) or not _small(shape):
        raise ModelError(f"the constant must be at most {_MOST} integers, not of shape {shape!r}")
    return np.full(shape, value.reshape(()))


def _expand(site: Site, operands: list[NDArray[Any]]) -> NDArray[Any]:
    data, wanted = operands
    shape = np.broadcast_shapes(data.shape, tuple(wanted.reshape(-1).tolist()))
    return np.broadcast_to(data, shape)


def _tile(site: Site, operands: list[NDArray[Any]]) -> NDArray[Any]:
    data, repeats = operands[0], tuple(operands[1].reshape(-1).tolist())
    if len(repeats) != data.ndim or not _small(repeats):
        raise ModelError(f"repeats must be {data.ndim} of at most {_MOST}, not {repeats!r}")
    return np.tile(data, repeats)


def _small(shape: tuple[int, ...]) -> bool:
    return all(0 <= size <= _MOST for size in shape) and math.prod(shape) <= _MOST


def _transpose(site: Site, operands: list[NDArray[Any]]) -> NDArray[Any]:
    return operands[0].transpose(site.node.attributes.get("perm"))


def _positive(values: NDArray[Any]) -> NDArray[Any]:
    """Operands of a division, which rounds otherwise for negative ones."""
    if np.any(values <= 0):
        raise ValueError
    return values


_RULES: dict[str, Callable[[Site, list[NDArray[Any]]], Any]] = {
    "Add": lambda site, operands: np.add(*operands),
    "Cast": _cast,
    "Concat": lambda site, operands: np.concatenate(operands, axis=site.attribute("axis", 0)),
    "ConstantOfShape": _constant_of_shape,
    "Div": lambda site, operands: np.floor_divide(*map(_positive, operands)),
    "Expand": _expand,
    "Gather": lambda site, operands: operands[0].take(operands[1], site.attribute("axis", 0)),
    "Identity": lambda site, operands: operands[0],
    "Mul": lambda site, operands: np.multiply(*operands),
    "Reshape": _reshape,
    "Slice": _slice,
    "Squeeze": lambda site, operands: np.squeeze(operands[0], _axes(site, operands) or None),
    "Sub": lambda site, operands: np.subtract(*operands),
    "Tile": _tile,
    "Transpose": _transpose,
    "Unsqueeze": lambda site, operands: np.expand_dims(operands[0], _axes(site, operands)),
}
