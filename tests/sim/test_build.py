# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Simulators are built once, broken ones again, and what is missing is named."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from sim_designs import Inverter

from macaw.sim import folders, toolchain
from macaw.sim.build import build, cell_models
from macaw.sim.errors import BuildFailure, ToolMissing
from macaw.sim.verilog import convert

COUNTER = """
module counter (input clk, input rst, output reg [7:0] count);
  initial count = 0;
  always @(posedge clk) count <= rst ? 0 : count + 1 + 0 * {number};
endmodule
"""


def counter(number, **options):
    """A simulator of a design that no other test builds."""
    return build(
        {"counter.v": COUNTER.format(number=number)}, toplevel="counter", public=("clk",), **options
    )


def built_at(simulator):
    return simulator.program.stat().st_mtime_ns


def test_an_unchanged_design_is_built_once():
    first = counter(1)
    time = built_at(first)
    second = counter(1)
    assert second == first
    assert built_at(second) == time


@pytest.mark.parametrize(
    "options", [{"public": ("clk", "rst")}, {"waves": True}, {"number": 2}, {"sources": "extra"}]
)
def test_everything_that_a_simulator_depends_on_is_in_its_key(options, tmp_path):
    if "sources" in options:
        extra = tmp_path / "extra.sv"
        extra.write_text("module extra; endmodule\n")
        options = {"sources": (extra,)}
    given = {"public": ("clk",), "number": 1, **options}
    other = build(
        {"counter.v": COUNTER.format(number=given.pop("number"))}, toplevel="counter", **given
    )
    assert other.folder != counter(1).folder


def shared():
    """When the files were written that all simulators share."""
    paths = folders.build_folder().glob("runtime-*/*")
    return {path: path.stat().st_mtime_ns for path in paths if path.suffix in (".o", ".h", ".gch")}


def test_what_simulators_share_is_compiled_once():
    counter(1)
    before = shared()
    assert {path.suffix for path in before} == {".o", ".h", ".gch"}
    folder = counter(3).folder
    assert (folder / "build.log").read_text().count(" -c ") == 3
    assert before.items() <= shared().items()


def truncate(simulator):
    with simulator.program.open("r+b") as file:
        file.truncate(1000)


def remove_stamp(simulator):
    (simulator.folder / "built.json").unlink()


def spoil_stamp(simulator):
    (simulator.folder / "built.json").write_text('{"program"')


def remove_program(simulator):
    simulator.program.unlink()


@pytest.mark.parametrize("damage", [truncate, remove_stamp, spoil_stamp, remove_program])
def test_a_damaged_folder_is_built_again(damage):
    simulator = counter(3)
    whole = simulator.program.stat().st_size
    time = built_at(simulator)
    damage(simulator)
    stray = simulator.folder / "stray"
    stray.touch()
    assert counter(3) == simulator
    assert simulator.program.stat().st_size == whole
    assert built_at(simulator) > time
    assert not stray.exists()


def test_two_processes_build_one_design_once():
    simulator = counter(4)
    shutil.rmtree(simulator.folder)
    program = (
        "import test_build; s = test_build.counter(4); print(test_build.built_at(s), s.folder)"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", program], cwd=Path(__file__).parent, stdout=subprocess.PIPE
        )
        for _ in range(2)
    ]
    answers = [process.communicate()[0] for process in processes]
    assert answers[0] == answers[1] != b""


def test_a_refused_design_shows_the_end_of_the_log():
    with pytest.raises(BuildFailure) as raised:
        build({"broken.v": "module broken (input clk); wire x = y; endmodule\n"},
              toplevel="broken", public=())  # fmt: skip
    message = str(raised.value)
    assert message.startswith("the simulator could not be built; the log ")
    assert "'y'" in message
    log = message.split()[8]
    assert Path(log).read_text().splitlines()[-1] == message.splitlines()[-1]


@pytest.mark.parametrize(
    ("program", "message"),
    [
        ("make", "The program make is missing: install the Debian package make"),
        ("g++", "A C++ compiler is missing: install the Debian package g++"),
    ],
)
def test_a_missing_tool_is_named_with_its_package(program, message, monkeypatch, tmp_path):
    for name in {"make", "g++"} - {program}:
        (tmp_path / name).symlink_to(shutil.which(name))
    monkeypatch.setenv("PATH", str(tmp_path))
    toolchain.find.cache_clear()
    try:
        with pytest.raises(ToolMissing, match=f"^{message.replace('+', '[+]')}$"):
            counter(5)
    finally:
        toolchain.find.cache_clear()


def test_models_of_cells_are_added_where_they_are_named():
    assert [path.name for path in cell_models("DP16KD #() ram ();")] == ["ecp5.v"]
    assert cell_models("module DP16KDX; endmodule") == []
    assert cell_models("module SB_MAC16;\nendmodule\nSB_MAC16 cell ();") == []


def test_verilog_is_converted_once(monkeypatch):
    first = convert(Inverter(5))
    monkeypatch.setattr("macaw.sim.verilog.verilog", None)
    assert convert(Inverter(5)) == first


def test_the_build_folder_can_be_chosen(monkeypatch, tmp_path):
    monkeypatch.setenv("MACAW_BUILD", str(tmp_path))
    assert folders.build_folder() == tmp_path / "sim"
    monkeypatch.delenv("MACAW_BUILD")
    assert folders.build_folder() == Path(__file__).resolve().parents[2] / "build" / "sim"
