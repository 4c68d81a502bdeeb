# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Sums, products, poolings and functions of single values, of integers and of real numbers."""

from collections.abc import Callable
from typing import Any

import numpy as np

from macaw.nn.errors import ModelError
from macaw.nn.graph import DType, Quantization
from macaw.nn.graph import operators as op
from macaw.nn.onnx.real import clipped, fusible, moved
from macaw.nn.onnx.site import Site
from macaw.nn.onnx.values import UNIT, Held, Pending, Real, Value
from macaw.nn.onnx.windows import window

__all__ = ["OPERATORS"]

_BYTES = (DType.INT8, DType.UINT8)
#: An operator over tensors of integers; label, type and quantization of the result follow.
_Maker = Callable[..., Held]
_Convert = Callable[[Site], None]


def _single(kind: Any, **attributes: Callable[[Site], Any]) -> _Maker:
    """An operator on single values of one tensor, or of several of one layout."""

    def make(site: Site, helds: list[Held], label: str, *result: Any) -> Held:
        image = site.builder.in_images(*helds)
        names = site.builder.names(*helds, image=image)
        values = {name: read(site) for name, read in attributes.items()}
        return site.builder.emit(label, kind, names, *result, image=image, **values)

    return make


def _average_pool(site: Site, helds: list[Held], label: str, *result: Any) -> Held:
    site.attribute("channels_last", 0, among=(0,))
    places = window(site, helds[0].shape)
    counted = bool(site.attribute("count_include_pad", 0, among=(0, 1)))
    if places.dilation != (1, 1) or (counted and places.widened):
        raise ModelError("dilations, and ceil_mode with count_include_pad, are not supported")
    return site.builder.emit(
        label, op.AveragePool2d, (site.builder.image(helds[0]),), *result, image=True,
        kernel=places.kernel, stride=places.stride, padding=places.padding, count_padding=counted,
    )  # fmt: skip


def _global_average(site: Site, helds: list[Held], label: str, *result: Any) -> Held:
    site.attribute("channels_last", 0, among=(0,))
    name = site.builder.image(helds[0])
    return site.builder.emit(
        label, op.Mean, (name,), *result, image=True, axes=(1, 2), keep_dimensions=True
    )


def _concat(site: Site, helds: list[Held], label: str, *result: Any) -> Held:
    image = site.builder.in_images(*helds)
    axis = site.axis(site.attribute("axis", 0), len(helds[0].shape))
    if "axis" not in site.node.attributes:
        raise ModelError("axis must be given")
    names = site.builder.names(*helds, image=image)
    place = (0, 3, 1, 2)[axis] if image else axis
    return site.builder.emit(label, op.Concat, names, *result, image=image, axis=place)


def _integers(maker: _Maker, count: int) -> _Convert:
    """An operator of integers: ``count`` tensors, each with scale and zero point, then those of
    the result."""

    def convert(site: Site) -> None:
        site.inputs(3 * count + 1, 3 * count + 2)
        helds = [site.quantised(3 * n, 3 * n + 1, 3 * n + 2) for n in range(count)]
        result = site.result(3 * count, 3 * count + 1)
        _check_types(helds, result[0])
        site.builder.define(site.label, maker(site, helds, site.label, *result))

    return convert


def _check_types(helds: list[Held], dtype: DType) -> None:
    found = sorted({dtype, *(held.dtype for held in helds)})
    if len(found) > 1:
        raise ModelError(f"inputs and result must be of one type, not {' and '.join(found)}")


def _reals(maker: _Maker, low: int, high: int | None = None) -> _Convert:
    """An operator of real numbers, each dequantised, and then quantised."""

    def convert(site: Site) -> None:
        count = len(site.inputs(low, high))
        helds = [fusible(site, index) for index in range(count)]

        def finish(label: str, dtype: DType, quantization: Quantization) -> Held:
            _check_types(helds, dtype)
            return maker(site, helds, label, dtype, quantization)

        site.builder.define(site.label, Pending(kind=site.node.kind, finish=finish))

    return convert


def _function(kind: Any) -> _Convert:
    """A function of single real numbers: a table, whether the runtime fuses it or not, and the
    same numbers in float32, where it is an output."""
    maker = _single(kind)

    def convert(site: Site) -> None:
        site.inputs(1)
        value = site.value(0)
        if not isinstance(value, Real):
            raise ModelError(f"input {site.node.inputs[0]!r} must come from a DequantizeLinear")

        def finish(label: str, dtype: DType, quantization: Quantization) -> Held:
            _check_types([value.held], dtype)
            return maker(site, [value.held], label, dtype, quantization)

        def in_float32(label: str) -> Held:
            real = site.builder.dequantized(site.node.inputs[0], value.held)
            return maker(site, [real], label, DType.FLOAT32, None)

        pending = Pending(kind=site.node.kind, finish=finish, in_float32=in_float32)
        site.builder.define(site.label, pending)

    return convert


def _arg_max(site: Site) -> None:
    """ArgMax, of integers, or of real numbers, whose order is that of their integers."""
    site.inputs(1)
    site.attribute("select_last_index", 0, among=(0,))
    value = site.value(0)
    held = value.held if isinstance(value, Real) else value
    if not isinstance(held, Held):
        raise ModelError(f"a QuantizeLinear must stand between {held.kind} and ArgMax")
    axis = site.axis(site.attribute("axis", 0), len(held.shape))
    name, label = site.builder.plain(held), site.label
    kept = bool(site.attribute("keepdims", 1, among=(0, 1)))
    shape = tuple(1 if n == axis else size for n, size in enumerate(held.shape))
    first = f"{label}#flat" if kept else label
    result = site.builder.emit(first, op.ArgMax, (name,), DType.INT64, None, axis=axis)
    if kept:
        name = site.builder.plain(result)
        result = site.builder.emit(label, op.Reshape, (name,), DType.INT64, None, shape=shape)
    site.builder.define(label, result)


def _qlinear_concat(site: Site) -> None:
    count = len(site.inputs(5, 1 << 16)) - 2
    if count % 3:
        raise ModelError("inputs must have a scale and a zero point each")
    result = site.result(0, 1)
    helds = [site.quantised(2 + n, 3 + n, 4 + n) for n in range(0, count, 3)]
    _check_types(helds, result[0])
    site.builder.define(site.label, _concat(site, helds, site.label, *result))


def _plain_concat(site: Site) -> None:
    """Concat: of integers as they are; of real numbers with a pair around."""
    values: list[Value] = [site.value(index) for index in range(len(site.inputs(1, 1 << 16)))]
    helds = [value for value in values if isinstance(value, Held)]
    if len(helds) < len(values):
        _reals(_concat, 1, 1 << 16)(site)
        return
    first = helds[0]
    if any((held.dtype, held.quantization) != (first.dtype, first.quantization) for held in helds):
        raise ModelError("inputs must be of one type, with one scale and zero point")
    meaning = first.quantization or UNIT
    helds = [site.builder.scaled(held, meaning) for held in helds]
    site.builder.define(site.label, _concat(site, helds, site.label, first.dtype, meaning))


def _max_pool(site: Site) -> None:
    site.inputs(1)
    site.results(1)
    site.attribute("storage_order", 0, among=(0,))

    def apply(label: str, held: Held) -> Held:
        if held.dtype not in _BYTES:
            raise ModelError(f"{held.label!r} must be int8 or uint8, not {held.dtype}")
        places = window(site, held.shape)
        if places.dilation != (1, 1):
            raise ModelError(f"dilations must be (1, 1), not {places.dilation!r}")
        held = site.builder.scaled(held, held.quantization or UNIT)
        return site.builder.emit(
            label, op.MaxPool2d, (site.builder.image(held),), held.dtype, held.quantization,
            image=True, kernel=places.kernel, stride=places.stride, padding=places.padding,
        )  # fmt: skip

    moved(site, apply)


def _relu(site: Site) -> None:
    site.inputs(1)
    _bounded(site, 0.0, np.inf)


def _clip(site: Site) -> None:
    if site.builder.opset < 11:
        site.inputs(1)
        bounds = [float(site.attribute(name, limit)) for name, limit in _LIMITS]
    else:
        site.inputs(1, 3)
        bounds = []
        for index, (name, limit) in enumerate(_LIMITS, 1):
            if not site.has(index):
                bounds.append(limit)
                continue
            data = site.array(index, name)
            if data.size != 1:
                raise ModelError(f"{name} must be one number, not {data.size}")
            bounds.append(float(data.reshape(())))
    if any(bound != bound for bound in bounds):
        raise ModelError("bounds must be numbers")
    _bounded(site, *bounds)


_LIMITS = (("min", -np.inf), ("max", np.inf))


def _bounded(site: Site, low: float, high: float) -> None:
    """Bounds of real numbers; or of integers, as they are stored."""
    value = site.value(0)
    if not isinstance(value, Held):
        clipped(site, low, high)
        return
    if value.dtype not in _BYTES:
        raise ModelError(f"input {site.node.inputs[0]!r} must be int8 or uint8, not {value.dtype}")
    held = site.builder.scaled(value, value.quantization or UNIT)
    limits = np.iinfo(held.dtype.value)
    steps: list[tuple[Any, float]] = []
    if low > limits.min:
        steps.append((op.Maximum, low))
    if high < limits.max:
        steps.append((op.Minimum, high))
    for left, (kind, bound) in enumerate(steps, 1 - len(steps)):
        number = np.full((1,) * len(held.shape), np.clip(bound, limits.min, limits.max))
        constant = site.builder.constant(
            f"{site.label}#bound", number.astype(held.dtype.value), held.quantization
        )
        image = site.builder.in_images(held)
        names = site.builder.names(held, constant, image=image)
        label = f"{site.label}#bounded" if left else site.label
        held = site.builder.emit(label, kind, names, held.dtype, held.quantization, image=image)
    site.builder.define(site.label, held)


def _instead(advice: str) -> _Convert:
    """An operator that is refused, and what would do in its place."""

    def convert(site: Site) -> None:
        raise ModelError(advice.format(site.node.inputs[0] if site.node.inputs else ""))

    return convert


_add, _multiply = _single(op.Add), _single(op.Multiply)
_leaky = _single(op.LeakyRelu, alpha=lambda site: site.finite("alpha", 0.01))
_sigmoid = _single(op.Logistic)

#: The conversion of each such operator, by its name.
OPERATORS: dict[str, _Convert] = {
    "Add": _reals(_add, 2),
    "ArgMax": _arg_max,
    "AveragePool": _reals(_average_pool, 1),
    "BatchNormalization": _instead("it must be folded into the convolution before it"),
    "Clip": _clip,
    "Concat": _plain_concat,
    "GlobalAveragePool": _reals(_global_average, 1),
    "HardSwish": _function(op.HardSwish),
    "LeakyRelu": _reals(_leaky, 1),
    "MaxPool": _max_pool,
    "Mul": _reals(_multiply, 2),
    "QLinearAdd": _integers(_add, 2),
    "QLinearAveragePool": _integers(_average_pool, 1),
    "QLinearConcat": _qlinear_concat,
    "QLinearGlobalAveragePool": _integers(_global_average, 1),
    "QLinearLeakyRelu": _integers(_leaky, 1),
    "QLinearMul": _integers(_multiply, 2),
    "QLinearSigmoid": _integers(_sigmoid, 1),
    "ReduceMean": _instead(
        "it is computed in float32: over height and width, GlobalAveragePool does it in integers"
    ),
    "Relu": _relu,
    "Sigmoid": _function(op.Logistic),
    "Softmax": _instead(
        "sums of exponentials are no integers: let the file end at {0!r}, which "
        "onnx.utils.extract_model does"
    ),
    "Tanh": _function(op.Tanh),
}
