# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Checks and preparation of quantised operands, shared by the operators."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from macaw.arch.checks import integer

__all__ = ["centre", "check_bytes", "input_zero_point_value", "weights_without_zero_point"]


def check_bytes(what: str, values: Any) -> None:
    """``TypeError`` unless ``values`` is an array of int8 or uint8."""
    if not isinstance(values, np.ndarray) or values.dtype not in (np.int8, np.uint8):
        shown = getattr(values, "dtype", type(values).__name__)
        raise TypeError(f"{what} must be an int8 or uint8 array, not {shown}")


def centre(dtype: np.dtype[Any]) -> int:
    """The middle of an 8-bit type's range: values less it have magnitudes of at most 128."""
    return 0 if dtype == np.int8 else 128


def input_zero_point_value(value: Any, dtype: np.dtype[Any]) -> int:
    """``value`` if it is a value of the 8-bit ``dtype``; otherwise ``TypeError`` or
    ``ValueError``."""
    limits = np.iinfo(dtype)
    return integer("input_zero_point", value, int(limits.min), int(limits.max))


def weights_without_zero_point(weights: NDArray[Any], zero_point: ArrayLike) -> NDArray[np.int16]:
    """8-bit ``weights`` [out, ...] less their zero point: one, or one for each output channel.

    Raises ``TypeError`` for a zero point that is no integer, and ``ValueError`` for one that is
    no value of the weights' type, or for a number of them that is not the number of channels.
    """
    limits = np.iinfo(weights.dtype)
    values = np.asarray(zero_point)
    if values.ndim > 1 or (values.ndim == 1 and len(values) != len(weights)):
        raise ValueError(
            f"weight_zero_point must be one integer or {len(weights)}, not shape {values.shape!r}"
        )
    checked = [
        integer("weight_zero_point", value, int(limits.min), int(limits.max))
        for value in values.reshape(-1)
    ]
    shape = (-1, *(1,) * (weights.ndim - 1))
    return weights.astype(np.int16) - np.array(checked, np.int16).reshape(shape)
