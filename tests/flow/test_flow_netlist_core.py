# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The netlist of the whole core computes a layer of each kind: the golden model's bits, in the
RTL's cycles."""

from dataclasses import replace

import numpy as np
import pytest
from conv2d_layers import case_of

from macaw.arch import Conv2dShape, RequantizerConfig, Technology, preset
from macaw.flow import cell_models, netlist_verilog, synthesize
from macaw.hw import Conv2dCore
from macaw.sim.compare import check_equal
from macaw.sim.conv2d import run_conv2d
from macaw.sim.netlist import Netlist
from macaw.sim.verilog import MODULE


def tiny(technology):
    return replace(
        preset("tiny"),
        name=f"tiny of {technology}",
        technology=technology,
        requantizer=RequantizerConfig(lanes=1),
    )


CONFIGS = {
    "ecp5": tiny(Technology.ECP5),
    "ice40": preset("up5k"),
    # yosys makes the same cells for the families gw2a and gw1n.
    "gw2a": tiny(Technology.GOWIN),
}
DENSE = Conv2dShape(
    height=6, width=5, in_channels=3, out_channels=6, kernel_height=3, kernel_width=3,
    stride=(1, 2), padding=(1, 1, 1, 0),
)  # fmt: skip
DEPTHWISE = Conv2dShape(
    height=6, width=5, in_channels=8, out_channels=8, kernel_height=3, kernel_width=3,
    padding=(1, 1, 1, 1), groups=8,
)  # fmt: skip


@pytest.mark.full
@pytest.mark.parametrize("family", ["ecp5", "ice40", "gw2a"])
def test_layers_on_the_netlist_of_the_core(installed, family):
    config = CONFIGS[family]
    report = synthesize(Conv2dCore(config), family=family)
    netlist = Netlist(text=netlist_verilog(report, module=MODULE), cells=cell_models(report.family))
    for shape, seed in ((DENSE, 19), (DEPTHWISE, 13)):
        case = case_of(seed, shape, config)
        assert case.program.walk.window == (shape is DEPTHWISE)
        assert len(np.unique(case.expected)) > 50
        for pauses in (0.0, 0.3):
            rtl, found = (
                run_conv2d(
                    case.program, case.image, netlist=made, idle=pauses, stall=pauses, seed=seed
                )
                for made in (None, netlist)
            )
            check_equal(case.expected, found.result, what=f"netlist, {case}", seed=seed)
            assert found.cycles == rtl.cycles
            assert found.streams.transfers == rtl.streams.transfers
