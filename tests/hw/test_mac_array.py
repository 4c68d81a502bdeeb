# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The MAC array sums its products exactly, in both modes, with a new mode each clock."""

import re

import numpy as np
import pytest
from amaranth.back import rtlil

from macaw.arch.config import ArrayConfig, Technology
from macaw.arch.core import EXCESS
from macaw.hw.mac_array import MacArray
from macaw.sim.vectors import apply

SEED = 20261126
COUNT = 20_000
CORNERS = np.array([-128, -127, -1, 0, 1, 127], np.int8)


def operands(generator, *shape):
    """Random int8: the first vectors hold one corner throughout, half of the others are made of
    corners only."""
    values = generator.integers(-128, 128, (COUNT, *shape), dtype=np.int8)
    corners = generator.choice(CORNERS, values.shape)
    chosen = generator.random(COUNT) < 0.5
    values[chosen] = corners[chosen]
    for index, corner in enumerate(CORNERS):
        values[2 * index : 2 * index + 2] = corner
    return values


def expected_sums(activations, weights, window, window_mode):
    """The contract of `MacArray`, on arrays of int64."""
    pairs = weights.shape[1] // 2
    shared = np.concatenate([weights[:, :pairs]] * 2, axis=1)
    dense = np.einsum("nl,ncl->nc", activations, weights + np.int64(EXCESS), dtype=np.int64)
    windowed = np.einsum("ncl,ncl->nc", window + np.int64(EXCESS), shared, dtype=np.int64)
    return np.where(window_mode[:, None], windowed, dense)


@pytest.mark.parametrize(
    ("lanes", "columns", "lut_pairs", "technology", "window", "compact"),
    [
        (8, 4, 0, Technology.GENERIC, True, False),
        (8, 4, 0, Technology.ECP5, True, False),
        # Cells of two kinds in one tree, whose latencies differ.
        (8, 4, 3, Technology.ECP5, True, True),
        pytest.param(8, 4, 3, Technology.ECP5, True, False, marks=pytest.mark.full),
        (8, 2, 2, Technology.ICE40, True, True),
        pytest.param(8, 2, 2, Technology.ICE40, True, False, marks=pytest.mark.full),
        (8, 4, 16, Technology.GOWIN, True, False),
        pytest.param(8, 4, 0, Technology.GOWIN, True, False, marks=pytest.mark.full),
        pytest.param(8, 4, 5, Technology.GENERIC, True, False, marks=pytest.mark.full),
        pytest.param(8, 8, 8, Technology.ECP5, True, False, marks=pytest.mark.full),
        pytest.param(8, 8, 0, Technology.GENERIC, True, False, marks=pytest.mark.full),
        pytest.param(32, 2, 0, Technology.GENERIC, False, False, marks=pytest.mark.full),
        pytest.param(16, 16, 0, Technology.ECP5, True, False, marks=pytest.mark.full),
        pytest.param(16, 8, 0, Technology.ECP5, False, False, marks=pytest.mark.full),
    ],
)
def test_sums_are_exact(lanes, columns, lut_pairs, technology, window, compact):
    array = MacArray(
        ArrayConfig(lanes=lanes, columns=columns, lut_pairs=lut_pairs),
        technology=technology,
        window=window,
        compact=compact,
    )
    generator = np.random.default_rng(SEED)
    activations = operands(generator, lanes)
    weights = operands(generator, columns, lanes)
    taps = operands(generator, columns, lanes)
    mode = generator.integers(0, 2, COUNT, dtype=np.uint8) * np.uint8(window)
    inputs = {
        "activations": activations,
        "weights": weights.reshape(COUNT, -1),
        "window": taps.reshape(COUNT, -1),
        "window_mode": mode,
    }
    ports = ["activations", "weights"] + ["window", "window_mode"] * window
    sums = apply(
        array,
        {name: inputs[name] for name in ports},
        latency=array.latency,
        early={
            name: lead
            for name, lead in (
                ("activations", array.activation_lead),
                ("window_mode", array.mode_lead),
            )
            if name in ports
        },
    )["sums"]
    expected = expected_sums(activations, weights, taps, mode)
    wrong = np.argwhere(sums != expected)
    assert not wrong.size, (
        f"{len(wrong)} sums differ with seed {SEED}, the first of vector {wrong[0][0]}, column "
        f"{wrong[0][1]}, mode {mode[wrong[0][0]]}: {sums[*wrong[0]]}, not {expected[*wrong[0]]}"
    )


def test_without_window_the_array_has_neither_its_ports_nor_its_multiplexers():
    members, multiplexers = {}, {}
    for window in (True, False):
        array = MacArray(
            ArrayConfig(lanes=8, columns=4), technology=Technology.GENERIC, window=window
        )
        members[window] = set(array.signature.members)
        multiplexers[window] = rtlil.convert(array, emit_src=False).count("cell $mux ")
    assert members[True] - members[False] == {"window", "window_mode"}
    assert multiplexers == {True: 3 * 16, False: 0}


@pytest.mark.parametrize("lut_pairs", [0, 3, 16])
@pytest.mark.parametrize(
    ("technology", "cell", "cells_of_a_pair"),
    [
        (Technology.ECP5, "MULT18X18D", 1),
        (Technology.ICE40, "SB_MAC16", 1),
        (Technology.GOWIN, "MULT9X9", 2),
    ],
)
def test_pairs_of_lookup_tables_need_no_multiplier(lut_pairs, technology, cell, cells_of_a_pair):
    config = ArrayConfig(lanes=8, columns=4, lut_pairs=lut_pairs)
    text = rtlil.convert(MacArray(config, technology), emit_src=False)
    assert text.count(f"cell \\{cell} ") == cells_of_a_pair * (16 - lut_pairs)
    assert "cell $mul" not in text


def test_pairs_of_lookup_tables_are_spread_over_the_columns():
    config = ArrayConfig(lanes=8, columns=8, lut_pairs=6)
    text = rtlil.convert(MacArray(config, Technology.ICE40), emit_src=False)
    # The modules of the pairs, by column and lane, of those that hold a multiplier.
    modules = re.split(r"^module ", text, flags=re.MULTILINE)
    names = [part.split()[0] for part in modules if "cell \\SB_MAC16 " in part]
    places = {tuple(map(int, name.split("cell_")[1].split("_"))) for name in names}
    others = {(pair, lane) for pair in range(4) for lane in range(8)} - places
    assert others == {(2, 6), (3, 6), (0, 7), (1, 7), (2, 7), (3, 7)}


def test_refusals():
    with pytest.raises(TypeError, match=r"^array must be an ArrayConfig, not 16$"):
        MacArray(16, Technology.GENERIC)
    with pytest.raises(
        ValueError,
        match=r"^technology must be one of generic, ecp5, ice40, gowin, not 'vacuum tubes'$",
    ):
        MacArray(ArrayConfig(), "vacuum tubes")
