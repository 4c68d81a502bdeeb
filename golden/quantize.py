# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""From real numbers to 8 bits and back, as PyTorch and TensorFlow Lite do it."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from macaw.golden.float32 import float32, fma32, round_half_away, round_half_even

__all__ = ["choose_scale", "dequantize", "onnxruntime_quantize", "quantize", "tflite_quantize"]


def choose_scale(minimum: float, maximum: float, *, signed: bool = False) -> tuple[float, int]:
    """The scale and zero point for real numbers from ``minimum`` to ``maximum``.

    The range is widened to hold 0, which is then represented exactly; the whole type is used
    (source: ``_calculate_qparams`` of torch/ao/quantization/observer.py, affine, full range).

    >>> choose_scale(0.0, 2.55)
    (0.009999999776482582, 0)

    Raises ``ValueError`` for a range that is empty, not finite, or 0 alone.
    """
    low, high = np.float32(min(minimum, 0.0)), np.float32(max(maximum, 0.0))
    if not (minimum <= maximum and np.isfinite(low) and np.isfinite(high) and low < high):
        raise ValueError(f"range must be finite and not empty, not {minimum!r} ... {maximum!r}")
    scale = max((high - low) / np.float32(255), np.finfo(np.float32).eps)
    lowest = -128 if signed else 0
    zero_point = lowest - int(round_half_even(low / scale))
    return float(scale), int(np.clip(zero_point, lowest, lowest + 255))


def quantize(
    values: ArrayLike, scale: float, zero_point: int, *, signed: bool = False
) -> NDArray[Any]:
    """``clamp(RNE(fma(x, fl(1 / scale), zero_point)))``: ``torch.quantize_per_tensor``.

    ``values`` are taken as float32; the result is uint8, or int8 if ``signed``.
    """
    inverse = np.float32(1) / np.float32(scale)
    low, high, dtype = (-128, 127, np.int8) if signed else (0, 255, np.uint8)
    rounded = round_half_even(fma32(float32(values), inverse, np.float32(zero_point)))
    return np.clip(rounded, low, high).astype(dtype)


def dequantize(values: NDArray[Any], scale: float, zero_point: int) -> NDArray[np.float32]:
    """``fl((q - zero_point) * scale)`` in float32: that of PyTorch, and DEQUANTIZE of TensorFlow
    Lite (source: ``Dequantize`` in
    tensorflow/lite/kernels/internal/reference/dequantize.h)."""
    return float32(values.astype(np.int32) - zero_point) * np.float32(scale)


def tflite_quantize(
    values: ArrayLike, scale: float, zero_point: int, *, dtype: Any
) -> NDArray[Any]:
    """``clamp(round(fl(x / scale)) + zero_point)``, half away from zero: QUANTIZE of TensorFlow
    Lite (source: ``AffineQuantize`` in tensorflow/lite/kernels/internal/reference/quantize.h).

    ``values`` are taken as float32; the result is of ``dtype``, int8 or uint8. What is no number
    becomes the zero point.

    >>> tflite_quantize([0.5, -0.5, 1.4, 1000.0], 1.0, 3, dtype=np.int8)
    array([  4,   2,   4, 127], dtype=int8)
    """
    rounded = round_half_away(float32(values) / np.float32(scale))
    limits = np.iinfo(dtype)
    moved = np.nan_to_num(rounded, posinf=np.inf, neginf=-np.inf) + zero_point
    result: NDArray[Any] = np.clip(moved, limits.min, limits.max).astype(dtype)
    return result


def onnxruntime_quantize(
    values: ArrayLike, scale: float, zero_point: int, *, dtype: Any
) -> NDArray[Any]:
    """``clamp(RNE(fl(x / scale)) + zero_point)``: QuantizeLinear of ONNX Runtime, a true division
    (source: onnxruntime/core/mlas/lib/quantize.cpp).

    ``values`` are taken as float32; the result is of ``dtype``, int8 or uint8. What is no number
    becomes the lowest value.

    >>> onnxruntime_quantize([0.5, 1.5, 1000.0], 1.0, 3, dtype=np.int8)
    array([  3,   5, 127], dtype=int8)
    """
    limits = np.iinfo(dtype)
    with np.errstate(over="ignore"):
        quotient = float32(values) / np.float32(scale)
    low, high = limits.min - zero_point, limits.max - zero_point
    rounded = round_half_even(np.clip(np.nan_to_num(quotient, nan=low), low, high))
    result: NDArray[Any] = (rounded + zero_point).astype(dtype)
    return result
