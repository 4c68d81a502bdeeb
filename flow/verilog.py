# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""A netlist of device cells as Verilog, which a simulator reads."""

import itertools
import json
import shutil
import tempfile
from pathlib import Path

from macaw.arch.checks import instance
from macaw.flow.synthesis import SynthesisReport
from macaw.flow.tools import find_tool, run_tool

__all__ = ["netlist_verilog"]

_SCRIPT = """\
read_json netlist.json
splitnets
write_verilog -noattr netlist.v
"""


def netlist_verilog(report: SynthesisReport, *, module: str = "top") -> str:
    """The netlist of ``report`` as Verilog, cell for cell: one module, called ``module``, with
    the ports of the component that was synthesised, between which stand the cells.

    Raises ``TypeError`` for anything else, `ToolMissingError` and `ToolError`.
    """
    instance("report", report, SynthesisReport)
    netlist = json.loads(report.netlist.read_text())
    # The others are the library's, without contents.
    top = netlist["modules"]["top"]
    _connect_outputs(top)
    # The tools of the wheels see nothing above the folder in which they run.
    folder = Path(tempfile.mkdtemp(dir=report.folder))
    (folder / "netlist.json").write_text(json.dumps({"modules": {module: top}}))
    (folder / "script.ys").write_text(_SCRIPT)
    run_tool(
        find_tool("yosys"),
        ["-q", "script.ys"],
        folder=folder,
        log="yosys.log",
        stage=f"yosys {report.digest} to Verilog",
    )
    text = (folder / "netlist.v").read_text()
    shutil.rmtree(folder)
    return text


def _connect_outputs(module: dict) -> None:
    """Gives each output of a cell that is left unconnected, as "x", a net of its own: Verilog
    takes a constant there for a short circuit."""
    cells = module["cells"].values()
    used = [bit for cell in cells for bits in cell["connections"].values() for bit in bits]
    free = itertools.count(1 + max((bit for bit in used if isinstance(bit, int)), default=1))
    for cell in cells:
        for port, bits in cell["connections"].items():
            if cell["port_directions"][port] == "output":
                cell["connections"][port] = [next(free) if bit == "x" else bit for bit in bits]
