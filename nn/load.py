# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Model files, whatever their kind."""

from os import PathLike
from pathlib import Path
from typing import Any

from macaw.nn.errors import ExamplesNeeded, ModelError
from macaw.nn.graph import QuantizedGraph, Semantics
from macaw.nn.onnx import from_onnx
from macaw.nn.store import GRAPH_MARK, from_macaw
from macaw.nn.tflite import from_tflite
from macaw.nn.tflite.schema import IDENTIFIER
from macaw.nn.torch import from_torch_file
from macaw.nn.torch.program_file import is_program_file

__all__ = ["load"]

#: How ONNX files begin: with the number of the form's version, of one byte.
_ONNX = b"\x08"
_ONNX_VERSIONS = range(3, 32)

#: How the names of Macaw's own files end.
_SUFFIX = ".macaw"

#: How zip archives begin, which PyTorch writes.
_ARCHIVE = b"PK\x03\x04"


def load(
    path: str | PathLike[str],
    *,
    semantics: Semantics | None = None,
    example_inputs: Any = None,
    engine: str | None = None,
) -> QuantizedGraph:
    """The verified graph of a model file, of TensorFlow Lite, ONNX, ``torch.jit``,
    ``torch.export``, or Macaw's own.

    ``semantics`` says which runtime's bits the graph has, as a file does not say it: by default
    ``tflite`` or ``onnxruntime``; a file of `macaw.nn.save_graph` says it. A file of ``torch.jit``
    needs ``example_inputs`` and ``engine``, as `macaw.nn.from_torch` takes them; one of
    ``torch.export`` brings an example, and has no engine.

    Raises ``OSError`` for a file that cannot be read, and `ModelError` for one that is damaged, of
    another kind, or holds what is not supported; `ExamplesNeeded`, which is one, says itself.
    """
    file = Path(path)
    content = file.read_bytes()
    if content.startswith(GRAPH_MARK) or file.suffix == _SUFFIX:
        graph = from_macaw(content)
        if semantics not in (None, graph.semantics):
            raise ModelError(
                f"semantics of {file.name} must be {graph.semantics}, as it says, not {semantics}"
            )
        return graph
    if content[:4] == _ARCHIVE:
        if example_inputs is None and not is_program_file(file):
            raise ExamplesNeeded(f"{file.name}, a PyTorch file, needs example_inputs")
        return from_torch_file(file, example_inputs, engine=engine, name=file.stem)
    if content[4:8] == IDENTIFIER:
        return from_tflite(content, name=file.stem, semantics=semantics or Semantics.TFLITE)
    if content[:1] == _ONNX and content[1:2] and content[1] in _ONNX_VERSIONS:
        if semantics not in (None, Semantics.ONNXRUNTIME):
            raise ModelError(f"semantics of an ONNX file must be onnxruntime, not {semantics}")
        return from_onnx(content, name=file.stem)
    raise ModelError(
        f"{file.name} must be a TensorFlow Lite file, which has {IDENTIFIER!r} behind its "
        f"first 4 bytes, not {content[4:8]!r}, an ONNX file, which begins with {_ONNX!r}, or a "
        f"Macaw graph, which begins with {GRAPH_MARK!r}"
    )
