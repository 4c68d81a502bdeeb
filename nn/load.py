# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Model files, whatever their kind."""

from os import PathLike
from pathlib import Path
from typing import Any

from macaw.nn.errors import ModelError
from macaw.nn.graph import QuantizedGraph, Semantics
from macaw.nn.tflite import from_tflite
from macaw.nn.tflite.schema import IDENTIFIER
from macaw.nn.torch import from_torch_file

__all__ = ["load"]


#: How zip archives begin, which ``torch.jit`` writes.
_ARCHIVE = b"PK\x03\x04"


def load(
    path: str | PathLike[str],
    *,
    semantics: Semantics = Semantics.TFLITE,
    example_inputs: Any = None,
    engine: str | None = None,
) -> QuantizedGraph:
    """The verified graph of a model file: of TensorFlow Lite, or of ``torch.jit``.

    ``semantics`` says which runtime's bits the graph of a TensorFlow Lite file has: the file does
    not say it. A file of ``torch.jit`` needs ``example_inputs`` and ``engine``, as
    `macaw.nn.from_torch` takes them.

    Raises ``OSError`` for a file that cannot be read, and `ModelError` for one that is damaged,
    of another kind, or holds what is not supported.
    """
    file = Path(path)
    content = file.read_bytes()
    if content[:4] == _ARCHIVE:
        if example_inputs is None:
            raise ModelError(f"{file.name}, a PyTorch file, needs example_inputs")
        return from_torch_file(file, example_inputs, engine=engine, name=file.stem)
    if content[4:8] != IDENTIFIER:
        raise ModelError(
            f"{file.name} must be a TensorFlow Lite file, which has {IDENTIFIER!r} behind its "
            f"first 4 bytes, not {content[4:8]!r}"
        )
    return from_tflite(content, name=file.stem, semantics=semantics)
