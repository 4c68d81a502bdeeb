# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Hardware in Amaranth: the compute core and the blocks that it is made of."""

from macaw.hw.accumulators import Accumulators
from macaw.hw.conv2d_core import Conv2dCore
from macaw.hw.line_buffer import LineBuffer
from macaw.hw.mac_array import MacArray
from macaw.hw.requantizer import Requantizer
from macaw.hw.single_port_ram import SinglePortRam
from macaw.hw.weight_memory import WeightMemory
from macaw.hw.window_reader import WindowReader

__all__ = [
    "Accumulators",
    "Conv2dCore",
    "LineBuffer",
    "MacArray",
    "Requantizer",
    "SinglePortRam",
    "WeightMemory",
    "WindowReader",
]
