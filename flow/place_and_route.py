# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""From a netlist to a placed and routed design with its timing, by nextpnr."""

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

from macaw.arch.checks import integer, one_of
from macaw.flow.floorplan import floorplan
from macaw.flow.synthesis import SynthesisReport
from macaw.flow.tools import find_tool, run_tool

__all__ = [
    "DEVICES",
    "RESOURCE_CELLS",
    "PlaceAndRouteReport",
    "Usage",
    "place_and_route",
    "read_report",
]

#: nextpnr's name of each device, with a package in which every speed grade is sold.
DEVICES = {
    "12k": "CABGA381",
    "25k": "CABGA381",
    "45k": "CABGA381",
    "85k": "CABGA381",
    "um5g-25k": "CABGA381",
    "um5g-45k": "CABGA381",
    "um5g-85k": "CABGA381",
}

#: For each resource: the cell type in yosys' netlist, and nextpnr's name in its report.
RESOURCE_CELLS = {
    "lut": ("LUT4", "TRELLIS_COMB"),
    "ff": ("TRELLIS_FF", "TRELLIS_FF"),
    "dsp": ("MULT18X18D", "MULT18X18D"),
    "bram": ("DP16KD", "DP16KD"),
}


@dataclass(frozen=True, kw_only=True)
class Usage:
    """``used`` of the ``available`` cells of one type."""

    used: int
    available: int

    @property
    def share(self) -> float:
        """The used part of the device, 0 ... 1."""
        return self.used / self.available if self.available else 0.0

    def __str__(self) -> str:
        return f"{self.used} of {self.available} ({self.share:.1%})"


@dataclass(frozen=True, kw_only=True)
class PlaceAndRouteReport:
    """What nextpnr made of a netlist.

    ``clocks`` gives the maximum frequency of each clock in MHz; ``usage`` the cells, by ``lut``
    (TRELLIS_COMB: a LUT4 or half a carry cell), ``ff``, ``dsp`` (MULT18X18D) and ``bram``
    (DP16KD). ``critical_path`` is text, a line for each step. ``frequency`` is the target in
    MHz, ``folder`` holds ``report.json`` and ``nextpnr.log``.
    """

    device: str
    package: str
    speed: int
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
        if sink["port"] in ("FCI", "FCO"):
            chain += step["delay"]
            continue
        if source["port"] == "FCI":
            kind, delay = "carry", chain + step["delay"]
        else:
            kind, delay = step["type"], step["delay"]
        chain = 0.0
        where = f"{sink['cell']}.{sink['port']}"
        if source["cell"] != sink["cell"]:
            where = f"to {where}"
        lines.append(f"{arrival:6.2f} ns {delay:+6.2f}  {kind:8s} {where}")
    return "\n".join(lines)


def read_report(report: dict) -> tuple[dict[str, float], dict[str, Usage], str]:
    """Clocks in MHz, usage by resource, and the critical path, from nextpnr's JSON report.

    The critical path is the longest one inside a clock domain: paths from and to pins are bound
    by the board. Raises ``ValueError`` if no register is clocked.
    """
    clocks = {name: round(values["achieved"], 2) for name, values in report["fmax"].items()}
    if not clocks:
        raise ValueError("a design to be timed must have a clock with registers, not none")
    usage = {
        name: Usage(**report["utilization"].get(cell, {"used": 0, "available": 0}))
        for name, (_, cell) in RESOURCE_CELLS.items()
    }
    inside = [path for path in report["critical_paths"] if path["from"] == path["to"]]
    longest = max(inside, key=lambda path: sum(step["delay"] for step in path["path"]))
    return clocks, usage, _path_text(longest)


def place_and_route(
    synthesis: SynthesisReport,
    *,
    device: str = "85k",
    package: str | None = None,
    speed: int = 6,
    frequency: float = 200.0,
    seed: int = 1,
    placer: str = "static",
    router: str = "router1",
    options: tuple[str, ...] = (),
) -> PlaceAndRouteReport:
    """Place and route the netlist of ``synthesis`` and time it.

    ``device`` is one of `DEVICES`, ``package`` one of nextpnr's names, ``speed`` the grade (6,
    7 or 8), ``frequency`` the target in MHz: nextpnr stops improving paths that meet it, so
    it is set above what is hoped for. The ``static`` placer needs a quarter less wire than
    ``heap`` in a large design, which then can be routed at all; ``router1`` gives it a quarter
    more than ``router2``. Pins are placed anywhere, the multipliers of a large array where
    `macaw.flow.floorplan` says; a missed target is a result and no error.

    The result is kept in the folder of the synthesis and used again for equal parameters.

    Raises ``TypeError`` or ``ValueError`` for parameters out of range, `ToolMissingError`, and
    `ToolError`, as when the design does not fit.
    """
    one_of("device", device, tuple(DEVICES))
    one_of("speed", speed, (6, 7, 8))
    one_of("placer", placer, ("static", "heap", "sa"))
    one_of("router", router, ("router1", "router2"))
    integer("seed", seed, 0, (1 << 31) - 1)
    if not 1 <= frequency <= 1000:
        raise ValueError(f"frequency must be in 1 ... 1000 MHz, not {frequency!r}")
    package = package or DEVICES[device]
    nextpnr = find_tool("nextpnr-ecp5")
    arguments = [
        f"--{device}",
        *("--package", package),
        *("--speed", str(speed)),
        *("--freq", str(frequency)),
        *("--seed", str(seed)),
        *("--placer", placer),
        *("--router", router),
        "--lpf-allow-unconstrained",
        "--timing-allow-fail",
        "--detailed-timing-report",
        *options,
    ]
    netlist = json.loads(synthesis.netlist.read_text())
    cells = netlist["modules"]["top"]["cells"]
    sites = floorplan(cells, device)
    key = hashlib.sha256("\0".join((*arguments, nextpnr.version, *sites.values())).encode())
    name = f"{device}-{speed}-seed{seed}-{key.hexdigest()[:8]}"
    folder = synthesis.folder / name
    record = folder / "place_and_route.json"
    if not record.exists():
        folder.mkdir(exist_ok=True)
        for cell, site in sites.items():
            cells[cell]["attributes"]["BEL"] = site
        (folder / "netlist.json").write_text(json.dumps(netlist))
        # The tools of the wheels are run where the netlist is and see nothing above.
        seconds = run_tool(
            nextpnr,
            [*arguments, "--json", f"{name}/netlist.json", "--report", f"{name}/report.part"],
            folder=synthesis.folder,
            log=f"{name}/nextpnr.log",
            stage=f"nextpnr {synthesis.digest} {device}-{speed} seed {seed}",
        )
        os.replace(folder / "report.part", folder / "report.json")
        record.with_suffix(".part").write_text(json.dumps({"seconds": round(seconds, 1)}))
        os.replace(record.with_suffix(".part"), record)
    clocks, usage, critical_path = read_report(json.loads((folder / "report.json").read_text()))
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
