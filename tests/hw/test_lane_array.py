# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The array of the narrow core gives exact sums of columns and of channels, on every device."""

import numpy as np
import pytest
from amaranth.back import rtlil
from narrow_configs import NARROW, UP5K, WIDE_LANES
from side_by_side import SideBySide

from macaw.hw.narrow.lane_array import LaneArray
from macaw.sim.vectors import apply

SEED = 20261211
COUNT = 10_000
CONFIGS = {"generic": NARROW, "ice40": UP5K, "gowin": WIDE_LANES}


def operands(generator, *shape):
    """Random int8, half of them corners; the first vectors are of one corner throughout."""
    values = generator.integers(-128, 128, (COUNT, *shape), dtype=np.int8)
    corners = generator.choice(np.array([-128, -127, -1, 0, 1, 127], np.int8), values.shape)
    values = np.where(generator.random((COUNT, *(1 for _ in shape))) < 0.5, corners, values)
    for index, corner in enumerate((-128, 127)):
        values[index] = corner
    return values


def channels_of(products, shifted=0):
    """What the contract says of ``products`` [n, columns, lanes]; another column with
    ``shifted``."""
    lane = np.arange(products.shape[2])
    column = (lane + shifted) % 2
    return products[:, column, lane] + products[:, column, lane ^ 1]


def test_sums_and_channels_are_exact():
    generator = np.random.default_rng(SEED)
    blocks, inputs, latency, expected = {}, {}, {}, {}
    for name, config in CONFIGS.items():
        lanes, columns = config.array.lanes, config.array.columns
        blocks[name] = array = LaneArray(config)
        activations, weights = operands(generator, lanes), operands(generator, columns, lanes)
        inputs[f"{name}__activations"] = activations
        inputs[f"{name}__weights"] = weights.reshape(COUNT, -1)
        latency[f"{name}__channels"] = array.latency
        latency[f"{name}__sums"] = array.latency + array.sum_lag
        products = activations[:, None].astype(np.int64) * weights
        expected[f"{name}__sums"] = products.sum(axis=2)
        expected[f"{name}__channels"] = channels_of(products)
        # Vectors that could not tell the columns apart would show nothing.
        assert (channels_of(products, 1) != expected[f"{name}__channels"]).mean() > 0.9
    found = apply(SideBySide(blocks), inputs, latency=latency)
    for port, values in expected.items():
        wrong = np.argwhere(found[port] != values)
        assert not wrong.size, (
            f"{port}: {len(wrong)} differ with seed {SEED}, the first at {wrong[0]}: "
            f"{found[port][*wrong[0]]}, not {values[*wrong[0]]}"
        )


@pytest.mark.parametrize(("config", "cells"), [(UP5K, 6), (WIDE_LANES, 26)])
def test_multipliers_of_the_device(config, cells):
    text = rtlil.convert(LaneArray(config), emit_src=False)
    assert text.count("cell \\SB_MAC16 ") + text.count("cell \\MULT9X9 ") == cells
    assert "cell $mul" not in text


def test_refusals():
    with pytest.raises(TypeError, match=r"^config must be an AcceleratorConfig, not 8$"):
        LaneArray(8)
