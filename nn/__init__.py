# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Quantised networks: the graph, its verifier, and importers of models."""

from macaw.nn.errors import ExamplesNeeded, ModelError
from macaw.nn.graph import QuantizedGraph, Semantics
from macaw.nn.load import load
from macaw.nn.onnx import from_onnx
from macaw.nn.store import from_macaw, save_graph
from macaw.nn.tflite import from_tflite
from macaw.nn.torch import from_torch
from macaw.nn.verify import verify

__all__ = [
    "ExamplesNeeded",
    "ModelError",
    "QuantizedGraph",
    "Semantics",
    "from_macaw",
    "from_onnx",
    "from_tflite",
    "from_torch",
    "load",
    "save_graph",
    "verify",
]
