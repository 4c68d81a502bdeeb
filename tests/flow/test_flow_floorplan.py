# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""A floorplan gives every multiplier and memory a site of its own, side by side as they work."""

import re

import pytest

from macaw.flow.floorplan import floorplan


def netlist(pairs=8, lanes=16, banks=4, blocks=8):
    """The names that a core's cells have in yosys' netlist."""
    places = [(pair, lane) for pair in range(pairs) for lane in range(lanes)]
    memories = [(bank, block) for bank in range(banks) for block in range(blocks)]
    return [
        *(f"top.array.cell_{p}_{lane}.multiplier.multiplier" for p, lane in places),
        *(f"top.weight_memory.block_{p}_{lane}.block_0" for p, lane in places),
        *(f"top.line_buffer.bank_{bank}.block_{block}" for bank, block in memories),
        *(f"top.result_buffer.bank_{bank}.block_{block}" for bank, block in memories[:16]),
        "top.requantizer.lane_0.multiplier.cell.multiplier",
        "top.array.cell_0_0.difference_TRELLIS_FF_Q",
    ]


def where(site):
    """(column, row, kind) of a site."""
    return re.fullmatch(r"X(\d+)/Y(\d+)/(MULT18|EBR)_?\d", site).groups()


@pytest.mark.parametrize("device", ["85k", "um5g-85k"])
def test_all_cells_of_the_array_have_sites_of_their_own(device):
    cells = netlist()
    sites = floorplan(cells, device)
    assert len(sites) == 2 * 128 + 32 + 16
    assert len(set(sites.values())) == len(sites)
    assert sites.keys() <= set(cells)
    assert all((where(site)[2] == "MULT18") == ("array" in cell) for cell, site in sites.items())


def test_a_pair_stands_in_one_row_with_its_weights_above_it():
    sites = floorplan(netlist(), "85k")
    for pair in range(8):
        rows, weight_rows = set(), set()
        for lane in range(16):
            x, y, _ = where(sites[f"top.array.cell_{pair}_{lane}.multiplier.multiplier"])
            weight_x, weight_y, _ = where(sites[f"top.weight_memory.block_{pair}_{lane}.block_0"])
            assert abs(int(x) - int(weight_x)) <= 5
            assert int(weight_y) - int(y) == 12
            rows.add(y), weight_rows.add(weight_y)
        assert len(rows) == len(weight_rows) == 1


def column(site):
    return int(where(site)[0])


def test_the_same_bytes_of_all_banks_are_close_in_the_corner_that_the_array_leaves():
    sites = floorplan(netlist(), "85k")
    array = [column(site) for site in sites.values() if where(site)[1] == "58"]
    for block in range(8):
        places = [sites[f"top.line_buffer.bank_{bank}.block_{block}"] for bank in range(4)]
        columns = [column(site) for site in places]
        assert max(columns) - min(columns) <= 5
        assert max(columns) < min(array)
        assert [where(site)[1] for site in places] == ["70", "70", "82", "82"]


def test_the_right_ends_are_left_to_the_requantiser_and_the_results():
    sites = floorplan(netlist(), "85k")
    results = [column(site) for cell, site in sites.items() if "result_buffer" in cell]
    lines = [column(site) for cell, site in sites.items() if "line_buffer" in cell]
    assert min(results) > max(lines)
    assert max(results) == 120
    for row in ("10", "34", "58"):  # the last four sites are free
        assert max(column(site) for site in sites.values() if where(site)[1] == row) <= 110


@pytest.mark.parametrize(
    ("cells", "device"),
    [
        (netlist(), "25k"),
        (netlist(pairs=4, lanes=8), "85k"),
        (netlist(pairs=9, lanes=16), "85k"),
        ([cell for cell in netlist() if "block_7_15" not in cell], "85k"),
        (["top.line_buffer.bank_0.block_0"], "85k"),
    ],
    ids=["device", "small", "large", "weights", "no array"],
)
def test_what_has_no_order_is_left_to_the_placer(cells, device):
    assert floorplan(cells, device) == {}


def test_memories_that_do_not_fit_in_their_row_are_left_to_the_placer():
    sites = floorplan(netlist(banks=4, blocks=12), "85k")
    assert len(sites) == 2 * 128 + 16
    assert not any("line_buffer" in cell for cell in sites)
