# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""What the system itself must have, before anything can be installed.

``python3 -I cli/doctor.py`` needs only the standard library, and runs on Pythons that are too old
for the rest, so that it can say so.
"""

import argparse
import ctypes
import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from typing import List, Optional, Sequence

__all__ = [
    "compiler_problem",
    "environment_problem",
    "library_problem",
    "main",
    "make_problem",
    "optional_remarks",
    "problems",
    "python_problem",
    "venv_problem",
]

_OLDEST = (3, 11)
_PROGRAM = (
    "#include <string>\n#include <vector>\nint main() { return std::vector<int>().size(); }\n"
)


def _install(thing: str, debian: str, fedora: str, macos: str) -> str:
    return f"{thing} (Debian: apt install {debian}; Fedora: dnf install {fedora}; macOS: {macos})."


def python_problem(version: Optional[Sequence[int]] = None) -> Optional[str]:
    """A sentence if ``version`` (by default that of this interpreter) is too old, or None."""
    numbers = tuple(version or sys.version_info[:3])
    if numbers[:2] >= _OLDEST:
        return None
    found = ".".join(map(str, numbers))
    return _install(
        f"Python {_OLDEST[0]}.{_OLDEST[1]} or newer is needed, not {found}: install one and name "
        "it with PYTHON=",
        "python3.11",
        "python3.11",
        "brew install python",
    )


def venv_problem() -> Optional[str]:
    """A sentence if this interpreter cannot make virtual environments, or None."""
    if importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip"):
        return None
    return _install(
        "Python's modules venv and ensurepip are missing",
        "python3-venv",
        "python3",
        "brew install python",
    )


def library_problem() -> Optional[str]:
    """A sentence if Python is no shared library, which cocotb loads into the simulator, or None."""
    names = {sysconfig.get_config_var(name) for name in ("INSTSONAME", "LDLIBRARY")} - {None, ""}
    folders = {
        sysconfig.get_config_var(name)
        for name in ("LIBDIR", "LIBPL", "PYTHONFRAMEWORKPREFIX")
    } - {None, ""}  # fmt: skip
    for name in names:
        if name.endswith(".a"):
            continue
        if any(os.path.exists(os.path.join(folder, name)) for folder in folders):
            return None
        try:
            ctypes.CDLL(name)
        except OSError:
            continue
        return None
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    return _install(
        "Python's shared library is missing, with pyenv build Python with "
        "PYTHON_CONFIGURE_OPTS=--enable-shared",
        f"libpython{version}",
        "python3-libs",
        "brew install python",
    )


def compiler_problem() -> Optional[str]:
    """A sentence if there is no C++ compiler that compiles a small program, or None."""
    compiler = next(filter(None, map(shutil.which, ("g++", "clang++", "c++"))), None)
    advice = ("g++", "gcc-c++", "xcode-select --install")
    if compiler is None:
        return _install("A C++ compiler is missing", *advice)
    with tempfile.TemporaryDirectory() as folder:
        source = os.path.join(folder, "probe.cpp")
        with open(source, "w") as file:
            file.write(_PROGRAM)
        done = subprocess.run(
            [compiler, source, "-o", os.path.join(folder, "probe")],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )
    if done.returncode == 0:
        return None
    return _install(f"The C++ compiler {compiler} cannot build a small program", *advice)


def make_problem() -> Optional[str]:
    """A sentence if the program make is missing, or None."""
    if shutil.which("make"):
        return None
    return _install("The program make is missing", "make", "make", "xcode-select --install")


def environment_problem(folder: str) -> Optional[str]:
    """A sentence if the environment in ``folder`` was made with another Python, or None."""
    configuration = os.path.join(folder, "pyvenv.cfg")
    if not os.path.exists(configuration):
        return None
    with open(configuration) as file:
        values = dict(line.strip().split(" = ", 1) for line in file if " = " in line)
    found = values.get("version", "another version")
    wanted = ".".join(map(str, sys.version_info[:3]))
    if found == wanted:
        return None
    return (
        f"The environment {folder} holds Python {found}, not {wanted}: choose another folder with "
        "VENV=, or remove it with make distclean."
    )


def optional_remarks() -> List[str]:
    """A list of one sentence for each thing that is of use, but not needed, and is not there."""
    if shutil.which("iverilog") and shutil.which("vvp"):
        return []
    what = "Optional: Icarus Verilog, a second simulator for the benches of blocks, is missing"
    return [_install(what, "iverilog", "iverilog", "brew install icarus-verilog")]


def problems(environment: Optional[str] = None) -> List[str]:
    """A list of one sentence for each thing that the system lacks: what, and what to install.

    ``environment`` is the folder of an environment that must be of this interpreter.
    """
    found = [python_problem(), venv_problem(), library_problem(), compiler_problem()]
    found.append(make_problem())
    if environment is not None:
        found.append(environment_problem(environment))
    return [sentence for sentence in found if sentence]


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Print the `problems` to the standard error; the exit status is 1 if there are any."""
    parser = argparse.ArgumentParser(description="Check what the system must have for Macaw.")
    parser.add_argument("--environment", help="folder of an environment made with this Python")
    parser.add_argument("--quiet", action="store_true", help="print nothing when all is there")
    chosen = parser.parse_args(arguments)
    found = problems(chosen.environment)
    for sentence in found:
        print(sentence, file=sys.stderr)
    if not found and not chosen.quiet:
        version = ".".join(map(str, sys.version_info[:3]))
        print(f"The system has all that Macaw needs (Python {version}).")
        for sentence in optional_remarks():
            print(sentence)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
