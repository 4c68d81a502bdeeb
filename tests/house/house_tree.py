# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The project's files, as the tests of the house look at them."""

import functools
import subprocess
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]

#: Folders at the top that hold code, but are no part of the package.
NOT_PACKAGED = {"tests", "benchmarks", "examples", "docs"}


@functools.cache
def files() -> tuple[Path, ...]:
    """All files that are tracked or could be, as paths relative to the root."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    names = sorted(set(done.stdout.split("\0")) - {""})
    return tuple(Path(name) for name in names if (ROOT / name).is_file())


@functools.cache
def text(path: Path) -> str | None:
    """What stands in a file; None if it is no text."""
    try:
        return (ROOT / path).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None


@functools.cache
def project() -> dict[str, Any]:
    """What pyproject.toml says."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def modules() -> dict[str, Path]:
    """The files of the packages by import name; ``macaw.hw`` stands for its ``__init__``."""
    found = {}
    for path in files():
        if path.suffix != ".py" or len(path.parts) == 1 or path.parts[0] in NOT_PACKAGED:
            continue
        parts = path.with_suffix("").parts
        name = parts[:-1] if parts[-1] == "__init__" else parts
        found[".".join(("macaw", *name))] = path
    return found
