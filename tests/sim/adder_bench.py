# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Testbench of the adder of sim_designs, with the offset 0: the bench of the skid buffer."""

import cocotb

from macaw.sim.benches.skid_buffer import check_passes_words_on


@cocotb.test()
async def passes_words_on(top):
    """What the skid buffer's bench asks for."""
    top.offset.value = 0
    await check_passes_words_on(top)
