# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""A design as Verilog that a simulator runs through quickly."""

__all__: list[str] = []
