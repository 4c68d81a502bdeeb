# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Real numbers between pairs: what the runtime fuses, and what it passes a pair through.

Everything here was found by asking ONNX Runtime 1.32 for its optimised graphs (source:
onnxruntime/core/optimizer/qdq_transformer). What it leaves in float32 is refused where its bits
cannot be told: a convolution of real numbers has no order of its sums.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from macaw.nn.errors import ModelError
from macaw.nn.graph import DType, Quantization
from macaw.nn.graph import operators as op
from macaw.nn.onnx.site import Site
from macaw.nn.onnx.values import Held, Pending, Real, Value

__all__ = ["CLIPS", "clipped", "dequantize_linear", "fusible", "moved", "quantize_linear"]

_BYTES = (DType.INT8, DType.UINT8)
#: Through these a DequantizeLinear is passed on, and a QuantizeLinear back.
_PASSED = {"Identity", "MaxPool", "Reshape", "Slice", "Squeeze", "Transpose", "Unsqueeze"}
_DEEPEST = 32


def fusible(site: Site, index: int, behind: tuple[str, ...] = ()) -> Held:
    """The integers behind an input that must be real numbers, dequantised; ``behind`` are kinds
    of operators that may stand between."""
    value, name = site.value(index), site.node.inputs[index]
    if not isinstance(value, Real):
        raise ModelError(f"input {name!r} must come from a DequantizeLinear")
    if value.hidden and value.hidden not in behind:
        raise ModelError(
            f"input {name!r} must come from a DequantizeLinear, not from {value.hidden}: "
            "put a QuantizeLinear and a DequantizeLinear between"
        )
    if value.moved:
        _only_use(site, index)
    return value.held


def quantize_linear(site: Site) -> None:
    """QuantizeLinear: of an input of the graph, of a constant, or of what waits for it."""
    site.inputs(2, 3)
    label, value = site.label, site.value(0)
    meaning = site.meaning(1, 2, axis=0)
    dtype, quantization = meaning.dtype or DType.UINT8, meaning.quantization
    if isinstance(value, Held) and value.dtype == DType.FLOAT32 and value.data is not None:
        axis = site.axis(site.attribute("axis", 1), max(len(value.shape), 2))
        site.builder.define(label, _folded(label, value, dtype, quantization, axis))
        return
    if dtype not in _BYTES or len(quantization.scale) != 1:
        raise ModelError(f"{label!r} must be int8 or uint8, with one scale")
    site.builder.define(label, _quantised(site, label, value, dtype, quantization))


def _quantised(
    site: Site, label: str, value: Value, dtype: DType, quantization: Quantization
) -> Held:
    match value:
        case Pending():
            _only_use(site, 0)
            return value.finish(label, dtype, quantization)
        case Real():
            return _again(site, label, value, dtype, quantization)
        case Held() if value.dtype == DType.FLOAT32:
            image = site.builder.in_images(value)
            names = site.builder.names(value, image=image)
            return site.builder.emit(label, op.Quantize, names, dtype, quantization, image=image)
    raise ModelError(f"input {site.node.inputs[0]!r} must be float32, not {value.dtype}")


def _again(site: Site, label: str, value: Real, dtype: DType, quantization: Quantization) -> Held:
    """Integers that were dequantised and are quantised again."""
    held = value.held
    if (held.dtype, held.quantization) == (dtype, quantization):
        return held
    if value.paired:
        raise ModelError(
            "real numbers must be quantised with the scale, zero point and type that they were "
            "dequantised with, as the runtime merges two pairs into one"
        )
    image = site.builder.in_images(held)
    names = site.builder.names(held, image=image)
    return site.builder.emit(label, op.Requantize, names, dtype, quantization, image=image)


def _folded(label: str, value: Held, dtype: DType, quantization: Quantization, axis: int) -> Held:
    """A constant, quantised: ``RNE(fl(x / s)) + z``."""
    data = value.data
    assert data is not None
    scale = np.array(quantization.scale, np.float32)
    points = np.array(quantization.zero_point, np.float32)
    along = None
    if len(scale) > 1:
        if axis >= data.ndim or data.shape[axis] != len(scale):
            raise ModelError(f"scales must be one for each index of axis {axis}, not {len(scale)}")
        along = axis
        shape = [len(scale) if n == axis else 1 for n in range(data.ndim)]
        scale, points = scale.reshape(shape), points.reshape(shape)
    if dtype not in _BYTES:
        raise ModelError(f"constant {label!r} must be int8 or uint8, not {dtype}")
    limits = np.iinfo(dtype.value)
    with np.errstate(all="ignore"):
        numbers = np.clip(np.rint(data / scale) + points, limits.min, limits.max)
    if np.isnan(numbers).any():
        raise ModelError(f"constant {label!r} must be numbers")
    quantised = numbers.astype(dtype.value)
    meaning = Quantization(scale=quantization.scale, zero_point=quantization.zero_point, axis=along)
    return Held(label=label, shape=data.shape, dtype=dtype, quantization=meaning, data=quantised)


def dequantize_linear(site: Site) -> None:
    """DequantizeLinear: from now on the integers are real numbers."""
    site.inputs(2, 3)
    held = site.held(0, *_BYTES, DType.INT32)
    axis = site.attribute("axis", 1)
    rank = len(held.shape)
    # Where there is one scale, the axis means nothing.
    along = axis % rank if rank and -rank <= axis < rank else None
    meaning = site.meaning(1, 2, along)
    count = len(meaning.quantization.scale)
    if meaning.dtype not in (None, held.dtype):
        raise ModelError(f"the zero point must be {held.dtype}, not {meaning.dtype}")
    if held.data is None and (count != 1 or held.dtype == DType.INT32):
        raise ModelError(f"{held.label!r} must be int8 or uint8 with one scale, or constant")
    if count > 1 and (along is None or held.shape[along] != count):
        raise ModelError(f"scales must be one for each index of axis {axis}, not {count}")
    if site.attribute("block_size", 0):
        raise ModelError("block_size must be 0: scales of blocks are not supported")
    held = site.builder.scaled(held, meaning.quantization)
    paired = site.node.inputs[0] not in site.builder.unpaired
    site.builder.define(site.label, Real(held=held, paired=paired))


def _only_use(site: Site, index: int) -> None:
    """What is moved, or waits for a QuantizeLinear, must not be read by others: the runtime then
    fuses nothing."""
    name = site.node.inputs[index]
    if not site.builder.used_once(name):
        raise ModelError(f"{name!r} must be read by one operator only, so that it can be fused")


def moved(site: Site, apply: Callable[[str, Held], Held]) -> None:
    """An operator that moves values, or takes the greatest of them: ``apply`` makes it for a
    label and integers, or real numbers that are no integers at all."""
    value, label = site.value(0), site.label
    result: Value
    match value:
        case Held():
            result = apply(label, value)
        case Real():
            held = apply(label, value.held)
            result = replace(value, held=held, moved=True, hidden=_hidden(site, value))
        case Pending():
            result = _moved_back(site, value, apply)
    site.builder.define(label, result)


def _hidden(site: Site, value: Real) -> str:
    """Whether a DequantizeLinear does not come through an operator, and why."""
    kind = site.node.kind
    if value.hidden:
        return f"{kind} behind {value.hidden}"
    if value.moved and not site.builder.used_once(site.node.inputs[0]):
        return f"{kind} of what others read too"
    return "" if kind in _PASSED else kind


def _moved_back(site: Site, value: Pending, apply: Callable[[str, Held], Held]) -> Pending:
    """The QuantizeLinear that is to come is passed back to where the values are computed."""
    name, kind = site.node.inputs[0], site.node.kind
    _only_use(site, 0)
    if kind not in _PASSED or value.depth >= _DEEPEST:
        raise ModelError(
            f"a QuantizeLinear and a DequantizeLinear must stand between {value.kind} and {kind}"
        )

    def finish(label: str, dtype: DType, quantization: Quantization) -> Held:
        return apply(label, value.finish(name, dtype, quantization))

    return Pending(kind=value.kind, finish=finish, moved=True, depth=value.depth + 1)


#: The bounds of activations that are tables of integers where no operator takes them in.
CLIPS = {
    (0.0, np.inf): op.Activation.RELU,
    (0.0, 6.0): op.Activation.RELU6,
    (-1.0, 1.0): op.Activation.RELU_N1_TO_1,
}


def clipped(site: Site, low: float, high: float) -> None:
    """Real numbers within bounds.

    The runtime leaves the operator out where it would change nothing, as the QuantizeLinear that
    follows has no integers beyond the bounds (source: clip_quantizelinear.cc and
    relu_quantizelinear.cc in onnxruntime/core/optimizer).
    """
    value, kind = site.value(0), site.node.kind
    if isinstance(value, Held):
        raise ModelError(f"input {site.node.inputs[0]!r} must come from a DequantizeLinear")
    if isinstance(value, Pending):
        _only_use(site, 0)
        if value.moved or value.depth >= _DEEPEST:
            raise ModelError(f"{kind} must stand right behind {value.kind}")

    def finish(label: str, dtype: DType, quantization: Quantization) -> Held:
        covered = _covered(dtype, quantization, low, high)
        if isinstance(value, Pending):
            if not covered:
                raise ModelError(
                    f"{kind} behind {value.kind} must be covered by the range of the "
                    f"QuantizeLinear to {label!r}, so that it can be fused"
                )
            return value.finish(label, dtype, quantization)
        if covered:
            return _again(site, label, value, dtype, quantization)
        if (low, high) not in CLIPS or dtype != value.held.dtype:
            raise ModelError(f"bounds {low!r} ... {high!r} are not supported here")
        image = site.builder.in_images(value.held)
        names = site.builder.names(value.held, image=image)
        activation = CLIPS[low, high]
        return site.builder.emit(
            label, op.Relu, names, dtype, quantization, image=image, activation=activation
        )

    name, depth = (value.kind, value.depth + 1) if isinstance(value, Pending) else (kind, 0)
    site.builder.define(site.label, Pending(kind=name, finish=finish, depth=depth))


def _covered(dtype: DType, quantization: Quantization, low: float, high: float) -> bool:
    """Whether the bounds, quantised, are the limits of the integers, or lie beyond them."""
    limits = np.iinfo(dtype.value)
    with np.errstate(over="ignore"):
        steps = np.rint(np.array([low, high], np.float32) / np.float32(quantization.scale[0]))
    least, most = steps + quantization.zero_point[0]
    return bool(least <= limits.min and most >= limits.max)
