# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The costs of a block are the cells of its netlist, counted by what they take of the device."""

from dataclasses import replace

import pytest

from macaw.arch import preset
from macaw.flow import FAMILIES
from macaw.flow.costs import block_costs


@pytest.mark.parametrize(
    ("family", "cells", "counts"),
    [
        (
            "ecp5",
            {"LUT4": 5, "CCU2C": 3, "TRELLIS_DPR16X4": 2, "TRELLIS_FF": 7, "DP16KD": 1, "PFUMX": 9},
            {"lut": 19, "ff": 7, "dsp": 0, "bram": 1},
        ),
        (
            "ice40",
            {"SB_LUT4": 5, "SB_CARRY": 4, "SB_DFF": 1, "SB_DFFESR": 2, "SB_SPRAM256KA": 4},
            {"lut": 5, "ff": 3, "dsp": 0, "bram": 0, "spram": 4},
        ),
        (
            "gw2a",
            {"LUT1": 1, "LUT4": 2, "ALU": 3, "RAM16SDP4": 1, "DFFRE": 4, "MULT18X18": 2,
             "MULT9X9": 1, "MULT36X36": 3, "SDPX9B": 3, "VCC": 1},
            {"lut": 10, "ff": 4, "dsp": 29, "bram": 3},
        ),
    ],
)  # fmt: skip
def test_cells_are_counted_by_resource(family, cells, counts):
    assert FAMILIES[family].count(cells) == counts


def test_costs_are_of_the_block_alone(installed):
    """Nothing of the harness is counted."""
    config = preset("up5k")
    assert (config.array.lanes, config.array.columns) == (8, 2)
    costs = block_costs("SkidBuffer", preset("ecp5_25f"))
    # Two words of eight bytes, each with the bit that says whether it is there.
    assert costs["ff"] == 2 * (64 + 1)
    assert (costs["dsp"], costs["bram"]) == (0, 0)
    assert block_costs("WeightMemory", config)["bram"] == 8


def test_a_block_that_refuses_the_configuration_costs_nothing(installed):
    config = preset("ecp5_25f")
    serial = replace(config.requantizer, multiplier="serial")
    assert block_costs("RequantizerLane", replace(config, requantizer=serial)) is None
    with pytest.raises(ValueError, match=r"^block must be one of Accumulators, .*not 'Lane'$"):
        block_costs("Lane", config)


def test_a_configuration_without_a_device_is_refused(installed):
    config = replace(preset("tiny"), name="mine")
    with pytest.raises(ValueError, match=r"^configuration must be one of ecp5_85f, .*not 'mine'$"):
        block_costs("SkidBuffer", config)
