# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Requantisation: from an int32 accumulator to an 8-bit result, by named recipes.

A recipe is a `Mode`; its parameters for one output channel are the integers
``bias``, ``multiplier`` and ``shift``, which golden model, compiler and RTL share.
"""

import math
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from macaw.arch.checks import integer, one_of

__all__ = [
    "FIXED_MODES",
    "FLOAT32_MODES",
    "Mode",
    "Requantization",
    "check_result",
    "fixed_multiplier",
    "float32_multiplier",
]


class Mode(StrEnum):
    """The recipes; each name stands for one sequence of roundings.

    ``float32``
        ``RNE(fl(fl(wrap32(acc + bias)) * m)) + z_o``: PyTorch's qnnpack, ONNX Runtime.
    ``float32_bias``
        As ``float32`` with a float32 bias in units of the accumulator: PyTorch's fbgemm.
    ``float32_chain``
        Five float32 roundings, the zero point added before the last: PyTorch's onednn.
    ``fixed_double_away``
        A 31-bit fixed point multiplier, two roundings, the second half away from zero:
        TensorFlow Lite's reference kernels and TFLite Micro.
    ``fixed_double_up``
        The same with the second rounding half up: TensorFlow Lite's optimised kernels.
    ``fixed_single``
        A 31-bit fixed point multiplier and one rounding, half up.
    ``raw``
        No requantisation: ``wrap32(acc + bias)``, an int32. ONNX's ConvInteger.
    """

    FLOAT32 = "float32"
    FLOAT32_BIAS = "float32_bias"
    FLOAT32_CHAIN = "float32_chain"
    FIXED_DOUBLE_AWAY = "fixed_double_away"
    FIXED_DOUBLE_UP = "fixed_double_up"
    FIXED_SINGLE = "fixed_single"
    RAW = "raw"


#: The modes whose hardware multiplies once in float32; with a bias of zero they are the same.
FLOAT32_MODES = (Mode.FLOAT32, Mode.FLOAT32_BIAS)

#: The modes whose hardware multiplies in fixed point.
FIXED_MODES = (Mode.FIXED_DOUBLE_AWAY, Mode.FIXED_DOUBLE_UP, Mode.FIXED_SINGLE)


def float32_multiplier(value: float) -> tuple[int, int]:
    """A float32 multiplier as ``(multiplier, shift)`` with ``value = multiplier * 2**-shift``.

    The multiplier has 24 bits, the top one set, as IEEE 754 stores a normal number. Below
    2**-39 every int32 accumulator gives zero: such values become ``(2**23, 63)``.

    >>> float32_multiplier(0.5)
    (8388608, 24)

    Raises ``ValueError`` for a value that is no positive float32, or is 2**24 or more.
    """
    if not (math.isfinite(value) and value > 0):
        raise ValueError(f"multiplier must be positive and finite, not {value!r}")
    if value < 2.0**-39:
        return 1 << 23, 63
    if value >= 2.0**24:
        raise ValueError(f"multiplier must be below 2**24, not {value!r}")
    if struct.unpack("<f", struct.pack("<f", value))[0] != value:
        raise ValueError(f"multiplier must be a float32, not {value!r}")
    fraction, exponent = math.frexp(value)
    return int(fraction * (1 << 24)), 24 - exponent


def fixed_multiplier(value: float) -> tuple[int, int]:
    """A real multiplier as TensorFlow Lite's ``(multiplier, shift)``.

    ``value`` is about ``multiplier * 2**(shift - 31)``, the multiplier in 2**30 ... 2**31 - 1,
    rounded half away from zero; a shift below -31 flushes the multiplier to zero (source:
    ``QuantizeMultiplier`` in tensorflow/lite/kernels/internal/quantization_util.cc).

    >>> fixed_multiplier(0.25)
    (1073741824, -1)

    Raises ``ValueError`` for a value that is negative, not finite, or 2**30 or more.
    """
    if not (math.isfinite(value) and value >= 0):
        raise ValueError(f"multiplier must be finite and not negative, not {value!r}")
    if value == 0:
        return 0, 0
    fraction, shift = math.frexp(value)
    multiplier = math.floor(fraction * (1 << 31) + 0.5)
    if multiplier == 1 << 31:
        multiplier, shift = 1 << 30, shift + 1
    if shift < -31:
        return 0, 0
    if shift > 30:
        raise ValueError(f"multiplier must be below 2**30, not {value!r}")
    return multiplier, shift


#: The inclusive ranges of (multiplier, shift) of each mode.
_RANGES = {
    Mode.FLOAT32: ((1 << 23, (1 << 24) - 1), (0, 63)),
    Mode.FIXED_DOUBLE_AWAY: ((0, (1 << 31) - 1), (-31, 30)),
    Mode.FIXED_DOUBLE_UP: ((0, (1 << 31) - 1), (-31, 30)),
    Mode.FIXED_SINGLE: ((0, (1 << 31) - 1), (-31, 30)),
}


def check_result(zero_point: int, minimum: int, maximum: int, signed: bool) -> None:
    """Refuse a zero point and bounds beyond int8 or, for ``signed=False``, uint8, and a
    ``maximum`` below ``minimum``, with ``ValueError`` or ``TypeError``."""
    low, high = (-128, 127) if signed else (0, 255)
    integer("zero_point", zero_point, low, high)
    integer("minimum", minimum, low, high)
    integer("maximum", maximum, minimum, high)


@dataclass(frozen=True, kw_only=True)
class Requantization:
    """The integer parameters with which one layer is requantised.

    ``bias``, ``multiplier`` and ``shift`` have one entry per output channel: an int32, and what
    `float32_multiplier` or `fixed_multiplier` give. ``zero_point``, ``minimum`` and ``maximum``
    belong to the result's type, int8 or (``signed=False``) uint8; a fused activation narrows
    ``minimum`` and ``maximum``.

    Raises ``ValueError`` or ``TypeError`` for values outside these ranges, and ``ValueError``
    for a mode whose parameters are others (``float32_bias``, ``float32_chain``, ``raw``).
    """

    mode: Mode
    bias: tuple[int, ...]
    multiplier: tuple[int, ...]
    shift: tuple[int, ...]
    zero_point: int
    minimum: int
    maximum: int
    signed: bool = True

    def __post_init__(self) -> None:
        one_of("mode", self.mode, tuple(_RANGES))
        (low, high), (shift_low, shift_high) = _RANGES[self.mode]

        def entries(what: str, values: Iterable[int], low: int, high: int) -> None:
            checked = tuple(integer(what, value, low, high) for value in values)
            object.__setattr__(self, what, checked)

        entries("bias", self.bias, -(1 << 31), (1 << 31) - 1)
        entries("multiplier", self.multiplier, low, high)
        entries("shift", self.shift, shift_low, shift_high)
        if not 0 < len(self.bias) == len(self.multiplier) == len(self.shift):
            raise ValueError(
                "bias, multiplier and shift must have one entry per output channel, not "
                f"{len(self.bias)}, {len(self.multiplier)} and {len(self.shift)}"
            )
        check_result(self.zero_point, self.minimum, self.maximum, self.signed)

    @property
    def out_channels(self) -> int:
        """The number of output channels."""
        return len(self.bias)

    @property
    def entries(self) -> dict[str, tuple[int, ...]]:
        """The integers that the hardware takes, one per output channel each."""
        return {"bias": self.bias, "multiplier": self.multiplier, "shift": self.shift}
