# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Model files, whatever their kind."""

from os import PathLike
from pathlib import Path

from macaw.nn.errors import ModelError
from macaw.nn.graph import QuantizedGraph, Semantics
from macaw.nn.tflite import from_tflite
from macaw.nn.tflite.schema import IDENTIFIER

__all__ = ["load"]


def load(path: str | PathLike[str], *, semantics: Semantics = Semantics.TFLITE) -> QuantizedGraph:
    """The verified graph of a model file; so far TensorFlow Lite files are read.

    ``semantics`` says which runtime's bits the graph has: the file does not say it.

    Raises ``OSError`` for a file that cannot be read, and `ModelError` for one that is damaged,
    of another kind, or holds what is not supported.
    """
    file = Path(path)
    content = file.read_bytes()
    if content[4:8] != IDENTIFIER:
        raise ModelError(
            f"{file.name} must be a TensorFlow Lite file, which has {IDENTIFIER!r} behind its "
            f"first 4 bytes, not {content[4:8]!r}"
        )
    return from_tflite(content, name=file.stem, semantics=semantics)
