# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The machine without a clock: programs executed word by word on arrays."""

from macaw.golden.machine.errors import MachineError

__all__ = ["MachineError"]
