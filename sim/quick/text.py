# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Verilog that is simulated faster than the design that it comes from, with the same values."""

import hashlib
from pathlib import Path

from amaranth._toolchain.yosys import find_yosys

from macaw.sim.quick.alike import join_alike
from macaw.sim.quick.arrays import side_by_side
from macaw.sim.quick.cells import carries_to_sums, multipliers_to_products, selectors_to_words
from macaw.sim.quick.ports import join_ports
from macaw.sim.quick.rtlil import parse, text_of

__all__ = ["SOURCES", "quick_verilog"]

#: Registers that hold the same value become one; so do cells with the same inputs.
_PASSES = (
    "proc -norom",
    "flatten",
    "opt_expr",
    "opt_clean",
    "opt_merge",
    "opt_clean",
    "opt_expr",
    "opt_merge",
    "opt_clean -purge",
    "memory_collect",
    "attrmap -remove hdlname -remove unused_bits -remove generator -remove top -remove src",
    "write_verilog -norename",
)


def quick_verilog(design: str, top: str) -> str:
    """SystemVerilog of the RTLIL ``design``, whose module ``top`` has the same ports and gives the
    same values at every clock.

    Copies of registers, which a device needs, are one register here; cells of the ECP5 are
    arithmetic on words; modules that are alike are one module, whose signals are arrays.
    """
    modules = parse(design)
    selectors_to_words(modules)
    join_ports(modules)
    for module in modules.values():
        multipliers_to_products(module)
        carries_to_sums(module)
    names = join_alike(modules, f"\\{top}")
    yosys = find_yosys(lambda version: version >= (0, 40))
    script = [f"read_rtlil <<rtlil\n{text_of(modules.values())}\nrtlil", *_PASSES]
    text = yosys.run(["-q", "-"], "\n".join(script), ignore_warnings=True)
    return side_by_side(text, top, names)


def _sources() -> str:
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(repr((path.name, path.read_bytes())).encode())
    return digest.hexdigest()


#: A digest of all that makes the text.
SOURCES = _sources()
