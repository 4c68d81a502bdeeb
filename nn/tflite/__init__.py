# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The importer of TensorFlow Lite files."""

from macaw.nn.tflite.importer import from_tflite

__all__ = ["from_tflite"]
