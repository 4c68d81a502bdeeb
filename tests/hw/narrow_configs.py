# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Narrow configurations for tests."""

from dataclasses import replace

from macaw.arch import (
    AccumulatorConfig,
    ArrayConfig,
    Overflow,
    RequantizerConfig,
    Technology,
    WindowForm,
    preset,
)

TINY = preset("tiny")
UP5K = preset("up5k")
GW1NR9 = preset("gw1nr9")

#: Small, in plain RTL, with a result in two clocks.
NARROW = replace(
    TINY,
    name="narrow",
    array=ArrayConfig(lanes=8, columns=4, window=WindowForm.LANES),
    requantizer=RequantizerConfig(lanes=1, modes=TINY.requantizer.modes, multiplier="stepped"),
    memory=replace(TINY.memory, activation_words=128),
    weight_zero_point=False,
    compact=True,
)

#: Of more lanes, with a result a clock, and accumulators that saturate.
WIDE_LANES = replace(
    NARROW,
    name="narrow of 16 lanes",
    technology=Technology.GOWIN,
    array=ArrayConfig(lanes=16, columns=2, lut_pairs=3, window=WindowForm.LANES),
    accumulator=AccumulatorConfig(bits=20, overflow=Overflow.SATURATE),
    requantizer=RequantizerConfig(lanes=1, modes=TINY.requantizer.modes),
)
