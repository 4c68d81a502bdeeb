# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The refusal of programs that a machine could not execute, or not always alike."""

from collections.abc import Callable

__all__ = ["MachineError", "Refuse"]


class MachineError(ValueError):
    """A program asks for what the machine has not, or its result would depend on the clock."""


#: Makes the refusal of an instruction, by its index, out of a sentence.
Refuse = Callable[[int, str], MachineError]
