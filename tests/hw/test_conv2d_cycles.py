# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The cost model against clock cycles that are counted on the RTL."""

import pytest
from conv2d_layers import case_of

from macaw.arch import Conv2dShape, preset
from macaw.compiler.cost import model_cycles, utilisation
from macaw.sim.conv2d import run_conv2d

TINY = preset("tiny")
SHAPES = {
    "dense": Conv2dShape(
        height=24, width=12, in_channels=16, out_channels=24, kernel_height=3, kernel_width=3,
        padding=(1, 1, 1, 1),
    ),
    "first layer": Conv2dShape(
        height=36, width=32, in_channels=3, out_channels=12, kernel_height=3, kernel_width=3,
        stride=(2, 2), padding=(1, 1, 1, 1),
    ),
    "pixels": Conv2dShape(
        height=20, width=12, in_channels=32, out_channels=40, kernel_height=1, kernel_width=1,
    ),
    "depthwise": Conv2dShape(
        height=24, width=12, in_channels=24, out_channels=24, kernel_height=3, kernel_width=3,
        padding=(1, 1, 1, 1), groups=24,
    ),
    "grouped": Conv2dShape(
        height=24, width=12, in_channels=16, out_channels=32, kernel_height=3, kernel_width=3,
        padding=(1, 1, 1, 1), groups=8,
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("config", "name"),
    [(TINY, name) for name in SHAPES]
    + [(preset("ecp5_25f"), "depthwise")]
    + [(preset(narrow), name) for narrow in ("up5k", "gw1nr9") for name in ("dense", "depthwise")],
)
def test_the_model_is_within_a_percent(config, name):
    case = case_of(1, SHAPES[name], config)
    run = run_conv2d(case.program, case.image)
    modelled = model_cycles(case.program)
    print(f"{name}: {run.cycles} cycles, modelled {modelled}, "
          f"utilisation {utilisation(case.program, run.cycles):.3f}")  # fmt: skip
    assert abs(run.cycles - modelled) <= run.cycles // 100
    assert run.cycles >= case.layer.shape.macs / config.array.multipliers
