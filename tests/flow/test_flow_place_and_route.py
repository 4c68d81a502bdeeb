# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Place and route: nextpnr's report is read rightly, parameters are checked and passed on."""

import pytest

from macaw.flow import SynthesisReport, Usage, place_and_route
from macaw.flow.place_and_route import read_report

CLOCK = "$glbnet$clk"


def step(kind, delay, source, sink=None):
    """One step of a path, as nextpnr writes it."""
    cell, port = source.split(".")
    to_cell, to_port = (sink or source).split(".")
    return {
        "type": kind,
        "delay": delay,
        "from": {"cell": cell, "port": port},
        "to": {"cell": to_cell, "port": to_port},
    }


def path(start, end, *steps):
    return {"from": start, "to": end, "path": list(steps)}


# From a run of nextpnr 0.11, with fewer steps and shorter names.
REPORT = {
    "fmax": {CLOCK: {"achieved": 211.145248, "constraint": 200}},
    "utilization": {
        "DP16KD": {"available": 56, "used": 0},
        "MULT18X18D": {"available": 28, "used": 7},
        "TRELLIS_COMB": {"available": 24288, "used": 2372},
        "TRELLIS_FF": {"available": 24288, "used": 3848},
        "TRELLIS_IO": {"available": 197, "used": 3},
    },
    "critical_paths": [
        path("<async>", f"posedge {CLOCK}", step("routing", 9.0, "pin.O", "first.M")),
        path(
            f"posedge {CLOCK}",
            f"posedge {CLOCK}",
            step("clk-to-q", 0.524, "high.Q"),
            step("routing", 1.131, "high.Q", "low_0.A"),
            step("logic", 0.446, "low_0.A", "low_0.FCO"),
            step("routing", 0.0, "low_0.FCO", "low_1.FCI"),
            step("logic", 0.071, "low_1.FCI", "low_1.FCO"),
            step("routing", 0.0, "low_1.FCO", "low_2.FCI"),
            step("logic", 0.402, "low_2.FCI", "low_2.F"),
            step("routing", 0.5, "low_2.F", "other_0.A"),
            step("logic", 0.4, "other_0.A", "other_0.FCO"),
            step("routing", 0.0, "other_0.FCO", "other_1.FCI"),
            step("logic", 0.4, "other_1.FCI", "other_1.F"),
            step("routing", 0.536, "other_1.F", "multiplier.A14"),
            step("setup", 0.326, "multiplier.A14"),
        ),
        path(f"posedge {CLOCK}", "<async>", step("clk-to-q", 0.5, "last.Q")),
    ],
}


def synthesised(tmp_path):
    return SynthesisReport(
        digest="0" * 12,
        family="ecp5",
        folder=tmp_path,
        cells={},
        yosys="",
        seconds=0.0,
    )


def test_report_is_read():
    clocks, usage, critical_path = read_report(REPORT)
    assert clocks == {CLOCK: 211.15}
    assert usage == {
        "lut": Usage(used=2372, available=24288),
        "ff": Usage(used=3848, available=24288),
        "dsp": Usage(used=7, available=28),
        "bram": Usage(used=0, available=56),
    }
    assert usage["dsp"].share == 0.25
    assert str(usage["dsp"]) == "7 of 28 (25.0%)"
    assert critical_path.splitlines() == [
        f"posedge {CLOCK} to posedge {CLOCK}",
        "  0.52 ns  +0.52  clk-to-q high.Q",
        "  1.66 ns  +1.13  routing  to low_0.A",
        "  2.57 ns  +0.92  carry    low_2.F",
        "  3.07 ns  +0.50  routing  to other_0.A",
        "  3.87 ns  +0.80  carry    other_1.F",
        "  4.41 ns  +0.54  routing  to multiplier.A14",
        "  4.74 ns  +0.33  setup    multiplier.A14",
    ]


def test_report_of_a_family_without_registers_takes_those_of_the_netlist():
    counts = {"ICESTORM_LC": {"available": 5280, "used": 40}}
    counts["ICESTORM_DSP"] = {"available": 8, "used": 2}
    cells = {"SB_DFF": 20, "SB_DFFSR": 3, "SB_LUT4": 30}
    report = {**REPORT, "utilization": counts}
    _, usage, _ = read_report(report, family="ice40", cells=cells)
    assert usage == {
        "lut": Usage(used=40, available=5280),
        "ff": Usage(used=23, available=5280),
        "dsp": Usage(used=2, available=8),
        "bram": Usage(used=0, available=0),
        "spram": Usage(used=0, available=0),
    }


def test_cells_of_several_sizes_are_counted_by_the_smallest():
    counts = {
        "LUT4": {"available": 20736, "used": 100},
        "ALU": {"available": 15552, "used": 10},
        "MULT9X9": {"available": 96, "used": 5},
        "MULT18X18": {"available": 48, "used": 3},
        "MULT36X36": {"available": 12, "used": 2},
    }
    _, usage, _ = read_report({**REPORT, "utilization": counts}, family="gw2a")
    assert usage["lut"] == Usage(used=110, available=20736)
    assert usage["dsp"] == Usage(used=27, available=96)


def test_report_without_clock_is_refused():
    with pytest.raises(ValueError, match=r"must have a clock with registers, not none$"):
        read_report({**REPORT, "fmax": {}})


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"device": "6k"}, "device must be one of 12k, 25k, 45k, 85k, .*, not '6k'"),
        ({"speed": 5}, "speed must be one of 6, 7, 8, not 5"),
        ({"device": "up5k"}, "device must be of the netlist's family ecp5, not 'up5k'"),
        ({"placer": "hand"}, "placer must be one of static, heap, sa, not 'hand'"),
        ({"router": "router3"}, "router must be one of router1, router2, not 'router3'"),
        ({"seed": -1}, "seed must be in 0 ... 2147483647, not -1"),
        ({"frequency": 0}, "frequency must be in 1 ... 1000 MHz, not 0"),
    ],
)
def test_parameters_out_of_range_are_refused(tmp_path, parameters, expected):
    with pytest.raises(ValueError, match=f"^{expected}$"):
        place_and_route(synthesised(tmp_path), **parameters)


def test_seed_that_is_no_integer_is_refused(tmp_path):
    with pytest.raises(TypeError, match=r"^seed must be an integer, not 1\.5$"):
        place_and_route(synthesised(tmp_path), seed=1.5)
