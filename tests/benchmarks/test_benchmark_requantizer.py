# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""What the benchmark of the requantiser's modes measures; the measuring itself is tested
elsewhere."""

import pytest
from click.testing import CliRunner

from benchmarks import __main__ as command
from benchmarks import synth
from macaw.arch import Mode, Multiplier, Technology
from macaw.arch.config import SERIAL_MODES
from macaw.hw import Requantizer


@pytest.fixture
def measured(monkeypatch, tmp_path):
    """(configuration, component, keywords) of each measurement, none of which is made."""
    calls = []
    monkeypatch.setattr(
        synth.synth,
        "run",
        lambda config, component, **kept: calls.append((config, component, kept)),
    )
    monkeypatch.setattr(command, "_BUILD", tmp_path)
    monkeypatch.setattr(command, "_ROOT", tmp_path)
    return calls


def test_each_mode_is_measured_alone(measured):
    result = CliRunner().invoke(command.main, ["requantizer", "--lanes", "2", "--seeds", "3"])
    assert result.exit_code == 0, result.output
    kinds = [(config.requantizer.modes, config.requantizer.multiplier) for config, _, _ in measured]
    assert kinds == [
        ((mode,), kind)
        for mode in Mode
        for kind in Multiplier
        if (kind != Multiplier.SERIAL or mode in SERIAL_MODES)
        and (kind != Multiplier.PARALLEL or mode != Mode.RAW)
    ]
    for config, component, kept in measured:
        assert isinstance(component, Requantizer)
        assert config.requantizer.lanes == 2
        assert config.technology is Technology.ECP5
        assert kept["seeds"] == (1, 2, 3)
        assert (kept["device"], kept["workload"]) == ("25k", "requantizer")


def test_modes_by_name(measured):
    result = CliRunner().invoke(command.main, ["requantizer", "raw", "fixed_single"])
    assert result.exit_code == 0, result.output
    assert [config.name for config, _, _ in measured] == [
        "4 single lanes of raw",
        "4 parallel lanes of fixed_single",
        "4 single lanes of fixed_single",
    ]
    command_line = ["requantizer", "float32", "--multiplier", "serial"]
    assert CliRunner().invoke(command.main, command_line).exit_code == 0
    assert measured.pop()[0].name == "4 serial lanes of float32"
    result = CliRunner().invoke(command.main, ["requantizer", "tflite"])
    assert result.exit_code == 2
    assert f"NAMES must be of {', '.join(Mode)}, not 'tflite'" in result.output
    assert len(measured) == 3
