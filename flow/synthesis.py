# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""From an Amaranth component to a netlist of device cells, by yosys."""

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from amaranth.back import rtlil

from macaw.arch.checks import one_of
from macaw.flow.families import FAMILIES, Family
from macaw.flow.harness import HARNESS_PREFIX
from macaw.flow.netlist import drop_unused_carries, use_output_registers
from macaw.flow.tools import find_tool, run_tool
from macaw.hw.fanout import COPY_PREFIX

__all__ = ["KEPT_PREFIXES", "SynthesisReport", "synthesize", "synthesize_design"]

#: Modules of these names keep their registers, equal ones included: yosys works on each alone.
KEPT_PREFIXES = (COPY_PREFIX, HARNESS_PREFIX)

_BUILD = Path("build/flow")

#: Modules are kept apart until the registers are mapped, after which nothing merges them. Then
#: the design is flattened, so that logic is mapped across all borders, once, and in a minute.
_SCRIPT = """\
read_rtlil design.il
{keep}
{synthesis} -top top {options} -run begin:map_luts
setattr -mod -unset keep_hierarchy *
flatten
clean -purge
{pads}{synthesis} -top top {options} -run map_luts:
tee -q -o cells.part stat -json
write_json netlist.part
"""


@dataclass(frozen=True, kw_only=True)
class SynthesisReport:
    """What yosys made of a component.

    ``cells`` counts the device cells by type. ``digest`` is over the design, the script and
    yosys' version; ``folder`` holds ``design.il``, ``netlist.json`` and ``yosys.log``;
    ``seconds`` is what the run took.
    """

    digest: str
    family: str
    folder: Path
    cells: dict[str, int]
    yosys: str
    seconds: float

    @property
    def netlist(self) -> Path:
        """The netlist, in yosys' JSON."""
        return self.folder / "netlist.json"

    def __str__(self) -> str:
        counts = ", ".join(f"{cell} {count}" for cell, count in sorted(self.cells.items()))
        return f"{self.digest}: {counts}"


def _script(family: Family, options: tuple[str, ...]) -> str:
    keep = "\n".join(f"setattr -mod -set keep_hierarchy 1 *.{prefix}*" for prefix in KEPT_PREFIXES)
    pads = f"{family.pads}\n" if family.pads else ""
    return _SCRIPT.format(
        keep=keep, synthesis=family.synthesis, options=" ".join(options), pads=pads
    )


def synthesize(
    component,
    *,
    family: str = "ecp5",
    options: tuple[str, ...] | None = None,
    platform=None,
    build: Path = _BUILD,
) -> SynthesisReport:
    """Synthesise ``component`` (a `wiring.Component`) for ``family``, one of
    `macaw.flow.families.FAMILIES`.

    ``options`` are those of yosys' synthesis command, by default those of the family.
    ``-nowidelut`` halves logic that is made of multiplexers; with ``-no-rw-check`` a memory's
    read port gives anything when its address is being written. Registers in modules whose names
    begin with one of `KEPT_PREFIXES` are neither merged nor moved, so that copies made to share
    a fan-out survive.

    The result is kept in ``build``/digest and used again for an equal design.

    Raises ``ValueError`` for an unknown family, `ToolMissingError` and `ToolError`.
    """
    chosen = FAMILIES[one_of("family", family, tuple(FAMILIES))]
    design = rtlil.convert(component, name="top", platform=platform, emit_src=False)
    return synthesize_design(
        design,
        family=family,
        options=chosen.options if options is None else options,
        build=build,
    )


def synthesize_design(
    design: str, *, family: str, options: tuple[str, ...], build: Path = _BUILD
) -> SynthesisReport:
    """Synthesise ``design``, a module ``top`` in RTLIL, as `synthesize` does."""
    chosen = FAMILIES[one_of("family", family, tuple(FAMILIES))]
    yosys = find_tool("yosys")
    script = _script(chosen, options)
    digest = hashlib.sha256(f"{design}\0{script}\0{yosys.version}".encode()).hexdigest()[:12]
    folder = build / digest
    record = folder / "synthesis.json"
    if record.exists():
        return SynthesisReport(**{**json.loads(record.read_text()), "folder": folder})
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "design.il").write_text(design)
    (folder / "synthesis.ys").write_text(script)
    # The wheel's yosys is silent after its first call of ABC, except in a log of its own.
    seconds = run_tool(
        yosys,
        ["-q", "-L", "yosys.log", "-s", "synthesis.ys"],
        folder=folder,
        log="yosys.log",
        stage=f"yosys {digest}",
        writes_log=True,
    )
    netlist = json.loads((folder / "netlist.part").read_text())
    drop_unused_carries(netlist)
    cells = json.loads((folder / "cells.part").read_text())["design"]["num_cells_by_type"]
    if chosen.output_registers and (moved := use_output_registers(netlist)):
        cells["DFF"] -= moved
    (folder / "netlist.part").write_text(json.dumps(netlist))
    os.replace(folder / "netlist.part", folder / "netlist.json")
    report = SynthesisReport(
        digest=digest,
        family=family,
        folder=folder,
        cells=cells,
        yosys=yosys.version,
        seconds=round(seconds, 1),
    )
    record.with_suffix(".part").write_text(json.dumps({**asdict(report), "folder": None}))
    os.replace(record.with_suffix(".part"), record)
    (folder / "cells.part").unlink()
    return report
