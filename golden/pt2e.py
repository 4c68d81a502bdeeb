# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""PyTorch's exported programs: float32 between pairs of quantise and dequantise.

What sums many values is exact here, because scales are powers of two: see `macaw.nn.exact`. Then a
result is rounded where it is quantised, ``clamp(RNE(fl(x * fl(1 / s))) + z)``, and in other
operators of single values once more for each step (source: ``quantize_per_tensor`` and
``dequantize_per_tensor`` in torch/ao/quantization/fx/_decomposed.py).
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from macaw.arch import Mode, Requantization, float32_multiplier
from macaw.golden.channels import channel_scales, integer_bias
from macaw.golden.fixed_point import Affine, clamp_bytes
from macaw.golden.float32 import float32
from macaw.golden.quantize import dequantize
from macaw.golden.torch_numbers import VECTORS, inverse

__all__ = [
    "average",
    "average_requantization",
    "binary",
    "limits",
    "quantize",
    "requantization",
    "rescaled",
]


def quantize(values: ArrayLike, unit: Affine, dtype: Any) -> NDArray[Any]:
    """``clamp(RNE(fl(x * fl(1 / s))) + z)``, as int8 or uint8.

    >>> quantize([0.5, 1.5, 1000.0], Affine(1.0, 3), np.int8)
    array([  3,   5, 127], dtype=int8)
    """
    return VECTORS.quantize(values, unit, dtype)


def limits(low: float, high: float, unit: Affine, dtype: Any) -> tuple[int, int]:
    """The 8-bit values of two bounds, which may be infinite.

    >>> limits(0.0, 6.0, Affine(0.0625, -128), np.int8)
    (-128, -32)
    """
    first, last = (int(level) for level in quantize([low, high], unit, dtype))
    return first, last


def requantization(
    *,
    input_scale: float,
    weight_scales: ArrayLike,
    output_scale: float,
    bias: ArrayLike | None,
    zero_point: int,
    bounds: tuple[int, int],
    signed: bool,
    out_channels: int | None = None,
) -> Requantization:
    """Convolutions and linear layers, mode ``float32``: the sum is exact and has one scale, so
    ``m = s_x * s_w * fl(1 / s_o)`` rounds once, as the program does.

    ``bias`` is int32 in units of the sums, or ``None``; ``bounds`` are the least and the greatest
    result. The scales of image and weights are powers of two. Raises what
    `macaw.golden.qnnpack_requantization` raises.
    """
    scales = channel_scales(
        input_scale=input_scale,
        weight_scales=weight_scales,
        output_scale=output_scale,
        bias=None,
        out_channels=out_channels if bias is None else np.size(bias),
    )
    factors = float32(scales.input * scales.weight) * inverse(scales.output)
    pairs = [float32_multiplier(float(factor)) for factor in factors]
    return Requantization(
        mode=Mode.FLOAT32,
        bias=integer_bias(bias, scales.count),
        multiplier=tuple(multiplier for multiplier, _ in pairs),
        shift=tuple(shift for _, shift in pairs),
        zero_point=zero_point,
        minimum=bounds[0],
        maximum=bounds[1],
        signed=signed,
    )


def average(
    sums: NDArray[Any], counts: ArrayLike, *, operand: Affine, result: Affine, dtype: Any
) -> NDArray[Any]:
    """Of sums t of n values ``q - z``: ``RNE(t * s / (n * s_o)) + z_o``, rounded once. float64 is
    exact where that is a tie, and elsewhere nearer to it than to one.

    >>> unit = Affine(0.5, -128)
    >>> average(np.array([6, 10]), 4, operand=unit, result=unit, dtype=np.int8)
    array([-126, -126], dtype=int8)
    """
    scaled = sums * (operand.scale / result.scale) / np.asarray(counts, np.float64)
    return clamp_bytes(np.rint(scaled) + result.zero_point, dtype)


def average_requantization(
    count: int, *, channels: int, operand: Affine, result: Affine, signed: bool
) -> Requantization:
    """The same of ``count`` values as one multiplication in float32.

    ``fl(1 / n)`` takes all but ties to where they belong. Raises ``ValueError`` where a tie would
    leave its place.
    """
    ratio = operand.scale / result.scale
    factor = np.float32(1) / np.float32(count) * np.float32(ratio)
    ties = np.arange(-255.5, 256) * count / ratio
    whole = ties[ties == np.rint(ties)]
    if np.any(float32(whole) * factor != float32(whole * ratio / count)):
        raise ValueError(f"a mean must have no ties that {count} times a float32 misses")
    multiplier, shift = float32_multiplier(float(factor))
    low, high = (-128, 127) if signed else (0, 255)
    return Requantization(
        mode=Mode.FLOAT32,
        bias=(0,) * channels,
        multiplier=(multiplier,) * channels,
        shift=(shift,) * channels,
        zero_point=result.zero_point,
        minimum=low,
        maximum=high,
        signed=signed,
    )


def binary(
    function: Any,
    first: NDArray[Any],
    second: NDArray[Any],
    *,
    operands: tuple[Affine, Affine],
    result: Affine,
    bounds: tuple[int, int],
) -> NDArray[Any]:
    """A function of two real numbers in float32, such as ``np.add``, between ``bounds``.

    >>> unit = Affine(0.5, 0)
    >>> a, b = np.int8([100, -3]), np.int8([100, 4])
    >>> binary(np.add, a, b, operands=(unit, unit), result=unit, bounds=(0, 127))
    array([127,   1], dtype=int8)
    """
    real = function(dequantize(first, *operands[0]), dequantize(second, *operands[1]))
    return clamp_bytes(quantize(real, result, first.dtype), first.dtype, bounds)


def rescaled(values: NDArray[Any], *, operand: Affine, result: Affine, dtype: Any) -> NDArray[Any]:
    """The same numbers with another scale, zero point or type."""
    return quantize(dequantize(values, *operand), result, dtype)
