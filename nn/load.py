# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Model files, whatever their kind."""

from os import PathLike
from pathlib import Path

from macaw.nn.errors import ModelError
from macaw.nn.graph import QuantizedGraph, Semantics
from macaw.nn.onnx import from_onnx
from macaw.nn.tflite import from_tflite
from macaw.nn.tflite.schema import IDENTIFIER

__all__ = ["load"]

#: How ONNX files begin: with the number of the form's version, of one byte.
_ONNX = b"\x08"
_ONNX_VERSIONS = range(3, 32)


def load(path: str | PathLike[str], *, semantics: Semantics | None = None) -> QuantizedGraph:
    """The verified graph of a model file, of TensorFlow Lite or ONNX.

    ``semantics`` says which runtime's bits the graph has, as a file does not say it: by default
    ``tflite`` or ``onnxruntime``.

    Raises ``OSError`` for a file that cannot be read, and `ModelError` for one that is damaged,
    of another kind, or holds what is not supported.
    """
    file = Path(path)
    content = file.read_bytes()
    if content[4:8] == IDENTIFIER:
        return from_tflite(content, name=file.stem, semantics=semantics or Semantics.TFLITE)
    if content[:1] == _ONNX and content[1:2] and content[1] in _ONNX_VERSIONS:
        if semantics not in (None, Semantics.ONNXRUNTIME):
            raise ModelError(f"semantics of an ONNX file must be onnxruntime, not {semantics}")
        return from_onnx(content, name=file.stem)
    raise ModelError(
        f"{file.name} must be a TensorFlow Lite file, which has {IDENTIFIER!r} behind its "
        f"first 4 bytes, not {content[4:8]!r}, or an ONNX file, which begins with {_ONNX!r}"
    )
