# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""A synthesised component, which is simulated in the place of its RTL."""

import re
from dataclasses import dataclass

from amaranth.lib import wiring

from macaw.sim.verilog import MODULE, Verilog, ports_of

__all__ = ["CELLS", "TOLERATED", "Netlist"]

#: The name of the file of cell models in a build.
CELLS = "cells.v"

#: The warnings of Verilator that do not end a build, by file. A netlist leaves inputs of cells
#: unconnected that are not in use. yosys' models have delays, which are ignored (TRELLIS_FF and
#: more), sums that are wider than what is added (SB_MAC16), and non-blocking assignments of what
#: a memory starts with (TRELLIS_DPR16X4).
TOLERATED = {
    "dut.v": ("PINMISSING",),
    CELLS: ("SPECIFYIGN", "WIDTHEXPAND", "INITIALDLY"),
}

_PORT = re.compile(r"^\s*(input|output) (?:signed )?(?:\[(\d+):0\] )?\\?([\w$]+) ?;", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Netlist:
    """``text`` is Verilog of module `macaw.sim.verilog.MODULE`, made of device cells, with the
    ports of the component that it was synthesised from, and ``clk`` and ``rst`` where it has them.
    ``cells`` is Verilog of the models of its cells; for those that it lacks, the simulator takes
    those in ``sim/cells``."""

    text: str
    cells: str

    def in_place_of(self, component: wiring.Component) -> Verilog:
        """The netlist as the Verilog of ``component``.

        Raises ``ValueError`` where the ports are not those of ``component``.
        """
        found = {
            name: (direction == "output", int(high or 0) + 1)
            for direction, high, name in _PORT.findall(self.text)
        }
        ports = [port for port in ports_of(component) if port.width]
        wanted = {port.name: (port.output, port.width) for port in ports}
        clock = {name: (False, 1) for name in ("clk", "rst") if name in found}
        differences = sorted({name for name, _ in (wanted | clock).items() ^ found.items()})
        kind = type(component).__name__
        if f"module {MODULE}(" not in self.text or differences:
            raise ValueError(
                f"netlist must be a module {MODULE} with the ports of {kind}, "
                f"not one that differs in {', '.join(differences) or 'its name'}"
            )
        return Verilog(
            text=self.text,
            ports=tuple(ports),
            clocked="clk" in found,
            resettable="rst" in found,
        )
