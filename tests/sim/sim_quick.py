# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""A component with cells of the ECP5 of each kind but memories, and with modules that are alike."""

import numpy as np
from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In

from macaw.arch.config import ArrayConfig, Technology
from macaw.hw.mac_array import MacArray
from macaw.hw.selector import Selector
from macaw.hw.wide_multiplier import WideMultiplier

ARRAY = ArrayConfig(lanes=8, columns=4, lut_pairs=8)


def parts():
    """The blocks, and their ports by the names that they have here."""
    return {
        "array": MacArray(ARRAY, Technology.ECP5),
        "selector": Selector(width=8, ways=4, technology=Technology.ECP5),
        "multiplier": WideMultiplier(24, 24, Technology.ECP5),
    }


class Blocks(wiring.Component):
    """The blocks side by side."""

    def __init__(self):
        members = {}
        for name, part in parts().items():
            for port, member in part.signature.members.items():
                members[f"{name}_{port}"] = member
        super().__init__(members)

    def elaborate(self, platform):
        m = Module()
        for name, part in parts().items():
            m.submodules[name] = part
            for port, member in part.signature.members.items():
                outer, inner = getattr(self, f"{name}_{port}"), getattr(part, port)
                if member.flow is In:
                    m.d.comb += inner.eq(outer)
                else:
                    m.d.comb += outer.eq(inner)
        return m


def vectors(count, seed=1):
    """Random inputs of `Blocks`."""
    generator = np.random.default_rng(seed)

    def bits(high, *shape):
        return generator.integers(0, high, (count, *shape))

    products = ARRAY.lanes * ARRAY.columns
    return {
        "array_activations": bits(256, ARRAY.lanes).astype(np.int8),
        "array_weights": bits(256, products).astype(np.int8),
        "array_window": bits(256, products).astype(np.int8),
        "array_window_mode": bits(2),
        "selector_values": bits(256, 4),
        "selector_index": bits(4),
        "multiplier_a": bits(1 << 24),
        "multiplier_b": bits(1 << 24),
    }
