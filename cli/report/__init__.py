# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Reports of networks on the machine: figures, pictures, and a page."""

from macaw.cli.report.figures import InferenceReport

__all__ = ["InferenceReport"]
