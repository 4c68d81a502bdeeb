# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Parameters of the recipes that keep the bias in float32, and of raw sums.

They stand beside `macaw.arch.Requantization`, which has the 8-bit recipes with integers only.
"""

import math
import struct
from collections.abc import Iterable
from dataclasses import dataclass, fields
from fractions import Fraction

from macaw.arch.checks import integer
from macaw.arch.requantization import Mode, Requantization, check_result, float32_multiplier

__all__ = [
    "CHAIN_SHIFT_BITS",
    "FIXED_BIAS_BITS",
    "FIXED_BIAS_FRACTION",
    "AnyRequantization",
    "Float32Bias",
    "Float32Chain",
    "RawSums",
    "of_channels",
]

#: Fraction bits of a bias in units of the accumulator, as the hardware takes it.
FIXED_BIAS_FRACTION = 26

#: All its bits, the sign's among them: the bias stays below 2**31.
FIXED_BIAS_BITS = 32 + FIXED_BIAS_FRACTION


#: Fraction bits of a bias in mode ``float32_chain``, in the layer's unit.
_CHAIN_FRACTION = 27

#: Bits of the shift in mode ``float32_chain``.
CHAIN_SHIFT_BITS = 7


def _is_float32(value: float) -> bool:
    if not math.isfinite(value):
        return False
    try:
        return bool(struct.unpack("<f", struct.pack("<f", value))[0] == value)
    except OverflowError:
        return False


def _float32_values(what: str, values: Iterable[float]) -> tuple[float, ...]:
    checked = tuple(float(value) for value in values)
    for value in checked:
        if not _is_float32(value):
            raise ValueError(f"{what} must be a finite float32, not {value!r}")
    return checked


def _round_to_odd(value: Fraction, places: int) -> int:
    """``value * 2**places`` as an integer: what lies below its last bit is OR-ed into that bit.

    >>> [_round_to_odd(Fraction(value), 1) for value in (2.5, 2.125, 2, -2.125)]
    [5, 5, 4, -5]
    """
    scaled = value * (1 << places)
    whole = math.floor(scaled)
    return whole if whole == scaled else whole | 1


def _scale(what: str, value: float) -> tuple[int, int]:
    """``value = multiplier * 2**(exponent - 24)``, the multiplier of 24 bits, its top one set."""
    if not 2.0**-63 <= value <= 2.0**63:
        raise ValueError(f"{what} must be in 2**-63 ... 2**63, not {value!r}")
    fraction, exponent = math.frexp(value)
    return int(fraction * (1 << 24)), exponent


@dataclass(frozen=True, kw_only=True)
class Float32Bias:
    """Mode ``float32_bias``: ``RNE(fl(fma(bias, bias_scale, fl(acc)) * multiplier)) + z_o``.

    One float32 value per output channel in each tuple. ``bias * bias_scale`` is the bias in
    units of the accumulator; with a scale of 1 the fused step is one float32 addition.
    ``zero_point``, ``minimum``, ``maximum`` and ``signed`` as in `Requantization`.

    Raises ``ValueError`` or ``TypeError`` for values that are no float32, are out of range, or
    differ in number.

    >>> Float32Bias(bias=(0.3,), bias_scale=(1.0,), multiplier=(0.5,), zero_point=0, minimum=0,
    ...     maximum=255)
    Traceback (most recent call last):
    ValueError: bias must be a finite float32, not 0.3
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
        check_result(self.zero_point, self.minimum, self.maximum, self.signed)

    @property
    def mode(self) -> Mode:
        """``float32_bias``."""
        return Mode.FLOAT32_BIAS

    @property
    def out_channels(self) -> int:
        """The number of output channels."""
        return len(self.bias)

    @property
    def entries(self) -> dict[str, tuple[int, ...]]:
        """The integers that the hardware takes, one per output channel each.

        ``fixed_bias`` is the bias in units of the accumulator with `FIXED_BIAS_FRACTION` fraction
        bits, rounded to odd. Half a unit or more of the sum keeps all bits that float32's
        rounding looks at; a sum of less gives zero, since the multiplier is at most 1 (proof and
        measurement: docs/decisions/006-bias-in-fixed-point.md). ``multiplier`` and ``shift`` are
        those of `float32_multiplier`, ``bias`` is zero.

        Raises ``ValueError`` for a bias of 2**31 or more and a multiplier above 1.
        """
        fixed_bias = []
        for bias, scale, multiplier in zip(
            self.bias, self.bias_scale, self.multiplier, strict=True
        ):
            value = Fraction(bias) * Fraction(scale)
            if abs(value) >= 1 << 31:
                raise ValueError(
                    "bias must be below 2**31 in units of the accumulator, "
                    f"not {float(value)!r}: use larger scales of input or weights"
                )
            if multiplier > 1:
                raise ValueError(
                    f"multiplier must be at most 1 in mode {self.mode}, not {multiplier!r}: "
                    "use a larger scale of the result"
                )
            fixed_bias.append(_round_to_odd(value, FIXED_BIAS_FRACTION))
        pairs = [float32_multiplier(multiplier) for multiplier in self.multiplier]
        return {
            "bias": (0,) * self.out_channels,
            "multiplier": tuple(multiplier for multiplier, _ in pairs),
            "shift": tuple(shift for _, shift in pairs),
            "fixed_bias": tuple(fixed_bias),
        }


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
        check_result(self.zero_point, self.minimum, self.maximum, self.signed)

    @property
    def mode(self) -> Mode:
        """``float32_chain``."""
        return Mode.FLOAT32_CHAIN

    @property
    def out_channels(self) -> int:
        """The number of output channels."""
        return len(self.bias)

    @property
    def layer_entries(self) -> dict[str, int]:
        """The 24 bits of ``input_scale`` and of ``output_multiplier``, the top ones set."""
        return {
            "input_multiplier": _scale("input_scale", self.input_scale)[0],
            "output_multiplier": _scale("output_multiplier", self.output_multiplier)[0],
        }

    @property
    def entries(self) -> dict[str, tuple[int, ...]]:
        """The integers that the hardware takes, one per output channel each.

        The layer's unit is the power of two by which ``output_multiplier`` becomes a number in
        [1/2, 1). ``fixed_bias`` is the bias in this unit with 27 fraction bits, rounded to odd;
        ``multiplier`` has the 24 bits of ``weight_scale``. With those of ``input_scale`` a sum is
        ``sum * input_multiplier * multiplier * 2**-(shift + 27)`` in this unit; beyond a shift of
        127 nothing is left of any sum. Proof: docs/decisions/007-float32-chain.md.

        Raises ``ValueError`` for scales outside 2**-63 ... 2**63, for biases of 2**28 or more in
        the layer's unit, and for scales by which every sum but zero is beyond all bounds.
        """
        _, input_exponent = _scale("input_scale", self.input_scale)
        _, output_exponent = _scale("output_multiplier", self.output_multiplier)
        multipliers, shifts, biases = [], [], []
        for weight_scale, bias in zip(self.weight_scale, self.bias, strict=True):
            multiplier, exponent = _scale("weight_scale", weight_scale)
            shift = 21 - input_exponent - exponent - output_exponent
            if shift < 0:
                raise ValueError(
                    "input_scale * weight_scale * output_multiplier must be below 2**19 in mode "
                    f"{self.mode}, not {self.input_scale * weight_scale * self.output_multiplier!r}"
                    ": use a larger scale of the result"
                )
            value = Fraction(bias) * Fraction(2) ** output_exponent
            if abs(value) >= 1 << 28:
                raise ValueError(
                    "bias must be below 2**27 in units of the result, "
                    f"not about {bias * self.output_multiplier!r}: "
                    "use a larger scale of the result"
                )
            multipliers.append(multiplier)
            shifts.append(min(shift, (1 << CHAIN_SHIFT_BITS) - 1))
            biases.append(_round_to_odd(value, _CHAIN_FRACTION))
        return {
            "bias": (0,) * self.out_channels,
            "multiplier": tuple(multipliers),
            "shift": tuple(shifts),
            "fixed_bias": tuple(biases),
        }


@dataclass(frozen=True, kw_only=True)
class RawSums:
    """Mode ``raw``: ``wrap32(acc + bias)`` as it is, an int32.

    ``bias`` has one int32 per output channel. ONNX's ConvInteger and MatMulInteger are such
    layers with a bias of zero.

    Raises ``ValueError`` or ``TypeError`` for a bias that is no int32, and ``ValueError`` for
    none.
    """

    bias: tuple[int, ...]

    def __post_init__(self) -> None:
        checked = tuple(integer("bias", value, -(1 << 31), (1 << 31) - 1) for value in self.bias)
        if not checked:
            raise ValueError("bias must have one entry per output channel, not 0")
        object.__setattr__(self, "bias", checked)

    @property
    def mode(self) -> Mode:
        """``raw``."""
        return Mode.RAW

    @property
    def out_channels(self) -> int:
        """The number of output channels."""
        return len(self.bias)

    @property
    def entries(self) -> dict[str, tuple[int, ...]]:
        """The integers that the hardware takes, one per output channel: the bias.

        The number of the byte that a channel of the hardware gives is the compiler's to add.
        """
        return {"bias": self.bias}


#: The parameters of any recipe.
AnyRequantization = Requantization | Float32Bias | Float32Chain | RawSums


def of_channels(parameters: AnyRequantization, channels: slice) -> AnyRequantization:
    """The parameters of some of the output channels.

    >>> of_channels(RawSums(bias=(1, 2, 3)), slice(1, 3))
    RawSums(bias=(2, 3))

    Raises ``ValueError`` where there are none.
    """
    values = {field.name: getattr(parameters, field.name) for field in fields(parameters)}
    chosen = {name: value[channels] for name, value in values.items() if isinstance(value, tuple)}
    return type(parameters)(**(values | chosen))
