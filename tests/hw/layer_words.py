# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Descriptors of layers for blocks that look at a few of their fields."""

from macaw.arch import AcceleratorConfig
from macaw.hw.layouts import layer_layout


def layer_word(config: AcceleratorConfig, **fields: int) -> int:
    """The bits of a descriptor whose other fields are 0."""
    return layer_layout(config).const(fields).as_bits()


def random_groups(generator, config: AcceleratorConfig, window: bool, *, outer: int):
    """Column groups of up to ``outer`` outer groups: each as (first channel, channels), and the
    fields that describe them."""
    most = config.array.lanes if window else config.array.columns
    outer = generator.randint(1, outer)
    inner = 1 if window else generator.randint(1, 3)
    inner_channels = most if window else generator.randint(1, most)
    final_channels = generator.randint(1, most)
    groups, first = [], 0
    for outer_index in range(outer):
        for inner_index in range(inner):
            channels = most
            if inner_index == inner - 1:
                channels = final_channels if outer_index == outer - 1 else inner_channels
            groups.append((first, channels))
            first += channels
    return groups, {
        "window": int(window),
        "outer_groups": outer - 1,
        "inner_groups": inner - 1,
        "group_channels": most,
        "inner_channels": inner_channels,
        "final_channels": final_channels,
    }
