# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The importer of ONNX files."""

from macaw.nn.onnx.importer import from_onnx

__all__ = ["from_onnx"]
