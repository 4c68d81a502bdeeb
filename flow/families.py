# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The families of devices: how each is synthesised, placed and counted, in one table."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from macaw.arch.checks import one_of
from macaw.flow.harness import Harness

__all__ = ["DEVICES", "FAMILIES", "Device", "Family", "Usage", "family_of"]


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
class Device:
    """A device as nextpnr names it.

    ``minutes`` of the processor's time are enough for a seed that is placed and routed at all:
    three times what most seeds of our largest design take. ``package`` is one in which each of the
    ``speeds`` is sold, the first of which is measured unless another is asked for. ``arguments``
    are nextpnr's; ``{package}`` and ``{speed}`` in them are replaced. ``pins`` places the ports of
    a `Harness`, where nextpnr does not itself.
    """

    minutes: float
    package: str
    speeds: tuple[Any, ...]
    arguments: tuple[str, ...]
    pins: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Family:
    """Devices that are synthesised alike.

    - ``synthesis``: yosys' command, and ``options`` those that were measured to be best;
      ``pads`` is what inserts the pins' buffers, where nextpnr does not; ``models`` is the folder
      of its models of cells.
    - ``tool``: the nextpnr, its ``arguments``, its ``placers`` and ``routers``, the best first.
    - ``resources``: for each resource nextpnr's names of its cells, with what one of them counts.
      The first name is that of the smallest, by which the device's number is known. ``netlist``
      is the same of yosys' names, or of how they begin.
    - ``lut`` and ``register``: yosys' names of a lookup table of so many inputs, and of a plain
      register. With ``logic_cells`` a register takes the place of a lookup table, unless it is
      the one that feeds it. With ``output_registers`` block RAMs take the registers behind them
      (`macaw.flow.netlist.use_output_registers`).
    """

    synthesis: str
    options: tuple[str, ...]
    models: str
    tool: str
    arguments: tuple[str, ...]
    placers: tuple[str, ...]
    routers: tuple[str, ...]
    resources: Mapping[str, Mapping[str, int]]
    netlist: Mapping[str, Mapping[str, int]]
    lut: str
    register: str
    devices: Mapping[str, Device]
    pads: str = ""
    logic_cells: bool = False
    output_registers: bool = False

    def usage(self, report: Mapping[str, Any], cells: Mapping[str, int]) -> dict[str, Usage]:
        """The used resources, from nextpnr's report and the ``cells`` of yosys' netlist.

        Where nextpnr does not count registers, as on iCE40, whose cells hold one each, they are
        those of the netlist.
        """
        found = report["utilization"]
        usage = {}
        for name, sites in self.resources.items():
            counts = [found.get(site, {"used": 0, "available": 0}) for site in sites]
            used = sum(c["used"] * n for c, n in zip(counts, sites.values(), strict=True))
            usage[name] = Usage(used=used, available=counts[0]["available"])
        if "ff" not in usage:
            registers = sum(n for cell, n in cells.items() if cell.startswith(self.register))
            usage["ff"] = Usage(used=registers, available=usage["lut"].available)
        return usage

    def count(self, cells: Mapping[str, int]) -> dict[str, int]:
        """The resources that the ``cells`` of a netlist take, before they are placed: what shares
        the place of a lookup table is counted for itself."""
        return {
            name: sum(
                number * next((n for kind, n in kinds.items() if cell.startswith(kind)), 0)
                for cell, number in cells.items()
            )
            for name, kinds in self.netlist.items()
        }

    def harness_cells(self, harness: Harness) -> dict[str, int]:
        """The cells of a harness itself by type, as yosys counts them."""
        cells: Counter[str] = Counter({self.register: harness.registers})
        for inputs, count in harness.parities.items():
            cells[self.lut.format(inputs)] += count
        return dict(cells)

    def harness_usage(self, harness: Harness) -> dict[str, int]:
        """What the harness itself takes of ``lut`` and ``ff``."""
        parities = sum(harness.parities.values())
        luts = harness.registers if self.logic_cells else parities
        return {"lut": luts, "ff": harness.registers}


def _ecp5(name: str, minutes: float) -> Device:
    return Device(
        minutes=minutes,
        package="CABGA381",
        speeds=(6, 7, 8),
        arguments=(f"--{name}", "--package", "{package}", "--speed", "{speed}"),
    )


#: For each size.
_ECP5_MINUTES = {"12k": 20, "25k": 20, "45k": 30, "85k": 45}

_ECP5 = Family(
    synthesis="synth_ecp5",
    options=("-nowidelut", "-no-rw-check"),
    models="ecp5",
    tool="nextpnr-ecp5",
    arguments=("--lpf-allow-unconstrained",),
    placers=("static", "heap", "sa"),
    routers=("router1", "router2"),
    resources={
        "lut": {"TRELLIS_COMB": 1},
        "ff": {"TRELLIS_FF": 1},
        "dsp": {"MULT18X18D": 1},
        "bram": {"DP16KD": 1},
    },
    netlist={
        # A carry cell is two lookup tables, a RAM of 16 words four.
        "lut": {"LUT4": 1, "CCU2C": 2, "TRELLIS_DPR16X4": 4},
        "ff": {"TRELLIS_FF": 1},
        "dsp": {"MULT18X18D": 1},
        "bram": {"DP16KD": 1},
    },
    lut="LUT4",
    register="TRELLIS_FF",
    devices={
        f"{series}{size}": _ecp5(f"{series}{size}", minutes)
        for series, sizes in (("", ("12k", "25k", "45k", "85k")), ("um5g-", ("25k", "45k", "85k")))
        for size, minutes in _ECP5_MINUTES.items()
        if size in sizes
    },
)

_ICE40 = Family(
    synthesis="synth_ice40 -device u",
    options=("-no-rw-check",),
    models="ice40",
    tool="nextpnr-ice40",
    arguments=("--pcf-allow-unconstrained",),
    placers=("heap", "sa"),
    routers=("router1", "router2"),
    resources={
        "lut": {"ICESTORM_LC": 1},
        "dsp": {"ICESTORM_DSP": 1},
        "bram": {"ICESTORM_RAM": 1},
        "spram": {"ICESTORM_SPRAM": 1},
    },
    netlist={
        "lut": {"SB_LUT4": 1},
        "ff": {"SB_DFF": 1},
        "dsp": {"SB_MAC16": 1},
        "bram": {"SB_RAM40_4K": 1},
        "spram": {"SB_SPRAM256KA": 1},
    },
    lut="SB_LUT4",
    register="SB_DFF",
    logic_cells=True,
    devices={
        "up5k": Device(
            minutes=10,
            package="sg48",
            # There is one, without a name.
            speeds=("typical",),
            arguments=("--up5k", "--package", "{package}"),
        )
    },
)


def _gowin(series: str, name: str, device: Device) -> Family:
    return Family(
        synthesis=f"synth_gowin -family {series} -noiopads",
        options=("-nowidelut", "-no-rw-check"),
        models="gowin",
        pads="iopadmap -bits -inpad IBUF O:I -outpad OBUF I:O",
        tool="nextpnr-himbaechel",
        arguments=(),
        placers=("heap", "sa"),
        routers=("router1", "router2"),
        resources={
            # A carry cell takes the place of a lookup table.
            "lut": {"LUT4": 1, "ALU": 1},
            "ff": {"DFF": 1},
            "dsp": {"MULT9X9": 1, "MULT18X18": 2, "MULT36X36": 8},
            "bram": {"BSRAM": 1},
        },
        netlist={
            # A RAM of 16 words takes the place of four lookup tables.
            "lut": {"LUT": 1, "ALU": 1, "RAM16SDP4": 4},
            "ff": {"DFF": 1},
            "dsp": {"MULT9X9": 1, "MULT18X18": 2, "MULT36X36": 8},
            "bram": {"SDPX9B": 1},
        },
        lut="LUT{}",
        register="DFF",
        logic_cells=True,
        # Those of the GW1N-9C do not work, nextpnr puts registers of the fabric in their place.
        output_registers=series == "gw2a",
        devices={name: device},
    )


#: The families by name.
FAMILIES = {
    "ecp5": _ECP5,
    "ice40": _ICE40,
    "gw2a": _gowin(
        "gw2a",
        "gw2a-18",
        Device(
            minutes=30,
            package="PG256",
            speeds=("C8/I7",),
            arguments=("--device", "GW2A-LV18{package}{speed}", "--vopt", "family=GW2A-18"),
            pins={"clk": "H11", "rst": "L14", "i": "L16", "o": "N14"},
        ),
    ),
    "gw1n": _gowin(
        "gw1n",
        "gw1nr-9c",
        Device(
            minutes=10,
            package="QN88P",
            speeds=("C6/I5",),
            arguments=("--device", "GW1NR-LV9{package}{speed}", "--vopt", "family=GW1N-9C"),
            pins={"clk": "52", "rst": "25", "i": "26", "o": "27"},
        ),
    ),
}

#: The devices by name.
DEVICES = {name: device for family in FAMILIES.values() for name, device in family.devices.items()}


def family_of(device: str) -> str:
    """The name of the family of ``device``; ``ValueError`` with the list of devices for any
    other."""
    one_of("device", device, tuple(DEVICES))
    return next(name for name, family in FAMILIES.items() if device in family.devices)
