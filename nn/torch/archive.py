# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The archives in which PyTorch writes modules: whole, or refused."""

import pickletools
import zipfile
import zlib
from pathlib import Path

from macaw.nn.errors import ModelError

__all__ = ["check_archive"]

#: How many times its length a file may hold: PyTorch compresses source text, and nothing else.
_MOST = 64

#: How the names of pickles end, those of debug information too.
_PICKLE = "pkl"


def check_archive(path: Path) -> None:
    """Reads every entry of a file, since PyTorch looks neither at their checksums nor at the
    lengths that pickles give of their strings, for which it takes gigabytes.

    Raises `ModelError` for one that is damaged.
    """
    size = path.stat().st_size
    try:
        with zipfile.ZipFile(path) as archive:
            stored = sum(entry.file_size for entry in archive.infolist())
            if stored > _MOST * size:
                raise ValueError(f"of {size} bytes it must not hold {stored}")
            for entry in archive.infolist():
                # Reading compares the checksum.
                data = archive.read(entry)
                if entry.filename.endswith(_PICKLE):
                    for _ in pickletools.genops(data):
                        pass
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError) as error:
        raise ModelError(f"{path.name} must be a whole archive: {error}") from None
