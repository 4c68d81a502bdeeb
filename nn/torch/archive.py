# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The archives in which PyTorch writes modules: whole, or refused."""

import zipfile
import zlib
from pathlib import Path

from macaw.nn.errors import ModelError

__all__ = ["check_archive"]

#: How many times its length a file may hold: PyTorch compresses source text, and nothing else.
_MOST = 64


def check_archive(path: Path) -> None:
    """Reads every entry of a file, since PyTorch does not look at their checksums.

    Raises `ModelError` for one that is damaged.
    """
    size = path.stat().st_size
    try:
        with zipfile.ZipFile(path) as archive:
            stored = sum(entry.file_size for entry in archive.infolist())
            damaged = None if stored > _MOST * size else archive.testzip()
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError) as error:
        raise ModelError(f"{path.name} must be a whole archive: {error}") from None
    if stored > _MOST * size:
        raise ModelError(f"{path.name}, of {size} bytes, must not hold {stored} bytes")
    if damaged is not None:
        raise ModelError(f"{path.name} is damaged: the checksum of {damaged!r} differs")
