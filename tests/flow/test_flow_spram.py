# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The memory with one port is the large cells of an UP5K, all four of them, and nothing else."""

from macaw.arch import Technology
from macaw.flow import measure, synthesize
from macaw.hw.single_port_ram import SinglePortRam


def test_eight_bytes_are_four_cells(all_installed):
    block = SinglePortRam(width=8, depth=1 << 14, technology=Technology.ICE40)
    result = measure(block, device="up5k", frequency=100.0)
    cells = {cell: count for cell, count in result.cells.items() if count}
    # A lookup table for each two bytes says whether one of them is written.
    assert cells == {"SB_SPRAM256KA": 4, "SB_LUT4": 4}
    usage = result.usage["spram"]
    assert (usage.used, usage.available) == (4, 4)
    assert result.median.fmax > 60


def test_described_memory_takes_no_large_cell(installed):
    block = SinglePortRam(width=2, depth=256, technology=Technology.GENERIC)
    cells = synthesize(block, family="ice40").cells
    assert "SB_SPRAM256KA" not in cells
    assert cells["SB_RAM40_4K"] == 1
