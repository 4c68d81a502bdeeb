# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Netlists of every family, simulated cell by cell, compute what the component does; a netlist
with one mistake does not."""

import json
import re
import shutil
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from netlist_designs import CONTENTS, DEPTH, Products, sums

from macaw.flow import ToolMissingError, cell_models, netlist_verilog, synthesize
from macaw.sim.errors import StreamError, StreamTimeout
from macaw.sim.netlist import Netlist
from macaw.sim.streams import run
from macaw.sim.verilog import MODULE

SEED = 20261128
FAMILIES = {"ecp5": "DP16KD", "ice40": "SB_RAM40_4K", "gw2a": "SDPX9B", "gw1n": "SDPX9B"}


def netlist_of(report):
    return Netlist(text=netlist_verilog(report, module=MODULE), cells=cell_models(report.family))


def check(netlist, pauses=0.3):
    """Compares every word of the memory, some of them written before."""
    generator = np.random.default_rng(SEED)
    written = generator.choice(DEPTH, 100, replace=False)
    words = CONTENTS.copy()
    words[written] = generator.integers(0, 1 << 32, len(written))
    indices = generator.permutation(DEPTH)
    answer = run(
        Products(),
        {
            "write": {"index": written, "word": words[written]},
            "index": indices,
        },
        {"result": DEPTH},
        netlist=netlist,
        after={"index": ("write",)},
        idle=pauses,
        stall=pauses,
        seed=SEED,
        timeout_cycles=20_000,
    )
    found = answer.words["result"]
    np.testing.assert_array_equal(found, sums(words, indices), f"{SEED=}")
    return answer


@pytest.mark.parametrize("family", FAMILIES)
def test_netlist_answers_as_the_rtl_and_as_fast(installed, family):
    report = synthesize(Products(), family=family)
    assert report.cells[FAMILIES[family]] >= 1
    rtl, found = check(None), check(netlist_of(report))
    assert (found.cycles, found.transfers) == (rtl.cycles, rtl.transfers)


def test_verilog_has_the_netlist_cell_for_cell(installed):
    report = synthesize(Products())
    text = netlist_verilog(report)
    assert text.count("module ") == 1
    assert re.search(r"^module top\(", text, re.MULTILINE)
    cells = re.findall(r"^  ([A-Z]\w+) (?:#|\\|\w)", text, re.MULTILINE)
    assert Counter(cells) == report.cells
    assert {path.name for path in report.folder.iterdir()} == {
        "design.il", "netlist.json", "synthesis.json", "synthesis.ys", "yosys.log",
    }  # fmt: skip


def test_only_a_report_has_a_netlist():
    with pytest.raises(TypeError, match=r"^report must be a SynthesisReport, not 'netlist.json'$"):
        netlist_verilog("netlist.json")


def mutated(report, folder, kind, parameter, change):
    """The report of a netlist in which ``change`` was made to one ``parameter`` of a cell."""
    shutil.copytree(report.folder, folder)
    netlist = json.loads(report.netlist.read_text())
    for _, cell in sorted(netlist["modules"]["top"]["cells"].items()):
        names = sorted(name for name in cell["parameters"] if re.fullmatch(parameter, name))
        for name in names if re.fullmatch(kind, cell["type"]) else []:
            before = cell["parameters"][name]
            cell["parameters"][name] = change(before)
            if cell["parameters"][name] != before:
                (folder / "netlist.json").write_text(json.dumps(netlist))
                return replace(report, folder=folder)
    raise AssertionError(f"no {kind} has a {parameter} to change")


def other_table(bits):
    return bits.translate(str.maketrans("01", "10"))


def one_bit_less(bits):
    return bits.replace("1", "0", 1)


@pytest.mark.parametrize(
    ("family", "kind", "parameter", "change"),
    [
        ("ecp5", "LUT4", "INIT", other_table),
        ("ecp5", "DP16KD", "INITVAL_.*", one_bit_less),
        ("ice40", "SB_LUT4", "LUT_INIT", other_table),
        ("ice40", "SB_RAM40_4K", "INIT_.*", one_bit_less),
        ("gw2a", "LUT[1-4]", "INIT", other_table),
        ("gw2a", "SDPX9B", "INIT_RAM_.*", one_bit_less),
    ],
)
def test_mistake_in_one_cell_is_noticed(installed, tmp_path, family, kind, parameter, change):
    report = synthesize(Products(), family=family)
    mutant = mutated(report, tmp_path / "mutant", kind, parameter, change)
    with pytest.raises((AssertionError, StreamError, StreamTimeout), match=str(SEED)):
        check(netlist_of(mutant))


def test_netlist_of_another_component_is_refused(installed):
    text = "module dut(clk, rst);\n  input clk;\n  input rst;\nendmodule\n"
    sentence = (
        r"^netlist must be a module dut with the ports of Products, not one that differs in "
        r"index__payload, index__ready, .*, write__valid$"
    )
    with pytest.raises(ValueError, match=sentence):
        check(Netlist(text=text, cells=""))
    named_top = Netlist(text=netlist_verilog(synthesize(Products())), cells="")
    with pytest.raises(ValueError, match="not one that differs in its name$"):
        check(named_top)
    with pytest.raises(TypeError, match=r"^netlist must be a Netlist, not 'module dut'$"):
        check("module dut")


def test_models_leave_black_boxes_and_time_out(installed):
    text = cell_models("ecp5")
    assert re.search(r"^module TRELLIS_FF\b", text, re.MULTILINE)
    assert re.search(r"^module CCU2C\b", text, re.MULTILINE)
    assert not re.search(r"^module DP16KD\b|`timescale|`include", text, re.MULTILINE)


def test_models_of_an_unknown_family_are_refused():
    with pytest.raises(ValueError, match=r"^family must be one of ecp5, .*, not 'xc7'$"):
        cell_models("xc7")


def test_missing_models_are_named(monkeypatch, tmp_path):
    monkeypatch.setattr("macaw.flow.cells._share", lambda: tmp_path)
    sentence = rf"^models of cells must come with yosys, but are not in {tmp_path}/ice40$"
    with pytest.raises(ToolMissingError, match=sentence):
        cell_models("ice40")
