# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The reference of a block has all of its ports and timing, with their meanings and its costs."""

import re
from dataclasses import replace

import pytest

from macaw.arch import RequantizerConfig, preset
from macaw.flow.interface import describe_interface
from macaw.flow.reference import block_page, member_meanings, reference
from macaw.hw.blocks import BLOCKS, NARROW_BLOCKS, make_block

TINY, NARROW = preset("tiny"), preset("up5k")


def rows(page, kind):
    """The rows of the table whose first title is ``kind``, as lists of cells."""
    found = re.search(rf"^\| {kind} \|.*\n\|[-| ]+\|\n((?:\|.*\n)+)", page, re.MULTILINE)
    lines = found[1].splitlines() if found else []
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


OF_EACH = [(TINY, name) for name in BLOCKS] + [(NARROW, name) for name in NARROW_BLOCKS]


@pytest.mark.parametrize(("config", "name"), OF_EACH)
def test_page_is_the_block(config, name):
    interface = describe_interface(make_block(name, config))
    page = block_page(name, config)
    ports = rows(page, "port")
    assert [cells[0] for cells in ports] == [f"`{port['name']}`" for port in interface["ports"]]
    assert [cells[1] for cells in ports] == [port["direction"] for port in interface["ports"]]
    timing = {cells[0].strip("`"): int(cells[1]) for cells in rows(page, "timing")}
    assert timing == interface["timing"]


#: Blocks whose docstrings explain every member in its own lines.
EXPLAINED = [
    (config, name)
    for config, name in OF_EACH
    if name not in ("LaneArray", "MacArray", "Requantizer", "RequantizerLane")
]


@pytest.mark.parametrize(("config", "name"), EXPLAINED)
def test_every_port_is_explained(config, name):
    page = block_page(name, config)
    unexplained = [cells[0] for cells in rows(page, "port") if not cells[3]]
    if name == "WeightMemory":  # an address needs no more than its name
        unexplained.remove("`address`")
    assert unexplained == []


def test_widths_and_meanings():
    cells = {row[0]: row for row in rows(block_page("MacArray", TINY), "port")}
    meaning = "`latency` clocks after ``weights`` and ``window``."
    assert cells["`sums`"][2:] == ["4 × signed 19", meaning]
    timing = {row[0]: row for row in rows(block_page("LineBuffer", TINY), "timing")}
    assert timing["`write_latency`"][1:] == [
        "4",
        "Clocks from a row's last word to ``received``, the memory's write included.",
    ]
    assert timing["`latency`"][2] == "Clocks from ``rows``, ``offset`` and ``four`` to ``runs``."


def test_throughput_of_lanes():
    for name, clocks in (("up5k", "2"), ("gw2a18", "1")):
        timing = {row[0]: row for row in rows(block_page("Requantizer", preset(name)), "timing")}
        meaning = "Clocks from accumulators to the next ones that are taken."
        assert timing["`interval`"][1:] == [clocks, meaning]


def test_a_block_that_refuses_the_configuration_is_left_out():
    serial = replace(TINY, requantizer=RequantizerConfig(lanes=1, multiplier="serial"))
    found = re.findall(r"^## (\w+)$", reference(serial), re.MULTILINE)
    assert found == [name for name in BLOCKS if name != "RequantizerLane"]


def test_members_without_a_text_have_none():
    text = "A block.\n\nMembers\n-------\na : In(8)\nb, c : Out(8)\n    The\n    results.\n"
    assert member_meanings(text) == {"a": "", "b": "The results.", "c": "The results."}
    assert member_meanings("A block.") == {}


def test_costs_stand_where_there_are_some():
    costs = {"MacArray": {"85k": {"lut": "120"}, "up5k": {"lut": "90", "fmax": "50 MHz"}}}
    page = reference(TINY, costs)
    assert "| device | lut | fmax |" in page
    assert rows(page, "device") == [["85k", "120", "–"], ["up5k", "90", "50 MHz"]]
    assert "not placed" in page
    assert page.count("| device |") == 1
    assert "| device |" not in reference(TINY)
    assert "not placed" not in reference(TINY)
    assert re.findall(r"^## (\w+)$", page, re.MULTILINE) == list(BLOCKS)
    page = reference(NARROW)
    assert re.findall(r"^## (\w+)$", page, re.MULTILINE) == list(NARROW_BLOCKS)
