# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Parameters of the two recipes that keep the bias in float32.

They stand beside `macaw.arch.Requantization`, which has the recipes with integers only.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from macaw.arch import Requantization
from macaw.arch.checks import integer

__all__ = ["AnyRequantization", "Float32Bias", "Float32Chain"]


def _float32_values(what: str, values: Iterable[float]) -> tuple[float, ...]:
    checked = tuple(float(value) for value in values)
    for value in checked:
        with np.errstate(over="ignore"):
            exact = np.isfinite(value) and float(np.float32(value)) == value
        if not exact:
            raise ValueError(f"{what} must be a finite float32, not {value!r}")
    return checked


def _check_result(zero_point: int, minimum: int, maximum: int, signed: bool) -> None:
    low, high = (-128, 127) if signed else (0, 255)
    integer("zero_point", zero_point, low, high)
    integer("minimum", minimum, low, high)
    integer("maximum", maximum, minimum, high)


@dataclass(frozen=True, kw_only=True)
class Float32Bias:
    """Mode ``float32_bias``: ``RNE(fl(fma(bias, bias_scale, fl(acc)) * multiplier)) + z_o``.

    One float32 value per output channel in each tuple. ``bias * bias_scale`` is the bias in
    units of the accumulator; with a scale of 1 the fused step is one float32 addition.
    ``zero_point``, ``minimum``, ``maximum`` and ``signed`` as in `Requantization`.

    Raises ``ValueError`` or ``TypeError`` for values that are no float32, are out of range, or
    differ in number.
    """

    bias: tuple[float, ...]
    bias_scale: tuple[float, ...]
    multiplier: tuple[float, ...]
    zero_point: int
    minimum: int
    maximum: int
    signed: bool = False

    def __post_init__(self) -> None:
        for what in ("bias", "bias_scale", "multiplier"):
            object.__setattr__(self, what, _float32_values(what, getattr(self, what)))
        if not 0 < len(self.bias) == len(self.bias_scale) == len(self.multiplier):
            raise ValueError(
                "bias, bias_scale and multiplier must have one entry per output channel, not "
                f"{len(self.bias)}, {len(self.bias_scale)} and {len(self.multiplier)}"
            )
        _check_result(self.zero_point, self.minimum, self.maximum, self.signed)

    @property
    def out_channels(self) -> int:
        """The number of output channels."""
        return len(self.bias)


@dataclass(frozen=True, kw_only=True)
class Float32Chain:
    """Mode ``float32_chain``: multiply by ``input_scale``, then by ``weight_scale``, add
    ``bias``, multiply by ``output_multiplier``, add ``zero_point``: five roundings to float32;
    then to the nearest integer.

    ``weight_scale`` and ``bias`` have one float32 value per output channel, ``bias`` in the
    result's real units. A fused ReLU is ``minimum = zero_point``: every step is monotone and
    zero is exact in each, so bounding last is the same as bounding before the multiplication.
    ``zero_point``, ``minimum``, ``maximum`` and ``signed`` as in `Requantization`.

    Raises ``ValueError`` or ``TypeError`` for values that are no float32, are out of range, or
    differ in number.
    """

    input_scale: float
    weight_scale: tuple[float, ...]
    bias: tuple[float, ...]
    output_multiplier: float
    zero_point: int
    minimum: int
    maximum: int
    signed: bool = False

    def __post_init__(self) -> None:
        for what in ("weight_scale", "bias"):
            object.__setattr__(self, what, _float32_values(what, getattr(self, what)))
        for what in ("input_scale", "output_multiplier"):
            object.__setattr__(self, what, _float32_values(what, (getattr(self, what),))[0])
        if not 0 < len(self.weight_scale) == len(self.bias):
            raise ValueError(
                "weight_scale and bias must have one entry per output channel, not "
                f"{len(self.weight_scale)} and {len(self.bias)}"
            )
        _check_result(self.zero_point, self.minimum, self.maximum, self.signed)

    @property
    def out_channels(self) -> int:
        """The number of output channels."""
        return len(self.bias)


#: The parameters of any recipe.
AnyRequantization = Requantization | Float32Bias | Float32Chain
