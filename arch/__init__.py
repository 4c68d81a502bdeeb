# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The contract between software and hardware: configurations, shapes, parameters."""

from macaw.arch.config import (
    AcceleratorConfig,
    AccumulatorConfig,
    ArrayConfig,
    MemoryConfig,
    Multiplier,
    Overflow,
    RequantizerConfig,
    Technology,
    WindowForm,
)
from macaw.arch.parameters import (
    AnyRequantization,
    Float32Bias,
    Float32Chain,
    RawSums,
    of_channels,
)
from macaw.arch.presets import PRESETS, preset
from macaw.arch.program import CoreLayer, CorePart, CoreProgram
from macaw.arch.requantization import (
    Mode,
    Requantization,
    fixed_multiplier,
    float32_multiplier,
)
from macaw.arch.shapes import Conv2dShape

__all__ = [
    "PRESETS",
    "AcceleratorConfig",
    "AccumulatorConfig",
    "AnyRequantization",
    "ArrayConfig",
    "Conv2dShape",
    "CoreLayer",
    "CorePart",
    "CoreProgram",
    "Float32Bias",
    "Float32Chain",
    "MemoryConfig",
    "Mode",
    "Multiplier",
    "Overflow",
    "RawSums",
    "Requantization",
    "RequantizerConfig",
    "Technology",
    "WindowForm",
    "fixed_multiplier",
    "float32_multiplier",
    "of_channels",
    "preset",
]
