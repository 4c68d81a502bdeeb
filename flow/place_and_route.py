# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""From a netlist to a placed and routed design with its timing, by nextpnr."""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from macaw.arch.checks import integer, one_of
from macaw.flow.families import DEVICES, FAMILIES, Usage, family_of
from macaw.flow.floorplan import floorplan
from macaw.flow.synthesis import SynthesisReport
from macaw.flow.tools import check_minutes, find_tool, run_tool

__all__ = ["PlaceAndRouteReport", "place_and_route", "read_report"]


@dataclass(frozen=True, kw_only=True)
class PlaceAndRouteReport:
    """What nextpnr made of a netlist.

    ``clocks`` gives the maximum frequency of each clock in MHz; ``usage`` the cells, by the
    resources of the family: ``lut`` (on ECP5 TRELLIS_COMB, a LUT4 or half a carry cell; on iCE40
    and Gowin the place of a LUT4 and a register), ``ff``, ``dsp`` and ``bram``.
    ``critical_path`` is text, a line for each step. ``frequency`` is the target in MHz,
    ``folder`` holds ``report.json`` and ``nextpnr.log``.
    """

    device: str
    package: str
    speed: int | str
    frequency: float
    seed: int
    folder: Path
    clocks: dict[str, float]
    usage: dict[str, Usage]
    critical_path: str
    nextpnr: str
    seconds: float

    @property
    def fmax(self) -> float:
        """The maximum frequency of the slowest clock, in MHz."""
        return min(self.clocks.values())

    def __str__(self) -> str:
        cells = ", ".join(f"{name} {usage}" for name, usage in self.usage.items())
        return f"{self.device}-{self.speed} seed {self.seed}: {self.fmax:.1f} MHz, {cells}"


#: Ports by which a carry enters a cell, and all through which it runs along a chain.
_CARRY_INPUTS = ("FCI", "CIN")
_CARRY_PORTS = (*_CARRY_INPUTS, "FCO", "COUT")


def _path_text(path: dict) -> str:
    """One critical path of nextpnr's report as text: arrival, delay, kind, where.

    The steps inside a carry chain are one line.
    """
    lines = [f"{path['from']} to {path['to']}"]
    arrival = 0.0
    chain = 0.0
    for step in path["path"]:
        arrival += step["delay"]
        source, sink = step["from"], step["to"]
        if sink["port"] in _CARRY_PORTS:
            chain += step["delay"]
            continue
        if source["port"] in _CARRY_INPUTS:
            kind, delay = "carry", chain + step["delay"]
        else:
            kind, delay = step["type"], step["delay"]
        chain = 0.0
        where = f"{sink['cell']}.{sink['port']}"
        if source["cell"] != sink["cell"]:
            where = f"to {where}"
        lines.append(f"{arrival:6.2f} ns {delay:+6.2f}  {kind:8s} {where}")
    return "\n".join(lines)


def read_report(
    report: dict, *, family: str = "ecp5", cells: Mapping[str, int] = {}
) -> tuple[dict[str, float], dict[str, Usage], str]:
    """Clocks in MHz, usage by resource, and the critical path, from nextpnr's JSON report for a
    netlist of ``cells`` of the ``family``.

    The critical path is the longest one inside a clock domain: paths from and to pins are bound
    by the board. Raises ``ValueError`` if no register is clocked.
    """
    clocks = {name: round(values["achieved"], 2) for name, values in report["fmax"].items()}
    if not clocks:
        raise ValueError("a design to be timed must have a clock with registers, not none")
    usage = FAMILIES[family].usage(report, cells)
    inside = [path for path in report["critical_paths"] if path["from"] == path["to"]]
    longest = max(inside, key=lambda path: sum(step["delay"] for step in path["path"]))
    return clocks, usage, _path_text(longest)


def place_and_route(
    synthesis: SynthesisReport,
    *,
    device: str = "85k",
    package: str | None = None,
    speed: int | str | None = None,
    frequency: float = 200.0,
    seed: int = 1,
    placer: str | None = None,
    router: str | None = None,
    options: tuple[str, ...] = (),
    minutes: float | None = None,
) -> PlaceAndRouteReport:
    """Place and route the netlist of ``synthesis`` and time it.

    ``device`` is one of `DEVICES`, of the family that the netlist is for; ``package`` one of
    nextpnr's names, ``speed`` a grade of the device, by default its slowest. ``frequency`` is the
    target in MHz: nextpnr stops improving paths that meet it, so it is set above what is hoped
    for. ``placer`` and ``router`` are by default the family's best: on ECP5 the ``static`` placer
    needs a quarter less wire than ``heap`` in a large design, which then can be routed at all,
    and ``router1`` gives it a quarter more than ``router2``. Pins are placed anywhere, on Gowin
    those of a `Harness` only, and the multipliers of a large array where `macaw.flow.floorplan`
    says; a missed target is a result and no error. ``minutes`` is a limit to the processor's time,
    by default the device's.

    The result is kept in the folder of the synthesis and used again for equal parameters.

    Raises ``TypeError`` or ``ValueError`` for parameters out of range, `ToolMissingError`,
    `ToolError`, as when the design does not fit, and `UnfinishedError` at the limit.
    """
    family = FAMILIES[family_of(device)]
    if synthesis.family != family_of(device):
        raise ValueError(
            f"device must be of the netlist's family {synthesis.family}, not {device!r}"
        )
    chosen = DEVICES[device]
    speed = one_of("speed", chosen.speeds[0] if speed is None else speed, chosen.speeds)
    placer = one_of("placer", placer or family.placers[0], family.placers)
    router = one_of("router", router or family.routers[0], family.routers)
    integer("seed", seed, 0, (1 << 31) - 1)
    if not 1 <= frequency <= 1000:
        raise ValueError(f"frequency must be in 1 ... 1000 MHz, not {frequency!r}")
    minutes = check_minutes(chosen.minutes if minutes is None else minutes)
    package = package or chosen.package
    nextpnr = find_tool(family.tool)
    arguments = [
        *(text.format(package=package, speed=speed) for text in chosen.arguments),
        *("--freq", str(frequency)),
        *("--seed", str(seed)),
        *("--placer", placer),
        *("--router", router),
        *family.arguments,
        "--timing-allow-fail",
        "--detailed-timing-report",
        *options,
    ]
    netlist = json.loads(synthesis.netlist.read_text())
    cells = netlist["modules"]["top"]["cells"]
    sites = floorplan(cells, device)
    key = hashlib.sha256("\0".join((*arguments, nextpnr.version, *sites.values())).encode())
    name = f"{device}-{speed}-seed{seed}-{key.hexdigest()[:8]}".replace("/", "")
    folder = synthesis.folder / name
    record = folder / "place_and_route.json"
    if not record.exists():
        folder.mkdir(exist_ok=True)
        source = "netlist.json"
        if sites:
            for cell, site in sites.items():
                cells[cell]["attributes"]["BEL"] = site
            source = f"{name}/netlist.json"
            (synthesis.folder / source).write_text(json.dumps(netlist))
        if chosen.pins:
            places = (f'IO_LOC "{port}" {pin};\n' for port, pin in chosen.pins.items())
            (folder / "pins.cst").write_text("".join(places))
            arguments += ["--vopt", f"cst={name}/pins.cst"]
        # The tools of the wheels are run where the netlist is and see nothing above.
        seconds = run_tool(
            nextpnr,
            [*arguments, "--json", source, "--report", f"{name}/report.part"],
            folder=synthesis.folder,
            log=f"{name}/nextpnr.log",
            stage=f"nextpnr {synthesis.digest} {device}-{speed} seed {seed}",
            minutes=minutes,
        )
        os.replace(folder / "report.part", folder / "report.json")
        record.with_suffix(".part").write_text(json.dumps({"seconds": round(seconds, 1)}))
        os.replace(record.with_suffix(".part"), record)
    clocks, usage, critical_path = read_report(
        json.loads((folder / "report.json").read_text()),
        family=synthesis.family,
        cells=synthesis.cells,
    )
    return PlaceAndRouteReport(
        device=device,
        package=package,
        speed=speed,
        frequency=frequency,
        seed=seed,
        folder=folder,
        clocks=clocks,
        usage=usage,
        critical_path=critical_path,
        nextpnr=nextpnr.version,
        seconds=json.loads(record.read_text())["seconds"],
    )
