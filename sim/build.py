# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Verilog to a simulator: Verilator through cocotb's runner, each design built once."""

import hashlib
import json
import logging
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cocotb_tools.config
import cocotb_tools.runner
from filelock import FileLock

from macaw.sim import toolchain
from macaw.sim.errors import BuildFailure
from macaw.sim.folders import build_folder
from macaw.sim.progress import status
from macaw.sim.verilog import write_atomically

__all__ = ["NATIVE", "Simulator", "build", "cell_models"]

#: The folder of the sources that every simulator shares.
NATIVE = Path(__file__).resolve().parent / "native"

_CELLS = Path(__file__).resolve().parent / "cells"
_MAIN = NATIVE / "main.cpp"
_RECIPE = (NATIVE / "simulator.mk", NATIVE / "runtime.h")
_PROGRAM = "simulator"
_STAMP = "built.json"
_LOG = "build.log"
_VERILATOR_FLAGS = ("-O3", "--x-assign", "fast", "--x-initial", "fast", "--no-timing")
_OPTIMISATION = ("OPT_FAST=-O2", "OPT_SLOW=-O0", "OPT_GLOBAL=-O1")
_NO_OPTIMISATION = ("OPT_FAST=-O0", *_OPTIMISATION[1:])
_KEPT_LOOPS = ("--unroll-count", "0")
_LOG_LINES = 30
_MODULE = re.compile(r"^module (\w+)", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Simulator:
    """A built simulator: its program, its top module, and the format of its waveforms.

    ``waves`` is ``"fst"``, ``"vcd"``, or ``None`` where none can be written; ``launcher`` stands
    before the program in a command line, for a program that another one interprets.
    """

    folder: Path
    toplevel: str
    waves: str | None
    launcher: tuple[str, ...] = ()

    @property
    def program(self) -> Path:
        """The program to run."""
        return self.folder / _PROGRAM


class Runner(cocotb_tools.runner.Verilator):
    """cocotb's runner with commands of our own: its build makes every signal public, which
    costs a factor of three to eleven, and needs perl."""

    def __init__(self, commands: Sequence[list[str]] = (), environment: Mapping[str, str] = {}):
        super().__init__()
        self._commands = list(commands)
        self._environment = dict(environment)
        self._set_sources([])
        self._set_verilog_sources([])
        self._set_vhdl_sources([])
        self.log.setLevel(logging.CRITICAL)

    def _set_env_common(self) -> None:
        super()._set_env_common()
        self.env.update(self._environment)

    def _use_external_viewer(self) -> bool:
        return False

    def _build_command(self) -> list[list[str]]:
        return self._commands

    def _test_command(self) -> list[list[str]]:
        return self._commands


def cell_models(text: str) -> list[Path]:
    """The files of behavioural models for the device cells that Verilog ``text`` names and does
    not define."""
    names = set(re.findall(r"\w+", text)) - set(_MODULE.findall(text))
    return [
        path
        for path in sorted(_CELLS.glob("*.v"))
        if names & set(_MODULE.findall(path.read_text()))
    ]


def build(
    texts: Mapping[str, str],
    *,
    toplevel: str,
    public: Sequence[str],
    sources: Sequence[Path] = (),
    tolerated: Mapping[str, Sequence[str]] = {},
    free_clock: bool = False,
    optimised: bool = True,
    vectorised: bool = False,
    waves: bool = False,
    label: str = "",
) -> Simulator:
    """Builds a simulator, or takes the one that was built from the same sources before.

    ``texts`` maps file names to generated Verilog, ``sources`` are files besides; models of
    device cells that they name and do not define are added. ``public`` lists signals of
    ``toplevel`` that Python may read and write. A warning ends the build, except for one in
    ``texts``; of a text in ``tolerated``, only the warnings that stand there are excepted. With
    ``free_clock`` the program clocks ``clk`` by itself until ``done``. Unless ``optimised`` it is
    built sooner and runs slower. ``vectorised`` is for texts with loops over arrays: they stay
    loops, and are compiled for the processor at hand. ``label`` is what the progress line calls
    the design.

    Raises `ToolMissing`, and `BuildFailure` with the end of the log.
    """
    tools = toolchain.find()
    waves_format = ("fst" if toolchain.can_write_fst() else "vcd") if waves else None
    sources = [*sources, *cell_models("\n".join(texts.values()))]
    control = _control_file(toplevel, public, texts, tolerated)
    flags = [
        *_VERILATOR_FLAGS,
        *(_KEPT_LOOPS if vectorised else []),
        *(["-CFLAGS", "-DFREE_CLOCK=1"] if free_clock else []),
        *([f"--trace-{waves_format}"] if waves_format else []),
    ]
    optimisation = _OPTIMISATION if optimised else _NO_OPTIMISATION
    if vectorised:
        optimisation = (f"OPT_FAST=-O3 {toolchain.native()}", *_OPTIMISATION[1:])
    identity = hashlib.sha256(repr((tools.identity, flags, optimisation, toplevel)).encode())
    for name, text in [("control.vlt", control), *sorted(texts.items())]:
        identity.update(repr((name, text)).encode())
    for path in [*sources, _MAIN, *_RECIPE]:
        identity.update(repr((path.name, path.read_bytes())).encode())
    digest = identity.hexdigest()[:20]
    folder = build_folder() / digest
    simulator = Simulator(folder=folder, toplevel=toplevel, waves=waves_format)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.parent / f"{digest}.lock"):
        if not _complete(simulator):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            with status(f"building the simulator of {label or toplevel}"):
                generated = {"control.vlt": control, **texts}
                for name, text in generated.items():
                    (folder / name).write_text(text)
                inputs = [*(folder / name for name in generated), *sources, _MAIN]
                _run_build(simulator, tools, flags, optimisation, inputs)
                _seal(simulator)
    return simulator


def _control_file(
    toplevel: str,
    public: Sequence[str],
    texts: Mapping[str, str],
    tolerated: Mapping[str, Sequence[str]],
) -> str:
    lines = ["`verilator_config"]
    # Generated text is as its generator makes it; hand-written sources keep every warning.
    for name in sorted(texts):
        rules = [f"-rule {rule} " for rule in tolerated[name]] if name in tolerated else [""]
        lines += [f'lint_off {rule}-file "*/{name}"' for rule in rules]
    lines += [f'public_flat_rw -module "{toplevel}" -var "{name}"' for name in public]
    return "\n".join(lines) + "\n"


def _run_build(
    simulator: Simulator,
    tools: toolchain.Toolchain,
    flags: list[str],
    optimisation: Sequence[str],
    inputs: list[Path],
) -> None:
    libraries = cocotb_tools.config.libs_dir
    verilate = [
        str(tools.verilator), "-cc", "--exe", "-Mdir", ".", "--top-module", simulator.toplevel,
        "--vpi", "--prefix", "Vtop", "--timescale", "1ns/1ns",
        "-LDFLAGS", f"-rdynamic -Wl,-rpath,{libraries} -L{libraries} -lcocotbvpi_verilator",
        *flags, *map(str, inputs),
    ]  # fmt: skip
    runtime = _runtime_folder(tools, simulator.waves)
    make = [
        tools.make, "-j", "2", "-f", str(NATIVE / "simulator.mk"),
        f"CXX={tools.compiler}", f"LINK={tools.compiler}", f"RUNTIME={runtime}",
        *optimisation,
        *(["OBJCACHE=ccache"] if tools.ccache else []),
    ]  # fmt: skip
    environment = {
        "VERILATOR_ROOT": str(tools.verilator_root),
        "CCACHE_SLOPPINESS": "pch_defines,time_macros",
        "MAKEFLAGS": "",
    }
    log = simulator.folder / _LOG
    runtime.mkdir(exist_ok=True)
    runner = Runner([verilate, make], environment)
    try:
        runner.build(build_dir=simulator.folder, hdl_toplevel=simulator.toplevel, log_file=log)
    except RuntimeError as error:
        lines = log.read_text(errors="replace").splitlines()[-_LOG_LINES:]
        raise BuildFailure(
            f"the simulator could not be built; the log {log} ends with\n" + "\n".join(lines)
        ) from error


def _runtime_folder(tools: toolchain.Toolchain, waves: str | None) -> Path:
    """Where the compiled parts of Verilator's runtime stand, which are the same for all designs
    and take most of the time of a small one."""
    key = hashlib.sha256(repr((tools.identity, _OPTIMISATION, waves)).encode())
    for path in _RECIPE:
        key.update(path.read_bytes())
    return build_folder() / f"runtime-{key.hexdigest()[:12]}"


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _seal(simulator: Simulator) -> None:
    for pattern in ("*.o", "*.d"):
        for path in simulator.folder.glob(pattern):
            path.unlink()
    stamp = json.dumps({"program": _digest(simulator.program)})
    write_atomically(simulator.folder / _STAMP, stamp)


def _complete(simulator: Simulator) -> bool:
    try:
        stamp = json.loads((simulator.folder / _STAMP).read_text())
        return bool(stamp["program"] == _digest(simulator.program))
    except (OSError, ValueError, KeyError, TypeError):
        return False
