# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Decides whether a design's assertions can fail, with yosys and the ABC inside it."""

import shutil
import subprocess
import time
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from macaw.flow.tools import ToolError, find_tool

__all__ = ["Answer", "Method", "Verdict", "solve"]


class Method(StrEnum):
    """How a property is decided.

    ``proof``
        For every input in every clock, without a bound: property directed reachability, which
        finds the inductive invariant by itself (ABC's ``pdr``).
    ``function``
        A pipeline without feedback, its registers taken for wires: equal for every operand (ABC's
        ``iprove``). A design with feedback is refused.
    """

    PROOF = "proof"
    FUNCTION = "function"


class Verdict(StrEnum):
    """``holds``, ``fails``, or ``open``: not decided within the time."""

    HOLDS = "holds"
    FAILS = "fails"
    OPEN = "open"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A verdict and the seconds that it took."""

    verdict: Verdict
    seconds: float


#: To single gates and plain flip-flops, whose initial values stay.
_GATES = """\
read_rtlil design.il
prep -flatten -top top
async2sync
chformal -lower
memory_map
opt
formalff -clk2ff
{registers}
setundef -undriven -anyseq
techmap
dffunmap
simplemap
opt
setundef -anyseq
aigmap
opt_clean
write_aiger -I -B -zinit -no-startoffset design.aig
"""

#: Registers as wires; what then goes round in a circle had feedback.
_WIRES = """\
(* techmap_celltype = "$ff" *)
module wires #(parameter WIDTH = 1) (input [WIDTH-1:0] D, output [WIDTH-1:0] Q);
  assign Q = D;
endmodule
"""

#: ABC is called for the network of some other design: it gets one, and gives it back.
_ABC = """\
design -reset
read_verilog <<EOT
module any(input a, input b, output c); assign c = ~a & b; endmodule
EOT
simplemap
abc -script +write_blif,any.blif;read_aiger,design.aig;fold;strash;{engine};\
write_status,status.txt;read_blif,any.blif;strash;map
"""

#: What yosys may take besides the search, before it is ended.
_GRACE_SECONDS = 60

_VERDICTS = {"snl_UNSAT": Verdict.HOLDS, "snl_SAT": Verdict.FAILS, "snl_UNK": Verdict.OPEN}


def solve(design: str, method: Method, folder: Path, *, limit: int = 600) -> Answer:
    """Whether the assertions of ``design``, RTLIL with a module ``top``, hold by ``method``.

    After ``limit`` seconds a search is given up. What the tools write stays in ``folder``, which
    is emptied before.

    Raises `ToolMissingError` without yosys, and `ToolError` where yosys refuses the design.
    """
    yosys = find_tool("yosys")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    function = method is Method.FUNCTION
    registers = "techmap -map wires.v\ncheck -assert" if function else ""
    (folder / "design.il").write_text(design)
    (folder / "wires.v").write_text(_WIRES)
    script = _GATES.format(registers=registers)
    script += _ABC.format(engine="iprove" if function else f"pdr,-T,{limit}")
    (folder / "prove.ys").write_text(script)
    started = time.monotonic()
    try:
        done = subprocess.run(
            [yosys.command, "-q", "-L", "yosys.log", "-s", "prove.ys"],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=limit + _GRACE_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return Answer(verdict=Verdict.OPEN, seconds=time.monotonic() - started)
    seconds = time.monotonic() - started
    log = folder / "yosys.log"
    status = folder / "status.txt"
    if done.returncode != 0 or not status.exists():
        raise ToolError(f"yosys refused {folder.name}, its log is {log}: {done.stderr[-500:]}", log)
    latches = int((folder / "design.aig").read_bytes().split(b" ", 4)[3])
    if function and latches:
        raise ToolError(f"{folder.name} must have no register left, not {latches}", log)
    verdict = _VERDICTS[status.read_text().split()[0]]
    return Answer(verdict=verdict, seconds=seconds)
