# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Configurations with names: one for each supported device, and a tiny one for tests."""

from macaw.arch.checks import one_of
from macaw.arch.config import (
    AcceleratorConfig,
    ArrayConfig,
    MemoryConfig,
    Multiplier,
    RequantizerConfig,
    Technology,
    WindowForm,
)
from macaw.arch.requantization import Mode

__all__ = ["PRESETS", "preset"]

_ALL = (
    AcceleratorConfig(
        name="ecp5_85f",
        technology=Technology.ECP5,
        array=ArrayConfig(lanes=16, columns=16),
        requantizer=RequantizerConfig(lanes=16),
        memory=MemoryConfig(
            activation_words=4096, weight_words=1024, parameter_entries=1024, result_words=2048
        ),
    ),
    AcceleratorConfig(
        name="ecp5_25f",
        technology=Technology.ECP5,
        # Of its 28 multipliers, four serve the requantiser.
        array=ArrayConfig(lanes=8, columns=8, lut_pairs=8),
        requantizer=RequantizerConfig(lanes=4),
        memory=MemoryConfig(
            activation_words=4096, weight_words=512, parameter_entries=1024, result_words=512
        ),
        compact=True,
    ),
    AcceleratorConfig(
        name="gw2a18",
        technology=Technology.GOWIN,
        # All 24 macros: four MULT9X9 of the array in each of 16, and two for each requantiser lane.
        array=ArrayConfig(lanes=8, columns=8),
        requantizer=RequantizerConfig(lanes=4),
        memory=MemoryConfig(
            activation_words=2048, weight_words=512, parameter_entries=512, result_words=256
        ),
        compact=True,
    ),
    AcceleratorConfig(
        name="gw1nr9",
        technology=Technology.GOWIN,
        # All ten macros: four MULT9X9 of the array in each of eight, and two for the requantiser.
        array=ArrayConfig(lanes=8, columns=4, window=WindowForm.LANES),
        requantizer=RequantizerConfig(lanes=1),
        memory=MemoryConfig(
            activation_words=2048,
            weight_words=512,
            parameter_entries=256,
            result_words=256,
            step_entries=256,
        ),
        weight_zero_point=False,
        compact=True,
    ),
    AcceleratorConfig(
        name="up5k",
        technology=Technology.ICE40,
        # Six of its eight multipliers make two products each, two serve the requantiser.
        array=ArrayConfig(lanes=8, columns=2, lut_pairs=2, window=WindowForm.LANES),
        requantizer=RequantizerConfig(lanes=1, multiplier=Multiplier.STEPPED),
        memory=MemoryConfig(
            activation_words=512,
            weight_words=256,
            parameter_entries=256,
            result_words=128,
            step_entries=256,
        ),
        weight_zero_point=False,
        compact=True,
    ),
    AcceleratorConfig(
        name="tiny",
        array=ArrayConfig(lanes=8, columns=4),
        requantizer=RequantizerConfig(lanes=2, modes=(Mode.FLOAT32, Mode.FIXED_DOUBLE_AWAY)),
        memory=MemoryConfig(
            activation_words=256,
            weight_words=128,
            parameter_entries=64,
            result_words=64,
            step_entries=64,
        ),
    ),
)

#: The presets by name.
PRESETS = {config.name: config for config in _ALL}


def preset(name: str) -> AcceleratorConfig:
    """The preset called ``name``; ``ValueError`` with the list of names for any other."""
    return PRESETS[one_of("preset", name, tuple(PRESETS))]
