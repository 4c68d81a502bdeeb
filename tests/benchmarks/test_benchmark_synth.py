# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""What the benchmarks of synthesis measure, and what they keep; the measuring itself is tested
elsewhere."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks import __main__ as command
from benchmarks import synth
from benchmarks.report import Row, load
from benchmarks.tables import blocks
from macaw.arch import Mode, Multiplier, Technology, preset
from macaw.arch.config import SERIAL_MODES
from macaw.flow import DEVICES, ToolError
from macaw.hw import Conv2dCore, Requantizer
from macaw.hw.elementwise import Elementwise

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def measured(monkeypatch, tmp_path):
    """(configuration, component, keywords) of each measurement, none of which is made: it gives
    one row, and of ``up5k`` none, for that does not fit."""
    calls = []

    def run(config, component, *, report, workload="core", **kept):
        calls.append((config, component, {"workload": workload, **kept}))
        if config.name == "up5k":
            raise ToolError("it does not fit", tmp_path / "log")
        report(
            benchmark="synth", configuration=config.name, digest=config.digest, workload=workload,
            metric="fmax", value=100.0, unit="MHz",
        )  # fmt: skip

    monkeypatch.setattr(synth.synth, "run", run)
    monkeypatch.setattr(command, "_BUILD", tmp_path)
    monkeypatch.setattr(command, "_ROOT", tmp_path)
    return calls


def invoke(*words):
    return CliRunner().invoke(command.main, words)


def test_figures_of_other_presets_stay(measured, tmp_path):
    for name in ("ecp5_85f", "ecp5_25f"):
        assert invoke("synth", "--preset", name).exit_code == 0
    kept = [(row.configuration, row.benchmark) for row in load(tmp_path / "synth.json")]
    assert kept == [("ecp5_25f", "synth"), ("ecp5_85f", "synth")]
    assert [call[2]["seeds"] for call in measured] == [(1, 2, 3)] * 2
    assert all(isinstance(call[1], Conv2dCore) for call in measured)


def test_a_core_that_does_not_fit_holds_up_no_other(measured, tmp_path):
    result = invoke("synth", "--preset", "up5k", "--preset", "gw2a18", "--seeds", "1")
    assert result.exit_code == 1
    assert "up5k: it does not fit" in result.output
    assert "There are no figures of up5k." in result.output
    assert [row.configuration for row in load(tmp_path / "synth.json")] == ["gw2a18"]


def test_each_mode_is_measured_alone(measured, tmp_path):
    result = invoke("lanes", *Mode, "--seeds", "2")
    assert result.exit_code == 0, result.output
    found = [
        (kept["device"], *config.requantizer.modes, config.requantizer.multiplier)
        for config, _, kept in measured
    ]
    assert found == [
        (device, mode, kind)
        for device, technology in synth.LANE_DEVICES.items()
        for mode in Mode
        for kind in Multiplier
        if (kind != Multiplier.SERIAL or mode in SERIAL_MODES)
        and (
            kind != Multiplier.STEPPED
            or (mode != Mode.FLOAT32_CHAIN and technology == Technology.ICE40)
        )
        and (kind != Multiplier.PARALLEL or (mode != Mode.RAW and technology == Technology.ECP5))
    ]
    for config, component, kept in measured:
        assert isinstance(component, Requantizer)
        assert config.requantizer.lanes == 1
        assert config.technology is synth.LANE_DEVICES[kept["device"]]
        assert kept["seeds"] == (1, 2)
        assert kept["workload"] == kept["device"]
    rows = load(tmp_path / "synth.json")
    assert {row.benchmark for row in rows} == {"lane"}
    assert len(rows) == len(measured)


def test_a_lane_that_is_not_placed_has_its_cells(measured, monkeypatch, tmp_path):
    def fail(*arguments, **keywords):
        raise ToolError("it does not fit", tmp_path / "log")

    monkeypatch.setattr(synth.synth, "run", fail)
    monkeypatch.setattr(synth, "component_costs", lambda component, device: {"lut": 9000, "ff": 7})
    assert invoke("lanes", "raw", "--device", "up5k").exit_code == 0
    rows = {row.metric: row.value for row in load(tmp_path / "synth.json")}
    assert rows == {"fmax": "not placed", "lut": 9000, "ff": 7}


def test_lanes_are_of_every_family():
    assert tuple(synth.LANE_DEVICES) == command._LANE_DEVICES
    assert set(synth.LANE_DEVICES) <= set(DEVICES)
    assert set(synth.LANE_DEVICES.values()) == set(Technology) - {Technology.GENERIC}


def test_modes_and_devices_by_name(measured):
    assert invoke("lanes", "raw", "fixed_single", "--device", "25k").exit_code == 0
    assert [config.name for config, _, _ in measured] == [
        "fixed_single parallel ecp5", "fixed_single single ecp5", "raw single ecp5",
    ]  # fmt: skip
    assert invoke("lanes", "float32", "--device", "gw1nr-9c").exit_code == 0
    assert [config.name for config, _, _ in measured[3:]] == [
        "float32 single gowin", "float32 serial gowin",
    ]  # fmt: skip
    result = invoke("lanes", "tflite")
    assert result.exit_code == 2
    assert f"NAMES must be of {', '.join(Mode)}, elementwise, not 'tflite'" in result.output
    assert len(measured) == 5


def test_the_elementwise_pass_is_measured_with_the_lanes(measured, tmp_path):
    assert invoke("lanes", "elementwise").exit_code == 0
    assert [type(component) for _, component, _ in measured] == [Elementwise] * 3
    assert [config.elementwise_lanes for config, _, _ in measured] == [2, 4, 16]
    assert {kept["device"] for _, _, kept in measured} == {"25k"}
    assert {row.benchmark for row in load(tmp_path / "synth.json")} == {"elementwise"}
    before = len(measured)
    assert invoke("lanes").exit_code == 0
    passes = [call[0] for call in measured[before:] if isinstance(call[1], Elementwise)]
    assert [config.name for config in passes] == ["2 lanes", "4 lanes", "16 lanes"]
    before = len(measured)
    assert invoke("lanes", "elementwise", "--device", "up5k").exit_code == 0
    assert len(measured) == before


def test_costs_of_blocks(monkeypatch):
    """On every device; a block that a configuration does not have is left out."""

    def block_costs(name, config):
        absent = (name, config.name) == ("RequantizerLane", "up5k")
        return None if absent else {"lut": 1234}

    monkeypatch.setattr(synth, "block_costs", block_costs)
    monkeypatch.setattr(synth, "BLOCKS", dict.fromkeys(("Conv2dCore", "RequantizerLane")))
    old, new = (
        Row(benchmark="synth", configuration="gw2a18", digest=digest, workload="core",
            metric="fmax", value=140.5, unit="MHz")
        for digest in ("0" * 12, preset("gw2a18").digest)
    )  # fmt: skip
    device = "gw2a-18 (`gw2a18`)"
    assert synth.costs([old])["Conv2dCore"][device] == {"lut": "1,234"}
    found = synth.costs([old, new])
    assert found["Conv2dCore"][device] == {"lut": "1,234", "fmax": "140.5 MHz"}
    assert found["Conv2dCore"]["25k (`ecp5_25f`)"] == {"lut": "1,234"}
    assert len(found["Conv2dCore"]) == len(synth.synth.PRESET_DEVICES)
    assert "up5k (`up5k`)" not in found["RequantizerLane"]
    assert found["RequantizerLane"][device] == {"lut": "1,234"}


def test_lanes_of_the_page_are_of_this_hardware():
    """The page's table has lanes on each device, with the digests that they have now."""
    table = blocks((ROOT / "docs" / "core.md").read_text())["lane"]
    shown = {
        tuple(cell.strip() for cell in line.strip("|").split("|")[:3])
        for line in table.splitlines()[2:]
    }
    assert shown <= {
        (config.name, config.digest, device)
        for device, technology in synth.LANE_DEVICES.items()
        for config in synth.lane_configs(technology)
    }
    assert {device for _, _, device in shown} == set(synth.LANE_DEVICES)
