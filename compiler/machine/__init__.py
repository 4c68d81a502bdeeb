# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""From a graph to programs for the accelerator."""

from macaw.compiler.machine.network import Network, Segment, compile_network

__all__ = ["Network", "Segment", "compile_network"]
