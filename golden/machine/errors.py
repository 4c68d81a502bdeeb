# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The refusal of programs that a machine could not execute, or not always alike."""

__all__ = ["MachineError"]


class MachineError(ValueError):
    """A program asks for what the machine has not, or its result would depend on the clock."""
