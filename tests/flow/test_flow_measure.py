# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""A small component through synthesis, place and route, and into rows of a benchmark."""

import importlib
import re

import pytest
from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from macaw.arch import preset
from macaw.flow import (
    Harness,
    SynthesisReport,
    ToolError,
    measure,
    place_and_route,
    synth,
    synthesize,
)
from macaw.hw.cells import gowin, ice40, lut
from macaw.hw.fanout import FanOut
from macaw.hw.wide_multiplier import WideMultiplier


class Sum(wiring.Component):
    """The registered sum of two 8-bit numbers."""

    def __init__(self):
        super().__init__({"a": In(8), "b": In(8), "o": Out(8)})

    def elaborate(self, platform):
        m = Module()
        m.d.sync += self.o.eq(self.a + self.b)
        return m


class Wide(wiring.Component):
    """More ports than any device has pins."""

    def __init__(self):
        super().__init__({"i": In(400), "o": Out(1)})

    def elaborate(self, platform):
        m = Module()
        m.d.sync += self.o.eq(self.i.xor())
        return m


def test_small_component(installed):
    result = measure(Sum(), device="25k", seeds=(1, 2, 3))
    fmax = [run.fmax for run in result.runs]
    assert [run.seed for run in result.runs] == [1, 2, 3]
    assert len(set(fmax)) > 1
    assert result.median.fmax == sorted(fmax)[1]
    assert result.best.fmax == max(fmax)
    # Four cells of a carry chain, one that leads the constant carry in, two LUTs each; two LUTs
    # give the constants.
    assert result.usage["lut"].used == 2 * (4 + 1) + 2
    assert result.usage["ff"].used == 8
    assert result.usage["dsp"].used == result.usage["bram"].used == 0
    assert result.usage["ff"].available == 24288
    assert result.median.usage["ff"].used == 8 + 16 + 8 + 3
    assert " MHz at a target of 200 MHz\n" in str(result)
    assert (result.median.folder / "nextpnr.log").exists()


def test_missed_target_is_a_result(installed):
    run = measure(Sum(), device="25k", frequency=1000.0).median
    assert run.frequency == 1000.0
    assert run.fmax < 1000.0


@pytest.mark.parametrize("router", ["router1", "router2"])
def test_router_reaches_nextpnr(installed, router):
    run = place_and_route(synthesize(Harness(Sum())), device="25k", router=router)
    log = (run.folder / "nextpnr.log").read_text()
    # What router2 leaves, router1 completes.
    assert re.findall("Router[12]", log)[0] == router.capitalize()


@pytest.mark.parametrize(("placer", "word"), [("static", "penalty="), ("heap", "HeAP Placer")])
def test_placer_reaches_nextpnr(installed, placer, word):
    run = place_and_route(synthesize(Harness(Sum())), device="25k", placer=placer)
    log = (run.folder / "nextpnr.log").read_text()
    assert [name for name in ("penalty=", "HeAP Placer") if name in log] == [word]


def test_device_and_speed_reach_nextpnr(installed):
    slow = measure(Sum(), device="85k", speed=6).median
    fast = measure(Sum(), device="85k", speed=8).median
    assert slow.usage["ff"].available == 83640
    assert fast.fmax > slow.fmax


def test_result_is_kept_and_used_again(installed, monkeypatch):
    first = measure(Sum(), device="25k")

    def refuse(*arguments, **keywords):
        raise AssertionError("nextpnr must not run again")

    # The package's attribute of this name is the function.
    module = importlib.import_module("macaw.flow.place_and_route")
    monkeypatch.setattr(module, "run_tool", refuse)
    assert measure(Sum(), device="25k") == first
    for other in ({"seeds": (2,)}, {"speed": 7}, {"frequency": 100.0}, {"device": "45k"}):
        with pytest.raises(AssertionError, match=r"^nextpnr must not run again$"):
            measure(Sum(), **{"device": "25k", **other})


def test_design_that_does_not_fit_is_an_error_with_its_log(installed):
    with pytest.raises(ToolError) as caught:
        measure(Wide(), device="25k", harness=False)
    assert caught.value.log.name == "nextpnr.log"
    assert str(caught.value.log) in str(caught.value)
    assert not list(caught.value.log.parent.glob("*.json"))


def test_rows_of_the_benchmark(installed):
    rows = []
    config = preset("ecp5_25f")
    result = synth.run(
        config, Sum(), seeds=(1, 2), report=lambda **row: rows.append(row), workload="sum"
    )
    values = {row["metric"]: (row["value"], row["unit"]) for row in rows}
    assert len(values) == len(rows)
    for row in rows:
        assert set(row) == {
            "benchmark",
            "configuration",
            "digest",
            "workload",
            "metric",
            "value",
            "unit",
        }
        assert row["benchmark"] == "synth"
        assert row["configuration"] == "ecp5_25f"
        assert row["digest"] == config.digest
        assert row["workload"] == "sum"
    fmax = [run.fmax for run in result.runs]
    assert values["fmax"] == values["fmax_worst"] == (min(fmax), "MHz")
    assert values["fmax_best"] == (max(fmax), "MHz")
    assert values["ff"] == (8, "cells")
    assert values["ff_share"] == (0.03, "%")
    assert values["device"] == ("ecp5-25k CABGA381", "name")
    assert values["speed_grade"] == (6, "grade")
    assert values["seeds"] == ("1 2", "list")
    assert "Yosys" in values["yosys"][0]
    assert "nextpnr" in values["nextpnr"][0]


def test_configuration_without_a_device_is_refused():
    with pytest.raises(
        ValueError,
        match=r"^configuration must be one of ecp5_85f, ecp5_25f, up5k, .*, not 'tiny'$",
    ):
        synth.run(preset("tiny"), None, seeds=(1,), report=print)


@pytest.mark.parametrize(
    ("device", "available", "cells"),
    [
        ("up5k", {"lut": 5280, "ff": 5280, "dsp": 8, "bram": 30, "spram": 4}, {"SB_DFF": 8}),
        ("gw2a-18", {"lut": 20736, "ff": 15552, "dsp": 96, "bram": 46}, {"DFF": 8}),
        ("gw1nr-9c", {"lut": 8640, "ff": 6480, "dsp": 40, "bram": 26}, {"DFF": 8}),
    ],
)
def test_small_component_on_other_families(all_installed, device, available, cells):
    result = measure(Sum(), device=device)
    assert {name: usage.available for name, usage in result.usage.items()} == available
    assert result.usage["ff"].used == 8
    # Eight places of a carry chain, and what leads the carry in and out.
    assert 8 <= result.usage["lut"].used <= 18
    assert result.usage["dsp"].used == result.usage["bram"].used == 0
    assert {name: result.cells[name] for name in cells} == cells
    assert result.cells.get("SB_LUT4", 8) in (8, 9)
    assert 50 < result.median.fmax < 1000


@pytest.mark.parametrize(
    ("cell", "device", "multipliers"),
    [(ice40, "up5k", 1), (gowin, "gw2a-18", 2), (gowin, "gw1nr-9c", 2), (lut, "up5k", 0)],
)
def test_multipliers_of_other_families_are_counted(all_installed, cell, device, multipliers):
    assert measure(cell.ProductPair(), device=device).usage["dsp"].used == multipliers


def test_wide_multiplier_is_counted_by_the_smaller_cell(all_installed):
    result = measure(WideMultiplier(24, 24, "gowin"), device="gw2a-18")
    assert result.usage["dsp"].used == 4 * 2


def test_copies_of_a_register_survive_on_other_families(all_installed):
    for device in ("up5k", "gw2a-18"):
        assert measure(FanOut(1, 16, arity=4), device=device).usage["ff"].used == 4 + 16


def test_netlist_of_another_family_is_refused(tmp_path):
    netlist = SynthesisReport(
        digest="0" * 12, family="ice40", folder=tmp_path, cells={}, yosys="", seconds=0.0
    )
    with pytest.raises(
        ValueError, match=r"^device must be of the netlist's family ice40, not '25k'$"
    ):
        place_and_route(netlist, device="25k")


def test_no_seed_is_refused():
    with pytest.raises(ValueError, match=r"^seeds must name at least one seed, not \(\)$"):
        measure(None, seeds=())
