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
    ``induction``
        The same for a property that, with its helper, follows from itself in the clock before:
        yosys's ``sat -tempinduct``. It takes a second where counters are compared, which ``pdr``
        would enumerate. If it does not follow, a fault is searched for in the first clocks
        (ABC's ``bmc3``).
    ``function``
        A pipeline without feedback, its registers taken for wires: equal for every operand (ABC's
        ``iprove``). A design with feedback is refused.
    """

    PROOF = "proof"
    INDUCTION = "induction"
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


#: To plain flip-flops, whose initial values stay.
_FLAT = """\
read_rtlil design.il
prep -flatten -top top
async2sync
chformal -lower
memory_map
opt
formalff -clk2ff
{registers}
setundef -undriven -anyseq
"""

#: And to single gates.
_GATES = """\
techmap
dffunmap
simplemap
opt
setundef -anyseq
aigmap
opt_clean
write_aiger -I -B -zinit -no-startoffset design.aig
"""

#: One step from clocks in which the property holds, and the first clocks.
_STEP = "tee -o step.txt sat -tempinduct -prove-asserts -maxsteps 1 -timeout {limit} top"
_FOLLOWS = "Induction step proven: SUCCESS!"

#: Clocks in which a property that does not follow is searched for a fault.
_FAULT_CLOCKS = 40

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
    (folder / "design.il").write_text(design)
    (folder / "wires.v").write_text(_WIRES)
    started = time.monotonic()

    def answer(verdict: Verdict) -> Answer:
        return Answer(verdict=verdict, seconds=time.monotonic() - started)

    function = method is Method.FUNCTION
    flat = _FLAT.format(registers="techmap -map wires.v\ncheck -assert" if function else "")
    engine = "iprove" if function else f"pdr,-T,{limit}"
    if method is Method.INDUCTION:
        step = _run(yosys.command, folder, flat + _STEP.format(limit=limit), "step.txt", limit)
        if step is None or _FOLLOWS in step:
            return answer(Verdict.OPEN if step is None else Verdict.HOLDS)
        engine = f"bmc3,-F,{_FAULT_CLOCKS},-T,{limit}"
    status = _run(
        yosys.command, folder, flat + _GATES + _ABC.format(engine=engine), "status.txt", limit
    )
    if status is None:
        return answer(Verdict.OPEN)
    header = (folder / "design.aig").read_bytes().split(b"\n", 1)[0].split()
    latches, outputs = (int(count) for count in header[3:5])
    log = folder / "yosys.log"
    # ABC would take each of them for a fault.
    if outputs:
        raise ToolError(f"{folder.name} must have no output, not {outputs}", log)
    if function and latches:
        raise ToolError(f"{folder.name} must have no register left, not {latches}", log)
    verdict = _VERDICTS[status.split()[0]]
    # That no fault was found in some clocks is no proof.
    if method is Method.INDUCTION and verdict is Verdict.HOLDS:
        verdict = Verdict.OPEN
    return answer(verdict)


def _run(command: str, folder: Path, script: str, result: str, limit: int) -> str | None:
    """What yosys has written into the file ``result``; None if it did not end in time."""
    (folder / "prove.ys").write_text(script)
    try:
        done = subprocess.run(
            [command, "-q", "-L", "yosys.log", "-s", "prove.ys"],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=limit + _GRACE_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return None
    log, written = folder / "yosys.log", folder / result
    if done.returncode != 0 or not written.exists():
        raise ToolError(f"yosys refused {folder.name}, its log is {log}: {done.stderr[-500:]}", log)
    return written.read_text()
