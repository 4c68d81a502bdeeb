# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Scales and biases of a layer, one entry per output channel, for `golden.engines`."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from macaw.arch.checks import integer

__all__ = ["ChannelScales", "channel_scales", "integer_bias", "positive_scale", "result_bounds"]


@dataclass(frozen=True)
class ChannelScales:
    """A layer's real parameters: what `channel_scales` makes of its arguments.

    ``weight`` (float64) and ``bias`` (float32, or ``None``) have one entry per output channel;
    ``per_tensor`` says that one weight scale was given for all.
    """

    input: float
    weight: NDArray[np.float64]
    output: float
    bias: NDArray[np.float32] | None
    per_tensor: bool

    @property
    def count(self) -> int:
        """The number of output channels."""
        return len(self.weight)


def positive_scale(what: str, value: Any) -> float:
    """``value`` as a float; ``ValueError`` unless it is positive, finite, and so in float32."""
    number = float(value)
    with np.errstate(over="ignore"):
        if not (math.isfinite(np.float32(number)) and np.float32(number) > 0):
            raise ValueError(f"{what} must be positive and finite, not {value!r}")
    return number


def channel_scales(
    *,
    input_scale: float,
    weight_scales: ArrayLike,
    output_scale: float,
    bias: ArrayLike | None,
    out_channels: int | None,
) -> ChannelScales:
    """The arguments of an engine, checked and spread over the output channels.

    A scalar ``weight_scales`` means per tensor, a sequence per channel. ``out_channels`` is
    needed where neither ``weight_scales`` nor ``bias`` has an entry per channel.

    Raises ``ValueError`` for scales that are not positive and finite, for a bias that is not
    finite, and for numbers of entries that contradict each other or are unknown.
    """
    scales = np.asarray(weight_scales, np.float64)
    values = None if bias is None else np.asarray(bias, np.float32)
    counts = {len(array) for array in (scales, values) if array is not None and array.ndim == 1}
    if out_channels is not None:
        counts.add(integer("out_channels", out_channels, 1, 1 << 16))
    if scales.ndim > 1 or (values is not None and values.ndim != 1) or len(counts) != 1:
        raise ValueError(
            "weight_scales, bias and out_channels must agree on the number of output channels, "
            f"not weight_scales of shape {scales.shape!r}, bias of shape "
            f"{None if values is None else values.shape!r} and {out_channels!r}"
        )
    for scale in np.unique(scales):
        positive_scale("weight_scales", scale)
    if values is not None and not np.all(np.isfinite(values)):
        raise ValueError(f"bias must be finite, not {bias!r}")
    return ChannelScales(
        input=positive_scale("input_scale", input_scale),
        weight=np.array(np.broadcast_to(scales, (counts.pop(),))),
        output=positive_scale("output_scale", output_scale),
        bias=values,
        per_tensor=scales.ndim == 0,
    )


def integer_bias(bias: ArrayLike | None, count: int) -> tuple[int, ...]:
    """An int32 ``bias`` as a tuple, zeros for ``None``; ``TypeError`` for other types, and
    ``ValueError`` for other shapes than [count]."""
    if bias is None:
        return (0,) * count
    values = np.asarray(bias)
    if not np.issubdtype(values.dtype, np.integer):
        raise TypeError(f"bias must be integers, not {values.dtype}")
    if values.shape != (count,):
        raise ValueError(f"bias must have {count} entries, not shape {values.shape!r}")
    return tuple(int(value) for value in values)


def result_bounds(zero_point: int, *, signed: bool, relu: bool = False) -> dict[str, Any]:
    """The fields ``zero_point``, ``minimum``, ``maximum`` and ``signed`` of a requantisation.

    A fused ReLU raises the minimum to the zero point.
    """
    low, high = (-128, 127) if signed else (0, 255)
    value = integer("zero_point", zero_point, low, high)
    return {
        "zero_point": value,
        "minimum": value if relu else low,
        "maximum": high,
        "signed": signed,
    }
