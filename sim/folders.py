# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Where simulations keep what they generate."""

import os
from pathlib import Path

__all__ = ["build_folder"]


def build_folder() -> Path:
    """The folder of all generated files of simulations, as an absolute path.

    ``MACAW_BUILD/sim`` where that environment variable is set; ``build/sim`` of the project
    where this package stands in a clone; otherwise ``build/sim`` of the current folder.
    """
    chosen = os.environ.get("MACAW_BUILD")
    if chosen:
        return Path(chosen).resolve() / "sim"
    root = Path(__file__).resolve().parents[1]
    if not (root / "pyproject.toml").exists():
        root = Path.cwd()
    return root / "build" / "sim"
