# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Bitstreams: which tools get what, what is kept, and what is refused."""

import json
import re
from dataclasses import replace

import pytest

from macaw.arch import Technology, preset
from macaw.arch.changes import changed
from macaw.flow import bitstream
from macaw.flow.bitstream import FitError, TimingError, build_bitstream, read_clock
from macaw.flow.synthesis import SynthesisReport
from macaw.flow.tools import Tool
from macaw.hw.boards import board
from macaw.hw.self_test import SelfTestTop
from macaw.self_test import make_plan

ULX3S = board("ulx3s_85f")
ICEBREAKER = board("icebreaker")
WHAT = "the self-test of tiny"


@pytest.fixture(scope="module")
def top():
    pytest.importorskip("amaranth_boards", reason="boards absent: install the extra 'boards'")
    plan = make_plan(preset("tiny"))
    return lambda each: SelfTestTop(plan, clock_hz=each.clock_hz)


class Tools:
    """Stands in for yosys, nextpnr and the packer: keeps what they were asked for."""

    def __init__(self, folder):
        self.folder, self.calls, self.cells = folder, [], {"LUT4": 100, "TRELLIS_FF": 90}
        self.fmax = {"clk": {"constraint": 75.0, "achieved": 80.0}}

    def synthesize(self, design, *, family, options, build):
        self.design, self.family, self.options = design, family, options
        folder = self.folder / build / "0123"
        folder.mkdir(parents=True, exist_ok=True)
        return SynthesisReport(
            digest="0123", family=family, folder=folder, cells=self.cells, yosys="y", seconds=1.0
        )

    def run(self, tool, arguments, *, folder, log, stage, minutes=None):
        self.calls.append((tool.name, arguments, folder))
        if "--report" in arguments:
            report = {
                "fmax": self.fmax,
                "utilization": {"TRELLIS_FF": {"used": 9, "available": 99}},
            }
            name = arguments[arguments.index("--report") + 1]
            (folder / name).write_text(json.dumps(report))
        return 3.0


@pytest.fixture
def tools(monkeypatch, tmp_path):
    standing = Tools(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(bitstream, "synthesize_design", standing.synthesize)
    monkeypatch.setattr(bitstream, "run_tool", standing.run)
    monkeypatch.setattr(
        bitstream, "find_tool", lambda name: Tool(name=name, command=name, version="1")
    )
    return standing


def test_ulx3s(top, tools):
    made = build_bitstream(top(ULX3S), ULX3S, what=WHAT, seed=7)
    (nextpnr, arguments, folder), (packer, packed, pack_folder) = tools.calls
    assert (nextpnr, packer, tools.family) == ("nextpnr-ecp5", "ecppack", "ecp5")
    line = " ".join(arguments)
    for part in ("--85k", "--package CABGA381", "--speed 6", "--seed 7", "--placer static",
                 "--router router1", "--json netlist.json"):  # fmt: skip
        assert part in line
    pins = (folder / arguments[arguments.index("--lpf") + 1]).read_text()
    sites = {"clk25_0__io": "G2", "uart_0__tx__io": "L4", "led_0__io": "B2", "led_1__io": "C2",
             "led_2__io": "C1", "esp32_0__gpio0__io": "L2"}  # fmt: skip
    for name, site in sites.items():
        assert f'LOCATE COMP "{name}" SITE "{site}"' in pins
    assert pins.count("LOCATE COMP") == 6
    assert 'FREQUENCY PORT "clk25_0__io" 25000000.0 HZ' in pins
    for cell in ("EHXPLLL", "DCCA"):
        assert len(re.findall(rf"cell \\{cell} ", tools.design)) == 1
    assert made.path == pack_folder / packed[-1]
    assert made.path.suffix == ".bit"
    assert made.flash_command == f"openFPGALoader --board ulx3s {made.path}"
    assert (made.clock.wanted, made.clock.achieved, made.seconds) == (75.0, 80.0, 3.0)
    assert made.cells == {"TRELLIS_FF": (9, 99)}
    # Kept for an equal seed, made again for another one.
    assert build_bitstream(top(ULX3S), ULX3S, what=WHAT, seed=7) == made
    assert len(tools.calls) == 2
    assert build_bitstream(top(ULX3S), ULX3S, what=WHAT, seed=8).path != made.path
    assert len(tools.calls) == 4


def test_icebreaker(top, tools):
    tools.cells = {"SB_LUT4": 5280, "SB_DFFE": 5000, "SB_DFF": 280}
    tools.fmax = {"clk": {"constraint": 12.0, "achieved": 12.5}}
    made = build_bitstream(top(ICEBREAKER), ICEBREAKER, what=WHAT)
    (nextpnr, arguments, folder), (packer, packed, _) = tools.calls
    assert (nextpnr, packer, tools.family) == ("nextpnr-ice40", "icepack", "ice40")
    assert arguments[:3] == ["--up5k", "--package", "sg48"]
    assert {"--no-tmdriv", "router2", "--router2-alt-weights"} <= set(arguments)
    assert "--speed" not in arguments
    pins = (folder / arguments[arguments.index("--pcf") + 1]).read_text()
    sites = {"clk12_0__io": 35, "uart_0__tx__io": 9, "led_g_1__io": 27, "led_g_0__io": 37,
             "led_r_0__io": 11}  # fmt: skip
    for name, site in sites.items():
        assert f"set_io {name} {site}\n" in pins
    assert "set_frequency clk12_0__io 12.0\n" in pins
    assert packed == ["routed.asc", "macaw_self_test.bin"]
    assert made.flash_command == f"openFPGALoader --board ice40_generic {made.path}"


def test_what_does_not_fit_is_refused(top, tools):
    tools.cells = {
        "SB_LUT4": 5281,
        "SB_DFFE": 5000,
        "SB_DFF": 281,
        "SB_MAC16": 8,
        "SB_RAM40_4K": 31,
    }
    sentence = (
        "^the self-test of tiny must fit into the iCE40UP5K of icebreaker, not 5,281 LUTs into "
        "5,280, 5,281 registers into 5,280, 31 memory blocks into 30: choose a smaller "
        "configuration or a larger device$"
    )
    with pytest.raises(FitError, match=sentence):
        build_bitstream(top(ICEBREAKER), ICEBREAKER, what=WHAT)
    assert tools.calls == []


def test_too_slow_is_refused_each_time(top, tools):
    tools.fmax = {"clk": {"constraint": 75.0, "achieved": 74.99}}
    for _ in range(2):
        with pytest.raises(
            TimingError, match="^clock of ulx3s_85f must reach 75.00 MHz, not 74.99: "
        ):
            build_bitstream(top(ULX3S), ULX3S, what=WHAT)
    assert len(tools.calls) == 2


def fmax(*clocks):
    return {"fmax": {str(i): {"constraint": a, "achieved": b} for i, (a, b) in enumerate(clocks)}}


def test_clock_of_the_board_is_found():
    clock = read_clock(fmax((25.0, 300.0), (75.01, 90.0)), ULX3S)
    assert (clock.wanted, clock.achieved) == (75.01, 90.0)


@pytest.mark.parametrize(
    ("clocks", "sentence"),
    [
        ([(25.0, 24.0), (75.0, 90.0)], "clock of ulx3s_85f must reach 25.00 MHz, not 24.00: try"),
        ([(25.0, 300.0), (12.0, 90.0)], "clocks of the design must include 75 MHz, not 25, 12$"),
        ([], "clocks of the design must include 75 MHz, not none$"),
    ],
)
def test_clocks_are_refused(clocks, sentence):
    with pytest.raises(TimingError, match=f"^{sentence}"):
        read_clock(fmax(*clocks), ULX3S)


@pytest.mark.parametrize("value", [-1, 1 << 31])
def test_seed_is_refused(top, tools, value):
    with pytest.raises(ValueError, match=rf"^seed must be in 0 ... 2147483647, not {value}$"):
        build_bitstream(top(ULX3S), ULX3S, what=WHAT, seed=value)


def test_board_is_refused(top, tools):
    with pytest.raises(TypeError, match=r"^board must be a Board, not 'ulx3s'$"):
        build_bitstream(top(ULX3S), "ulx3s", what=WHAT)


@pytest.mark.full
def test_real_bitstream(top, installed):
    """A small core of the device's cells on a ULX3S, by the tools themselves."""
    plan = make_plan(replace(preset("tiny"), technology=Technology.ECP5))
    made = build_bitstream(SelfTestTop(plan, clock_hz=ULX3S.clock_hz), ULX3S, what=WHAT)
    assert made.clock.achieved >= made.clock.wanted
    assert b"Part: LFE5U-85F" in made.path.read_bytes()[:64]
    assert made.cells["EHXPLLL"][0] == 1


@pytest.mark.full
def test_real_bitstream_of_the_narrow_core(top, installed):
    """The core that fills an iCEBreaker's device, with its self-test."""
    config = changed(preset(ICEBREAKER.preset), dict(ICEBREAKER.changes))
    plan = make_plan(config)
    made = build_bitstream(
        SelfTestTop(plan, clock_hz=ICEBREAKER.clock_hz), ICEBREAKER, what=WHAT, seed=ICEBREAKER.seed
    )
    # Which nextpnr takes as a whole number of picoseconds.
    assert made.clock.achieved >= made.clock.wanted
    assert round(made.clock.wanted, 3) == 12
    # The format's preamble (Project IceStorm, "Bitstream File Format").
    assert bytes.fromhex("7eaa997e") in made.path.read_bytes()[:256]
    assert (made.cells["ICESTORM_DSP"], made.cells["ICESTORM_RAM"]) == ((8, 8), (30, 30))
