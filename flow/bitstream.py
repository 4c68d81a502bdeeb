# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""From a self-test on a board to a bitstream: yosys, nextpnr, and the family's packer."""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from macaw.arch.checks import instance, integer
from macaw.flow.families import DEVICES, FAMILIES
from macaw.flow.synthesis import SynthesisReport, synthesize_design
from macaw.flow.tools import check_minutes, find_tool, run_tool
from macaw.hw.boards import Board, BoardTop
from macaw.hw.self_test import SelfTestTop

__all__ = ["Bitstream", "Clock", "FitError", "TimingError", "build_bitstream", "read_clock"]

_BUILD = Path("build/bitstream")

#: How far nextpnr's idea of a frequency may be from the board's: it counts whole picoseconds.
_FREQUENCY_TOLERANCE = 0.002


@dataclass(frozen=True, kw_only=True)
class _Family:
    """How a family's bitstreams are made.

    ``options`` are yosys', ``placement`` nextpnr's; ``constraints`` is the suffix and the option
    of its file of pins, ``routed`` that of its result, of which ``packer`` makes a file with the
    suffix ``bitstream`` by ``pack``. ``cells`` gives the types of cells that use a resource, with
    the number that each takes, and ``devices`` what there is.
    """

    options: tuple[str, ...]
    placement: tuple[str, ...]
    constraints: tuple[str, str]
    routed: tuple[str, str]
    packer: str
    pack: tuple[str, ...]
    bitstream: str
    cells: Mapping[str, Mapping[str, int]]
    devices: Mapping[str, Mapping[str, int]]


_FAMILIES = {
    "ecp5": _Family(
        options=("-nowidelut", "-no-rw-check"),
        placement=("--placer", "static", "--router", "router1"),
        constraints=(".lpf", "--lpf"),
        routed=(".config", "--textcfg"),
        packer="ecppack",
        pack=("--compress", "--input", "{routed}", "--bit", "{bitstream}"),
        bitstream=".bit",
        cells={
            "LUTs": {"LUT4": 1, "CCU2C": 2, "TRELLIS_DPR16X4": 4},
            "registers": {"TRELLIS_FF": 1},
            "multipliers": {"MULT18X18D": 1},
            "memory blocks": {"DP16KD": 1},
        },
        devices={
            "LFE5U-85F": {
                "LUTs": 83640, "registers": 83640, "multipliers": 156, "memory blocks": 208
            },
        },
    ),
    "ice40": _Family(
        options=("-dsp", "-no-rw-check"),
        # Short ways are what a full device needs, and its clock is slow.
        placement=(
            *("--placer", "heap", "--no-tmdriv"),
            *("--router", "router2", "--router2-alt-weights"),
        ),
        constraints=(".pcf", "--pcf"),
        routed=(".asc", "--asc"),
        packer="icepack",
        pack=("{routed}", "{bitstream}"),
        bitstream=".bin",
        cells={
            "LUTs": {"SB_LUT4": 1},
            "registers": {
                f"SB_DFF{kind}": 1
                for kind in ("", "E", "SR", "R", "SS", "S", "ESR", "ER", "ESS", "ES")
            },
            "multipliers": {"SB_MAC16": 1},
            "memory blocks": {"SB_RAM40_4K": 1},
        },
        devices={
            "iCE40UP5K": {"LUTs": 5280, "registers": 5280, "multipliers": 8, "memory blocks": 30},
        },
    ),
}  # fmt: skip

#: Of each device: nextpnr's option; and its name of each package.
_DEVICE_OPTIONS = {"LFE5U-85F": "--85k", "iCE40UP5K": "--up5k"}
_PACKAGES = {"BG381": "CABGA381", "SG48": "sg48"}


class FitError(ValueError):
    """A design needs more than the board's device has."""


class TimingError(ValueError):
    """A placed and routed design is slower than the board's clock."""


@dataclass(frozen=True, kw_only=True)
class Clock:
    """A clock of a routed design, in MHz: what is ``wanted``, and what is ``achieved`` at most."""

    wanted: float
    achieved: float


@dataclass(frozen=True, kw_only=True)
class Bitstream:
    """A bitstream: its ``path``, the ``board``, its ``clock``, and the device's cells by type as
    (used, available). ``seconds`` is what nextpnr took."""

    path: Path
    board: Board
    clock: Clock
    cells: dict[str, tuple[int, int]]
    seconds: float

    @property
    def flash_command(self) -> str:
        """The line that loads it."""
        return f"openFPGALoader --board {self.board.flash} {self.path}"


def _check_fit(what: str, board: Board, device: str, synthesis: SynthesisReport) -> None:
    """`FitError` where the netlist needs more cells than ``device`` has, however it is packed."""
    family = _FAMILIES[board.family]
    missing = []
    for resource, types in family.cells.items():
        used = sum(synthesis.cells.get(cell, 0) * each for cell, each in types.items())
        available = family.devices[device][resource]
        if used > available:
            missing.append(f"{used:,} {resource} into {available:,}")
    if missing:
        raise FitError(
            f"{what} must fit into the {device} of {board.name}, not {', '.join(missing)}: "
            "choose a smaller configuration or a larger device"
        )


def read_clock(report: dict, board: Board) -> Clock:
    """The board's clock in nextpnr's report.

    Raises `TimingError` for any clock that is too slow, and where no clock is the board's.
    """
    clocks = [
        Clock(wanted=each["constraint"], achieved=each["achieved"])
        for each in report["fmax"].values()
    ]
    megahertz = board.clock_hz / 1e6
    for clock in clocks:
        if clock.achieved < clock.wanted:
            raise TimingError(
                f"clock of {board.name} must reach {clock.wanted:.2f} MHz, "
                f"not {clock.achieved:.2f}: try another seed or a smaller configuration"
            )
    for clock in clocks:
        if abs(clock.wanted / megahertz - 1) <= _FREQUENCY_TOLERANCE:
            return clock
    found = ", ".join(f"{clock.wanted:g}" for clock in clocks) or "none"
    raise TimingError(f"clocks of the design must include {megahertz:g} MHz, not {found}")


def build_bitstream(
    top: SelfTestTop,
    board: Board,
    *,
    what: str,
    seed: int = 1,
    minutes: float | None = None,
    build: Path = _BUILD,
) -> Bitstream:
    """The bitstream of ``top`` on ``board``; ``what`` is what a refusal calls it. ``minutes`` is
    what nextpnr may take of the processor's time, by default what `macaw.flow.families` says.

    All files are kept under ``build``/<board>, and used again for an equal design, equal tools and
    an equal ``seed`` of placement.

    Raises `FitError` where the device is too small, `TimingError` where the clock is not reached,
    `UnfinishedError` at the limit, `ImportError` without amaranth-boards, `ToolMissingError` and
    `ToolError`.
    """
    instance("board", board, Board)
    integer("seed", seed, 0, (1 << 31) - 1)
    family = _FAMILIES[board.family]
    nextpnr, packer = find_tool(FAMILIES[board.family].tool), find_tool(family.packer)
    platform = board.make_platform()
    option = _DEVICE_OPTIONS[platform.device]
    device = DEVICES[option.removeprefix("--")]
    minutes = check_minutes(device.minutes if minutes is None else minutes)
    files = platform.prepare(BoardTop(top, board), "top", emit_src=False).files
    suffix, pins = family.constraints
    constraints = files[f"top{suffix}"]
    synthesis = synthesize_design(
        files["top.il"],
        family=board.family,
        options=family.options,
        build=build / board.name,
    )
    _check_fit(what, board, platform.device, synthesis)

    speed = ("--speed", platform.speed) if hasattr(platform, "speed") else ()
    arguments = [
        option,
        *("--package", _PACKAGES[platform.package]),
        *speed,
        *("--seed", str(seed)),
        *family.placement,
        # A missed clock is refused here, with its numbers.
        "--timing-allow-fail",
        "--detailed-timing-report",
    ]
    key = "\0".join((*arguments, constraints, nextpnr.version))
    name = f"seed{seed}-{hashlib.sha256(key.encode()).hexdigest()[:8]}"
    folder = synthesis.folder / name
    record = folder / "bitstream.json"
    path = folder / f"macaw_self_test{family.bitstream}"
    if not record.exists():
        folder.mkdir(exist_ok=True)
        (folder / f"pins{suffix}").write_text(constraints)
        routed = f"routed{family.routed[0]}"
        # The tools of the wheels are run where the netlist is and see nothing above.
        seconds = run_tool(
            nextpnr,
            [
                *arguments,
                *("--json", "netlist.json", pins, f"{name}/pins{suffix}"),
                *("--report", f"{name}/report.json", family.routed[1], f"{name}/{routed}"),
            ],
            folder=synthesis.folder,
            log=f"{name}/nextpnr.log",
            stage=f"nextpnr {board.name} {synthesis.digest} seed {seed}",
            minutes=minutes,
        )
        packed = [each.format(routed=routed, bitstream=path.name) for each in family.pack]
        run_tool(packer, packed, folder=folder, log="pack.log", stage=f"{packer.name} {board.name}")
        record.with_suffix(".part").write_text(json.dumps({"seconds": round(seconds, 1)}))
        os.replace(record.with_suffix(".part"), record)
    report = json.loads((folder / "report.json").read_text())
    return Bitstream(
        path=path,
        board=board,
        clock=read_clock(report, board),
        cells={
            cell: (values["used"], values["available"])
            for cell, values in report["utilization"].items()
            if values["used"]
        },
        seconds=json.loads(record.read_text())["seconds"],
    )
