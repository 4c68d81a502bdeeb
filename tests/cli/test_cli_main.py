# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The command ``macaw``: what it passes on, what it returns."""

import io
import json
import os
import sys
from pathlib import Path
from types import ModuleType

import pytest
from click.testing import CliRunner
from rich.console import Console

from macaw.arch import preset
from macaw.arch.changes import changed
from macaw.arch.machine import Error
from macaw.arch.machines import machine_preset
from macaw.cli.main import main
from macaw.flow.bitstream import Bitstream, Clock
from macaw.host.device import DeviceError
from macaw.hw.boards import board
from macaw.sim.errors import ToolMissing


@pytest.fixture
def first_light(monkeypatch):
    """Stands in for the main job: keeps the calls, and does what ``outcome`` says."""
    module = ModuleType("macaw.cli.first_light")
    module.calls = []
    module.outcome = True

    def run(config, **options):
        module.calls.append((config, options))
        if isinstance(module.outcome, Exception):
            raise module.outcome
        return module.outcome

    module.first_light = run
    monkeypatch.setitem(sys.modules, "macaw.cli.first_light", module)
    return module


@pytest.fixture
def digits(monkeypatch):
    """Stands in for the digits in the same way."""
    module = ModuleType("macaw.cli.digits")
    module.calls = []
    module.outcome = True

    def run(machine, **options):
        module.calls.append((machine, options))
        if isinstance(module.outcome, Exception):
            raise module.outcome
        return module.outcome

    module.digits = run
    monkeypatch.setitem(sys.modules, "macaw.cli.digits", module)
    return module


def test_sim_without_options(first_light, digits):
    assert CliRunner().invoke(main, ["sim"]).exit_code == 0
    assert first_light.calls == [(preset("ecp5_85f"), {"oracle": None, "waves": False})]
    assert digits.calls == [(machine_preset("ecp5_85f"), {"waves": False})]


def test_sim_with_options(first_light, digits):
    options = ["--preset", "tiny", "--oracle", "torch", "--waves"]
    assert CliRunner().invoke(main, ["sim", *options]).exit_code == 0
    assert first_light.calls == [(preset("tiny"), {"oracle": "torch", "waves": True})]
    assert digits.calls == [(machine_preset("tiny"), {"waves": True})]


def test_sim_with_a_difference_fails(first_light, digits):
    first_light.outcome = False
    assert CliRunner().invoke(main, ["sim"]).exit_code == 1
    assert digits.calls == []


def test_sim_with_a_difference_of_the_digits_fails(first_light, digits):
    digits.outcome = False
    assert CliRunner().invoke(main, ["sim"]).exit_code == 1


def test_sim_on_a_preset_without_a_machine_skips_the_digits(first_light, digits):
    result = CliRunner().invoke(main, ["sim", "--preset", "up5k"])
    assert result.exit_code == 0
    assert digits.calls == []
    assert result.output == (
        "digits: skipped, for it needs a machine: ecp5_85f, ecp5_25f, tiny, not up5k\n"
    )


def test_sim_with_a_machine_that_stops_says_so(first_light, digits):
    digits.outcome = DeviceError("digits: the machine stopped", Error.STUCK, 3)
    result = CliRunner().invoke(main, ["sim"])
    assert result.exit_code == 1
    assert result.output == "Error: digits: the machine stopped\n"


def test_sim_without_a_tool_says_so(first_light):
    first_light.outcome = ToolMissing("A C++ compiler is missing")
    result = CliRunner().invoke(main, ["sim"])
    assert result.exit_code == 1
    assert result.output == "Error: A C++ compiler is missing\n"


@pytest.mark.parametrize("option", [["--preset", "giant"], ["--oracle", "guess"], ["--wave"]])
def test_sim_refuses(first_light, option):
    assert CliRunner().invoke(main, ["sim", *option]).exit_code == 2
    assert first_light.calls == []


def test_doctor():
    result = CliRunner().invoke(main, ["doctor"])
    assert result.exit_code == 0
    assert "The system has all that Macaw needs" in result.output


def test_version():
    assert CliRunner().invoke(main, ["--version"]).output.endswith("0.1.0\n")


def test_export(tmp_path):
    options = ["--preset", "tiny", "--set", "array.lanes=16", "--output", str(tmp_path)]
    result = CliRunner().invoke(main, ["export-verilog", "ByteAligner", *options])
    assert result.exit_code == 0
    names = ["macaw_byte_aligner.v", "macaw_byte_aligner.json"]
    assert result.output.splitlines() == [str(tmp_path / name) for name in names]
    assert '"lanes": 16' in (tmp_path / names[1]).read_text()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["Aligner"], "block must be one of Accumulators, ByteAligner, Conv2dCore, "),
        (["--set", "lanes=8"], "field must be one of technology, array.lanes, "),
        (["--set", "array.lanes"], "--set must be FIELD=VALUE, not 'array.lanes'"),
    ],
)
def test_export_refuses(tmp_path, arguments, sentence):
    options = ["--preset", "tiny", "--output", str(tmp_path)]
    result = CliRunner().invoke(main, ["export-verilog", *options, *arguments])
    assert result.exit_code == 2
    assert sentence in result.output
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("good", [True, False])
def test_prove(monkeypatch, good):
    import macaw.prove

    kept = []
    monkeypatch.setattr(macaw.prove, "prove", lambda chosen: kept.append(chosen) or good)
    result = CliRunner().invoke(main, ["prove", "SkidBuffer", "Countdown"])
    assert result.exit_code == (0 if good else 1)
    assert {each.component for each in kept[0]} == {"SkidBuffer", "Countdown"}
    assert CliRunner().invoke(main, ["prove", "Skid"]).exit_code == 2
    assert len(kept) == 1


def test_bitstream(monkeypatch):
    module = ModuleType("macaw.cli.bitstream")
    calls = []
    module.NoSeedError = RuntimeError
    module.bitstream = lambda *arguments, **options: calls.append((*arguments, options))
    monkeypatch.setitem(sys.modules, "macaw.cli.bitstream", module)
    assert CliRunner().invoke(main, ["bitstream", "ulx3s_85f"]).exit_code == 0
    options = ["--preset", "ecp5_85f", "--set", "memory.weight_words=512", "--seed", "3"]
    options += ["--time-limit", "2.5"]
    assert CliRunner().invoke(main, ["bitstream", "icebreaker", *options]).exit_code == 0
    # What a board changes is changed in its own preset alone.
    options = ["--set", "memory.step_entries=128"]
    assert CliRunner().invoke(main, ["bitstream", "icebreaker", *options]).exit_code == 0
    smaller = changed(preset("ecp5_85f"), {"memory.weight_words": "512"})
    own = changed(preset("up5k"), {"accumulator.bits": "22", "memory.step_entries": "128"})
    assert calls == [
        (board("ulx3s_85f"), preset("ecp5_25f"), {"seed": None, "minutes": None}),
        (board("icebreaker"), smaller, {"seed": 3, "minutes": 2.5}),
        (board("icebreaker"), own, {"seed": None, "minutes": None}),
    ]


def test_bitstream_refuses(monkeypatch):
    result = CliRunner().invoke(main, ["bitstream", "arty"])
    assert result.exit_code == 2
    assert "board must be one of ulx3s_85f, icebreaker, not 'arty'" in result.output

    def refuse(*arguments, **options):
        raise ValueError("the self-test must fit")

    module = ModuleType("macaw.cli.bitstream")
    module.NoSeedError = RuntimeError
    module.bitstream = refuse
    monkeypatch.setitem(sys.modules, "macaw.cli.bitstream", module)
    result = CliRunner().invoke(main, ["bitstream", "icebreaker"])
    assert (result.exit_code, result.output) == (1, "Error: the self-test must fit\n")


def test_bitstream_says_what_was_made(monkeypatch):
    from macaw.cli import bitstream

    made = Bitstream(
        path=Path("build/x.bit"),
        board=board("ulx3s_85f"),
        clock=Clock(wanted=75.0, achieved=81.26),
        cells={"DP16KD": (67, 208)},
        seconds=1.0,
    )
    kept = []

    def build(top, each, **options):
        kept.append((top.bit_cycles, each, options))
        return made

    monkeypatch.setattr(bitstream, "build_bitstream", build)
    with io.StringIO() as file:
        bitstream.bitstream(board("ulx3s_85f"), preset("tiny"), seed=5, console=Console(file=file))
        text = file.getvalue()
    options = {"what": "the self-test of tiny", "seed": 5, "minutes": None}
    assert kept == [(651, board("ulx3s_85f"), options)]
    for part in ("self-test on ulx3s_85f, configuration tiny (", "DP16KD 67 of 208",
                 "75.00 MHz, at most 81.26 MHz", "bitstream: build/x.bit",
                 "openFPGALoader --board ulx3s build/x.bit"):  # fmt: skip
        assert part in text


def test_sim_as_json(first_light, digits):
    """What the jobs record, and nothing else, stands on the standard output."""
    result = CliRunner().invoke(main, ["sim", "--json"])
    assert result.exit_code == 0
    [(_, options)], [(_, more)] = first_light.calls, digits.calls
    options["record"]({"workload": "a", "cycles": 3})
    assert options["record"] == more["record"]
    assert options["console"].stderr
    assert json.loads(result.output) == []
    result = CliRunner().invoke(main, ["sim", "--json", "--preset", "up5k"])
    # Some versions of click mix both outputs for tests.
    [entry] = json.loads(result.output[result.output.index("[") :])
    assert entry["skipped"].startswith("it needs a machine: ecp5_85f")


@pytest.mark.parametrize("told", [None, "AVX2_VNNI"])
def test_pytorch_is_told_which_kernels_to_take_but_for_a_user_s_own(told, monkeypatch):
    name = "ONEDNN_MAX_CPU_ISA"
    monkeypatch.setenv(name, told or "")
    if told is None:
        monkeypatch.delenv(name)
    assert CliRunner().invoke(main, ["inspect"]).exit_code == 2
    assert os.environ[name] == (told or "AVX512_CORE_VNNI")
