# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Formulas that are almost right: each must fail where the difficult layers test its mistake.

A rival takes the accumulators, our parameters, the layer and the engine.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from golden_layers import Layer
from numpy.typing import NDArray

from macaw.arch import Requantization
from macaw.golden import (
    AnyRequantization,
    Float32Bias,
    Float32Chain,
    fbgemm_requantization,
    onednn_requantization,
    qnnpack_requantization,
    requantize,
)
from macaw.golden.float32 import float32, fma32

__all__ = ["RIVALS", "Rival"]

Rival = Callable[[NDArray[np.int32], AnyRequantization, Layer, str], NDArray[Any]]


def _unrounded(accumulators: NDArray[np.int32], ours: AnyRequantization, kind: Any) -> Any:
    """The result before its zero point and last rounding, each step rounded to ``kind``."""
    values = accumulators.astype(np.int64)
    match ours:
        case Float32Chain():
            scaled = values.astype(kind) * kind(ours.input_scale)
            scaled = scaled * np.array(ours.weight_scale, kind) + np.array(ours.bias, kind)
            return scaled * kind(ours.output_multiplier)
        case Float32Bias():
            bias, scale = np.array(ours.bias, kind), np.array(ours.bias_scale, kind)
            if kind is np.float32:
                return fma32(bias, scale, values.astype(kind)) * float32(ours.multiplier)
            return (values + bias * scale) * np.array(ours.multiplier, kind)
        case _:
            biased = (values + np.array(ours.bias)).astype(np.int32).astype(kind)
            return biased * np.ldexp(np.array(ours.multiplier, kind), -np.array(ours.shift))


def _bounded(values: Any, ours: AnyRequantization) -> NDArray[Any]:
    return np.clip(values, ours.minimum, ours.maximum).astype(np.uint8)


def rounded_once(accumulators: Any, ours: Any, layer: Layer, engine: str) -> NDArray[Any]:
    """The real number, as good as float64 is, rounded once."""
    del layer, engine
    return _bounded(np.rint(_unrounded(accumulators, ours, np.float64)) + ours.zero_point, ours)


def half_away(accumulators: Any, ours: Any, layer: Layer, engine: str) -> NDArray[Any]:
    """All steps as they are but the last: ties away from zero instead of to even."""
    del layer, engine
    values = _unrounded(accumulators, ours, np.float32).astype(np.float64)
    if isinstance(ours, Float32Chain):
        values = np.float32(values) + np.float32(ours.zero_point)
        return _bounded(np.trunc(values.astype(np.float64) + np.copysign(0.5, values)), ours)
    return _bounded(np.trunc(values + np.copysign(0.5, values)) + ours.zero_point, ours)


def zero_point_misplaced(accumulators: Any, ours: Any, layer: Layer, engine: str) -> NDArray[Any]:
    """The zero point before the last rounding instead of after it, or the reverse."""
    del layer, engine
    values = _unrounded(accumulators, ours, np.float32)
    if isinstance(ours, Float32Chain):
        return _bounded(np.rint(values) + np.float32(ours.zero_point), ours)
    return _bounded(np.rint(values + np.float32(ours.zero_point)), ours)


def other_multiplier(accumulators: Any, ours: Any, layer: Layer, engine: str) -> NDArray[Any]:
    """A quotient where the engine takes a reciprocal, or the reverse."""
    scales = layer.scales()
    if isinstance(ours, Float32Chain):
        changed = Float32Chain(
            **{
                **vars(ours),
                "input_scale": float(np.float32(layer.input_scale)),
                "output_multiplier": float(np.float32(1) / np.float32(layer.output_scale)),
            }
        )
    elif isinstance(ours, Float32Bias):
        product = np.float32(layer.input_scale) * float32(layer.weight_scales)
        value = product * (np.float32(1) / np.float32(layer.output_scale))
        spread = np.broadcast_to(value, (layer.out_channels,))
        changed = Float32Bias(**{**vars(ours), "multiplier": tuple(spread)})
    else:
        other = fbgemm_requantization if engine == "qnnpack" else qnnpack_requantization
        theirs = other(**{**scales, "bias": None})
        changed = Requantization(
            **{**vars(ours), "multiplier": theirs.multiplier, "shift": theirs.shift}
        )
    return requantize(accumulators, changed)


def other_family(accumulators: Any, ours: Any, layer: Layer, engine: str) -> NDArray[Any]:
    """The float bias as an integer, or the integer bias as a float."""
    other = fbgemm_requantization if engine == "qnnpack" else qnnpack_requantization
    return requantize(accumulators, other(**layer.scales()))


def ulp_ignored(accumulators: Any, ours: Any, layer: Layer, engine: str) -> NDArray[Any]:
    """The weights' scales taken to the nearest power of two, one ulp away."""
    scales = layer.scales()
    scales["weight_scales"] = np.exp2(np.round(np.log2(layer.weight_scales)))
    function = {
        Float32Chain: onednn_requantization,
        Float32Bias: fbgemm_requantization,
        Requantization: qnnpack_requantization,
    }[type(ours)]
    return requantize(accumulators, function(**scales))


#: For each class a rival that fails in it, whatever the engine.
RIVALS: dict[str, Rival] = {
    "random shape": zero_point_misplaced,
    "near tie": rounded_once,
    "scales: powers of two": half_away,
    "scales: one ulp beside a power of two": ulp_ignored,
    "scales: random": other_multiplier,
    "zero point 0": half_away,
    "zero point 255": zero_point_misplaced,
    "zero point 128": zero_point_misplaced,
    "zero point odd": zero_point_misplaced,
    "bias: half-integer": other_family,
    "bias: cancels 2**25": other_family,
    "bias: about 2**30": rounded_once,
    "accumulators about 2**24": rounded_once,
    "multipliers 2**-36 ... 1": rounded_once,
}
