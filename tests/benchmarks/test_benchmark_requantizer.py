# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""What the benchmark of the requantiser's modes measures; the measuring itself is tested
elsewhere."""

import pytest
from click.testing import CliRunner

from benchmarks import __main__ as command
from benchmarks import synth
from macaw.arch import Mode, Technology
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
    assert [config.requantizer.modes for config, _, _ in measured] == [(mode,) for mode in Mode]
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
        "4 lanes of raw",
        "4 lanes of fixed_single",
    ]
    result = CliRunner().invoke(command.main, ["requantizer", "tflite"])
    assert result.exit_code == 2
    assert f"NAMES must be of {', '.join(Mode)}, not 'tflite'" in result.output
    assert len(measured) == 2
