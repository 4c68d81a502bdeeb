# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""cocotb testbenches; they run inside the simulator."""

__all__: list[str] = []
