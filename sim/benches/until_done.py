# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Sleeps while a simulator that clocks itself works, until its top module's ``done``."""

from typing import Any

import cocotb
from cocotb.triggers import RisingEdge

__all__ = ["until_done"]


@cocotb.test()
async def until_done(top: Any) -> None:
    """Returns at the rising edge of ``done``."""
    await RisingEdge(top.done)
