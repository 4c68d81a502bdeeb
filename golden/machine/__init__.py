# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The machine without a clock: programs executed word by word on arrays."""

from macaw.golden.machine.errors import MachineError
from macaw.golden.machine.machine import Executed, Machine, run
from macaw.golden.machine.words import Words

__all__ = ["Executed", "Machine", "MachineError", "Words", "run"]
