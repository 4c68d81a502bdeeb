# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The ladder from a model's runtime down to the hardware."""

from enum import StrEnum

__all__ = ["Rung"]


class Rung(StrEnum):
    """The steps of the ladder: the golden model, the machine in Python, and the RTL."""

    GOLDEN = "golden"
    MACHINE = "machine"
    RTL = "rtl"
