# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Icarus Verilog as a second opinion on the benches of blocks: another elaborator, four states.

It is some hundred times slower than Verilator, and sees what Verilator cannot: an unknown value
reaches a bench as ``x``. It is no wheel, so a system may be without it.
"""

import functools
import hashlib
import re
import shutil
import subprocess

import cocotb_tools.config
from filelock import FileLock

from macaw.sim.build import Simulator
from macaw.sim.errors import BuildFailure, ToolMissing
from macaw.sim.folders import build_folder
from macaw.sim.verilog import write_atomically

__all__ = ["build_with_icarus", "find_icarus"]

_LOG_LINES = 30
#: What yosys writes so that a combinational block runs once at the start: a register that begins
#: as it is does not change, so Icarus does not wake the block, whose outputs then are unknown.
_TRIGGER = re.compile(r"^ *reg (\\\$auto\$verilog_backend\S+) += 0;$", re.MULTILINE)


@functools.cache
def find_icarus() -> tuple[str, str]:
    """The programs ``iverilog`` and ``vvp``.

    Raises `ToolMissing` with the name of the package to install.
    """
    compiler, interpreter = shutil.which("iverilog"), shutil.which("vvp")
    if compiler is None or interpreter is None:
        raise ToolMissing("Icarus Verilog is missing: install the Debian package iverilog")
    return compiler, interpreter


def build_with_icarus(text: str, *, toplevel: str) -> Simulator:
    """A simulator of Verilog ``text``, or the one that was built from the same text before.

    Raises `ToolMissing`, and `BuildFailure` with the end of what Icarus says.
    """
    compiler, interpreter = find_icarus()
    text = _TRIGGER.sub(r"  reg \1 ; initial #0 \1 = 0;", text)
    identity = hashlib.sha256(repr((compiler, toplevel, text)).encode()).hexdigest()[:20]
    folder = build_folder() / f"icarus-{identity}"
    launcher = (interpreter, "-m", cocotb_tools.config.lib_entry("vpi", "icarus"))
    simulator = Simulator(folder=folder, toplevel=toplevel, waves=None, launcher=launcher)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.parent / f"icarus-{identity}.lock"):
        if not simulator.program.exists():
            source, part = folder / "dut.v", folder / "simulator.part"
            write_atomically(source, text)
            command = [compiler, "-g2012", "-s", toplevel, "-o", str(part), str(source)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                lines = done.stderr.splitlines()[-_LOG_LINES:]
                raise BuildFailure("Icarus Verilog refused the design:\n" + "\n".join(lines))
            part.replace(simulator.program)
    return simulator
