# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Open synthesis: yosys and nextpnr as functions that return reports.

Measure any `wiring.Component` alone, between registers::

    from macaw.flow import measure

    result = measure(MacArray(...), device="85k", seeds=(1, 2, 3))
    print(result)                   # cells, Fmax of each seed, the critical path
    result.median.fmax              # MHz
    result.median.usage["lut"]      # used, available, share
    result.cells                    # cells of the netlist by type: LUT4, CCU2C, ...

Its steps are `synthesize` and `place_and_route`. Their results, with logs, stay under
``build/flow/<digest>`` of the current folder and are used again for an equal design and equal
tools. The tools come with ``pip install -e .[flow]``; those in ``PATH`` are preferred.
"""

from macaw.flow.cells import cell_models
from macaw.flow.export import export_verilog
from macaw.flow.families import DEVICES, FAMILIES, Usage
from macaw.flow.harness import Harness
from macaw.flow.measurement import Measurement, measure
from macaw.flow.place_and_route import PlaceAndRouteReport, place_and_route
from macaw.flow.synthesis import SynthesisReport, synthesize
from macaw.flow.tools import Tool, ToolError, ToolMissingError, UnfinishedError, find_tool
from macaw.flow.verilog import netlist_verilog

__all__ = [
    "DEVICES",
    "FAMILIES",
    "Harness",
    "Measurement",
    "PlaceAndRouteReport",
    "SynthesisReport",
    "Tool",
    "ToolError",
    "ToolMissingError",
    "UnfinishedError",
    "Usage",
    "cell_models",
    "export_verilog",
    "find_tool",
    "measure",
    "netlist_verilog",
    "place_and_route",
    "synthesize",
]
