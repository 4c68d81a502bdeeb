# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Sums to results, by the integers that the requantiser's lanes take."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from macaw.arch import AcceleratorConfig, Mode, Requantization
from macaw.arch.parameters import FIXED_BIAS_FRACTION
from macaw.golden.float32 import float32, round_half_even, wrap32
from macaw.golden.machine.errors import MachineError
from macaw.golden.requantize import requantize

__all__ = ["results"]

#: Fraction bits of a bias in mode ``float32_chain``.
_CHAIN_FRACTION = 27

#: Products of a chain that are this large outweigh every bias, and become this one.
_CHAIN_MOST = 2.0 ** (29 + _CHAIN_FRACTION)


def results(
    config: AcceleratorConfig,
    layer: Mapping[str, int],
    parameters: Mapping[str, NDArray[np.int64]],
    sums: NDArray[np.int64],
) -> NDArray[np.int8]:
    """``sums`` [..., channels] of the accumulators as int8, before an unsigned result's flip.

    ``layer`` is a descriptor; ``parameters`` has an array (channels,) for each field of
    `macaw.arch.core.parameter_fields`. The recipes are those of `macaw.golden.requantize`, with
    real biases in fixed point as docs/decisions/006 and 007 have them.

    Raises `MachineError` for a mode that ``config`` has not, and for parameters that are not
    those of the mode.
    """
    modes = config.requantizer.modes
    if layer["mode"] >= len(modes):
        raise MachineError(f"mode must be in 0 ... {len(modes) - 1}, not {layer['mode']}")
    if layer["minimum"] > layer["maximum"]:
        raise MachineError(
            f"minimum must be at most the maximum ({layer['maximum']}), not {layer['minimum']}"
        )
    mode = modes[layer["mode"]]
    biased = wrap32(sums + parameters["bias"])
    match mode:
        case Mode.RAW:
            rounded: NDArray[Any] = (biased >> 8 * (parameters["shift"] & 3)).astype(np.int8)
        case Mode.FLOAT32_CHAIN:
            rounded = _chain(layer, parameters, biased)
        case Mode.FLOAT32 | Mode.FLOAT32_BIAS if Mode.FLOAT32_BIAS in modes:
            rounded = _biased(parameters, biased)
        case _:
            return _integers(mode, layer, parameters, sums)
    bounded = np.clip(rounded.astype(np.float64) + layer["zero_point"], *_bounds(layer))
    return bounded.astype(np.int8)


def _bounds(layer: Mapping[str, int]) -> tuple[int, int]:
    return layer["minimum"], layer["maximum"]


def _integers(
    mode: Mode,
    layer: Mapping[str, int],
    parameters: Mapping[str, NDArray[np.int64]],
    sums: NDArray[np.int64],
) -> NDArray[np.int8]:
    try:
        requantization = Requantization(
            mode=mode,
            bias=tuple(parameters["bias"].tolist()),
            multiplier=tuple(parameters["multiplier"].tolist()),
            shift=tuple(parameters["shift"].tolist()),
            zero_point=layer["zero_point"],
            minimum=layer["minimum"],
            maximum=layer["maximum"],
        )
    except ValueError as error:
        raise MachineError(f"parameters of mode {mode}: {error}") from None
    return requantize(sums, requantization).astype(np.int8)


def _normal(what: str, values: NDArray[np.int64] | int) -> None:
    """Refuse multipliers of float32 whose top bit is not set."""
    least = int(np.min(values))
    if least < 1 << 23:
        raise MachineError(f"{what} must have its top bit of 24 set, not be {least}")


def _biased(
    parameters: Mapping[str, NDArray[np.int64]], biased: NDArray[np.int32]
) -> NDArray[np.float32]:
    """Modes ``float32_bias`` and, with a bias of zero, ``float32``."""
    _normal("multiplier", parameters["multiplier"])
    integers = biased.astype(np.float32).astype(np.int64) << FIXED_BIAS_FRACTION
    # From int64 to float32 is one rounding, and powers of two need none.
    values = (integers + parameters["fixed_bias"]).astype(np.float32)
    values *= np.float32(2.0**-FIXED_BIAS_FRACTION)
    values *= np.ldexp(float32(parameters["multiplier"]), -parameters["shift"].astype(np.int32))
    return round_half_even(values)


def _chain(
    layer: Mapping[str, int],
    parameters: Mapping[str, NDArray[np.int64]],
    biased: NDArray[np.int32],
) -> NDArray[np.float32]:
    """Mode ``float32_chain``, without its zero point: `Float32Chain.entries` says what the
    integers stand for."""
    for name in ("input_multiplier", "output_multiplier"):
        _normal(name, layer[name])
    _normal("multiplier", parameters["multiplier"])
    values = biased.astype(np.float32)
    values *= np.float32(layer["input_multiplier"] * 2.0**-24)
    values *= np.ldexp(float32(parameters["multiplier"]), -24)
    # Into an integer beside the bias; what lies below its last bit makes this bit one.
    places = 48 - parameters["shift"].astype(np.int32)
    wide = np.clip(np.ldexp(values.astype(np.float64), places), -_CHAIN_MOST, _CHAIN_MOST)
    whole = np.floor(wide)
    integers = whole.astype(np.int64) | (wide != whole)
    values = (integers + parameters["fixed_bias"]).astype(np.float32)
    values *= np.float32(2.0**-_CHAIN_FRACTION)
    values *= np.float32(layer["output_multiplier"] * 2.0**-24)
    zero_point = layer["zero_point"] + 128 * layer["output_unsigned"]
    return round_half_even(values + np.float32(zero_point)) - np.float32(zero_point)
