# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Files of ``torch.export.save``."""

import zipfile
from importlib import import_module
from pathlib import Path
from typing import Any

from macaw.nn.errors import ModelError
from macaw.nn.torch.library import silent
from macaw.nn.torch.recording import refusal

__all__ = ["is_program_file", "load_program"]


def is_program_file(path: Path) -> bool:
    """Whether a file is an archive of ``torch.export.save``, and not of ``torch.jit``."""
    try:
        with zipfile.ZipFile(path) as archive:
            return any(name.endswith("/archive_format") for name in archive.namelist())
    except (OSError, zipfile.BadZipFile):
        return False


def load_program(torch: Any, path: Path) -> Any:
    """The exported program of a file; `ModelError` for one that PyTorch does not read."""
    try:
        with silent():
            # It registers the operators of quantised programs.
            import_module("torch.ao.quantization.fx._decomposed")
            return torch.export.load(str(path))
    except Exception as error:
        raise ModelError(f"{path.name} must be a file of torch.export: {refusal(error)}") from None
