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
from macaw.flow import Harness, ToolError, measure, place_and_route, synth, synthesize


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
        ValueError, match=r"^configuration must be one of ecp5_85f, ecp5_25f, not 'tiny'$"
    ):
        synth.run(preset("tiny"), None, seeds=(1,), report=print)


def test_no_seed_is_refused():
    with pytest.raises(ValueError, match=r"^seeds must name at least one seed, not \(\)$"):
        measure(None, seeds=())
