# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Every mode against its definition in Python's integers and fractions, and the refusals."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from golden_fractions import exact_float32

from macaw.arch import Mode, Requantization, fixed_multiplier, float32_multiplier
from macaw.golden import Float32Bias, Float32Chain, RawSums, requantize

SEED = 11
BOUNDS = {"zero_point": 3, "minimum": -100, "maximum": 120, "signed": True}


def _wrap(value: int) -> int:
    return (value + 2**31) % 2**32 - 2**31


def _toward_zero(value: int, divisor: int) -> int:
    return value // divisor if value >= 0 else -(-value // divisor)


def _float32(acc: int, ours: Requantization, channel: int) -> int:
    multiplier = Fraction(ours.multiplier[channel], 2 ** ours.shift[channel])
    biased = exact_float32(Fraction(_wrap(acc + ours.bias[channel])))
    return round(exact_float32(biased * multiplier)) + ours.zero_point


def _fixed(acc: int, ours: Requantization, channel: int) -> int:
    """As gemmlowp defines it: a doubling high product with a nudge, then a rounding division."""
    multiplier, shift = ours.multiplier[channel], ours.shift[channel]
    biased = _wrap(acc + ours.bias[channel])
    if ours.mode == Mode.FIXED_SINGLE:
        divided = Fraction(biased * multiplier, 2 ** (31 - shift)) + Fraction(1, 2)
        return divided.__floor__() + ours.zero_point
    product = _wrap(biased << max(shift, 0)) * multiplier
    nudge = 2**30 if product >= 0 else 1 - 2**30
    high = _toward_zero(product + nudge, 2**31)
    quotient = Fraction(high, 2 ** max(-shift, 0))
    if ours.mode == Mode.FIXED_DOUBLE_UP or quotient >= 0:
        return (quotient + Fraction(1, 2)).__floor__() + ours.zero_point
    return -(-quotient + Fraction(1, 2)).__floor__() + ours.zero_point


def _float32_bias(acc: int, ours: Float32Bias, channel: int) -> int:
    scaled = Fraction(ours.bias[channel]) * Fraction(ours.bias_scale[channel])
    value = exact_float32(scaled + exact_float32(Fraction(acc)))
    return round(exact_float32(value * Fraction(ours.multiplier[channel]))) + ours.zero_point


def _float32_chain(acc: int, ours: Float32Chain, channel: int) -> int:
    value = exact_float32(exact_float32(Fraction(acc)) * Fraction(ours.input_scale))
    value = exact_float32(value * Fraction(ours.weight_scale[channel]))
    value = exact_float32(value + Fraction(ours.bias[channel]))
    value = exact_float32(value * Fraction(ours.output_multiplier))
    return round(exact_float32(value + ours.zero_point))


def _check(ours: Any, definition: Any, accumulators: np.ndarray) -> None:
    result = requantize(accumulators, ours)
    expected = [
        [
            min(max(definition(int(acc), ours, channel), ours.minimum), ours.maximum)
            for channel, acc in enumerate(row)
        ]
        for row in accumulators
    ]
    np.testing.assert_array_equal(result, expected, err_msg=f"seed {SEED}, {ours}")


def _accumulators(rng: np.random.Generator, multipliers: Any) -> np.ndarray:
    """Ties and their neighbours, powers of two and theirs, the ends of int32, random values."""
    channels = len(multipliers)
    steps = rng.integers(-130, 130, (200, channels)) + 0.5
    ties = np.rint(np.clip(steps / np.array(multipliers), -(2**31), 2**31 - 2))
    ends = np.array([2**24, 2**24 + 1, 2**25 + 2, 2**31 - 1, -(2**31), 0, 1, -1])
    rows = [
        ties,
        ties + rng.choice([-1, 1], ties.shape),
        np.broadcast_to(ends[:, np.newaxis], (len(ends), channels)),
        rng.integers(-(2**20), 2**20, (100, channels)),
    ]
    return np.clip(np.concatenate(rows), -(2**31), 2**31 - 1).astype(np.int32)


REALS = (2.0**-8, 2.0**-8 * (1 + 2.0**-23), 0.0123, 1.0, 0.75, 2.0**-30, 3.7, 2.0**-24 * 1.5)


def _requantization(mode: Mode, bias: Any) -> Requantization:
    convert = float32_multiplier if mode == Mode.FLOAT32 else fixed_multiplier
    pairs = [convert(float(np.float32(real))) for real in REALS]
    return Requantization(
        mode=mode,
        bias=tuple(bias),
        multiplier=tuple(pair[0] for pair in pairs),
        shift=tuple(pair[1] for pair in pairs),
        **BOUNDS,
    )


@pytest.mark.parametrize(
    ("mode", "definition"),
    [
        (Mode.FLOAT32, _float32),
        (Mode.FIXED_DOUBLE_AWAY, _fixed),
        (Mode.FIXED_DOUBLE_UP, _fixed),
        (Mode.FIXED_SINGLE, _fixed),
    ],
)
@pytest.mark.parametrize("bias", [(0,) * 8, (1, -7, 2**30, -(2**30), 2**31 - 1, -(2**31), 5, 0)])
def test_integer_modes_are_as_defined(mode: Mode, definition: Any, bias: Any) -> None:
    rng = np.random.default_rng(SEED)
    _check(_requantization(mode, bias), definition, _accumulators(rng, REALS))


@pytest.mark.parametrize("fused", [False, True])
def test_float32_bias_is_as_defined(fused: bool) -> None:
    rng = np.random.default_rng(SEED)
    bias = np.float32([0, 0.5, -1.5, 2**24 + 2, -(2**25), 2**30, 0.1, -0.3])
    scale = np.float32(rng.uniform(0.5, 2, 8)) if fused else np.ones(8)
    ours = Float32Bias(
        bias=tuple(bias), bias_scale=tuple(scale), multiplier=tuple(np.float32(REALS)), **BOUNDS
    )
    _check(ours, _float32_bias, _accumulators(rng, REALS))


def test_float32_chain_is_as_defined() -> None:
    rng = np.random.default_rng(SEED)
    scales = np.float32(np.array(REALS) / 6)
    ours = Float32Chain(
        input_scale=float(np.float32(0.3)),
        weight_scale=tuple(scales),
        bias=tuple(np.float32([0, 0.5, -0.25, 3, -3, 0.1, -0.7, 1])),
        output_multiplier=float(np.float32(20)),
        **BOUNDS,
    )
    _check(ours, _float32_chain, _accumulators(rng, REALS))


def test_types_and_wrap_around() -> None:
    ours = _requantization(Mode.FLOAT32, (1,) * 8)
    wide = np.arange(-4, 4)[np.newaxis] + 2**32
    result = requantize(wide, ours)
    assert result.dtype == np.int8
    np.testing.assert_array_equal(result, requantize((wide - 2**32).astype(np.int32), ours))
    unsigned = Float32Chain(
        input_scale=1, weight_scale=(1,), bias=(0,), output_multiplier=1,
        zero_point=200, minimum=0, maximum=255, signed=False,
    )  # fmt: skip
    np.testing.assert_array_equal(
        requantize(np.array([[-(2**31)], [-1], [2**31 - 1]]), unsigned),
        np.array([[0], [199], [255]], np.uint8),
    )


def test_raw_sums_wrap_and_keep_their_type() -> None:
    ours = RawSums(bias=(1, -(2**31), 0))
    sums = np.array([[2**31 - 1, -1, 7], [2**32 + 5, 2**31 - 1, -(2**31)]])
    result = requantize(sums, ours)
    assert result.dtype == np.int32
    np.testing.assert_array_equal(result, [[-(2**31), 2**31 - 1, 7], [6, -1, -(2**31)]])


def test_accumulators_are_left_alone() -> None:
    accumulators = np.arange(8, dtype=np.int32)[np.newaxis]
    for mode in (Mode.FLOAT32, Mode.FIXED_DOUBLE_AWAY, Mode.FIXED_SINGLE):
        requantize(accumulators, _requantization(mode, (0,) * 8))
    np.testing.assert_array_equal(accumulators, [np.arange(8)])


def test_refusals() -> None:
    ours = _requantization(Mode.FLOAT32, (0,) * 8)
    with pytest.raises(TypeError, match=r"^accumulators must be an int32 or int64 array, not fl"):
        requantize(np.zeros((1, 8)), ours)
    with pytest.raises(TypeError, match=r"^accumulators must be an int32 or int64 array, not list"):
        requantize([0] * 8, ours)
    with pytest.raises(
        ValueError, match=r"^accumulators must have 8 channels .*, not shape \(7,\)"
    ):
        requantize(np.zeros(7, np.int32), ours)


def _bias_parameters(**changed: Any) -> Float32Bias:
    return Float32Bias(
        **{"bias": (0.0,), "bias_scale": (1.0,), "multiplier": (0.5,), **BOUNDS, **changed}
    )


def _chain_parameters(**changed: Any) -> Float32Chain:
    values = {"input_scale": 1.0, "weight_scale": (1.0,), "bias": (0.0,), "output_multiplier": 1.0}
    return Float32Chain(**{**values, **BOUNDS, **changed})


@pytest.mark.parametrize("make", [_bias_parameters, _chain_parameters])
def test_float_parameters_refuse(make: Any) -> None:
    assert make().out_channels == 1
    with pytest.raises(ValueError, match=r"^bias must be a finite float32, not 0\.1"):
        make(bias=(0.1,))
    with pytest.raises(ValueError, match=r"^bias must be a finite float32, not inf"):
        make(bias=(float("inf"),))
    with pytest.raises(ValueError, match=r"^bias must be a finite float32, not 1e\+300"):
        make(bias=(1e300,))
    with pytest.raises(ValueError, match="must have one entry per output channel"):
        make(bias=(0.0, 1.0))
    with pytest.raises(ValueError, match=r"^zero_point must be in -128 \.\.\. 127, not 128"):
        make(zero_point=128)
    with pytest.raises(ValueError, match=r"^minimum must be in -128 \.\.\. 127, not -129"):
        make(minimum=-129)
    with pytest.raises(ValueError, match=r"^maximum must be in -100 \.\.\. 127, not -101"):
        make(maximum=-101)


def test_other_float_parameters_refuse() -> None:
    with pytest.raises(ValueError, match=r"^multiplier must be a finite float32, not nan"):
        _bias_parameters(multiplier=(float("nan"),))
    with pytest.raises(ValueError, match=r"^bias_scale must be a finite float32, not 0\.3"):
        _bias_parameters(bias_scale=(0.3,))
    with pytest.raises(ValueError, match=r"^input_scale must be a finite float32, not 0\.3"):
        _chain_parameters(input_scale=0.3)
    with pytest.raises(ValueError, match=r"^output_multiplier must be a finite float32, not 0\.3"):
        _chain_parameters(output_multiplier=0.3)
    with pytest.raises(ValueError, match=r"^weight_scale must be a finite float32, not 0\.3"):
        _chain_parameters(weight_scale=(0.3,))
