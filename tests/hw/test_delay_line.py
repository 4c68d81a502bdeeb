# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""A delay line is a chain of registers, as a memory."""

import re

import numpy as np
import pytest
from amaranth.back import rtlil
from amaranth.hdl import Module, Signal
from side_by_side import SideBySide

from macaw.arch import preset
from macaw.hw.delay_line import DelayLine, delay_line
from macaw.sim.vectors import apply

SEED = 20261128
COUNT = 500


def test_lines_of_all_kinds_of_lengths():
    lines = {f"line_{clocks}": DelayLine(24, clocks) for clocks in (2, 3, 4, 6, 17, 40)}
    values = np.random.default_rng(SEED).integers(0, 1 << 24, COUNT)
    found = apply(
        SideBySide(lines),
        {f"{name}__i": values for name in lines},
        latency={f"{name}__o": line.latency for name, line in lines.items()},
    )
    for name in lines:
        np.testing.assert_array_equal(found[f"{name}__o"], values, f"{name}, {SEED=}")


@pytest.mark.parametrize(
    ("name", "clocks", "memories"),
    [("ecp5_25f", 4, 1), ("ecp5_25f", 3, 0), ("gw1nr9", 4, 1), ("up5k", 4, 0), ("ecp5_85f", 4, 0)],
)
def test_only_compact_hardware_with_lut_ram_has_lines(name, clocks, memories):
    m = Module()
    value = Signal(8)
    later = Signal(8)
    m.d.comb += later.eq(delay_line(m, "line", value, clocks, config=preset(name)))
    text = rtlil.convert(m, ports=[value, later], emit_src=False)
    assert len(re.findall(r"^  memory ", text, re.MULTILINE)) == memories


@pytest.mark.parametrize(
    ("width", "clocks", "message"),
    [
        (0, 4, "width must be in 1 ... 65536, not 0"),
        (8, 1, "clocks must be in 2 ... 1024, not 1"),
    ],
)
def test_refusals(width, clocks, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        DelayLine(width, clocks)
