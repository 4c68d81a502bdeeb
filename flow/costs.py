# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""What a block of the hardware costs on the device of a configuration, by yosys' netlist."""

import warnings

from amaranth.hdl import UnusedElaboratable

from macaw.arch.checks import one_of
from macaw.arch.config import AcceleratorConfig
from macaw.flow.families import FAMILIES, family_of
from macaw.flow.harness import Harness
from macaw.flow.synth import device_of
from macaw.flow.synthesis import synthesize
from macaw.hw.blocks import BLOCKS, make_block

__all__ = ["block_costs", "component_costs"]

# Blocks make others only to ask for their latency.
warnings.filterwarnings("ignore", category=UnusedElaboratable)


def block_costs(name: str, config: AcceleratorConfig) -> dict[str, int] | None:
    """The cells that the block called ``name`` takes on the device of ``config``, by resource;
    ``None`` where the block refuses the configuration, as a lane with a result each clock does
    where the lanes are serial.

    Raises ``ValueError`` for another name or a configuration without a device, and what
    `synthesize` raises.
    """
    device = device_of(config)
    one_of("block", name, tuple(BLOCKS))
    try:
        component = make_block(name, config)
    except ValueError:
        return None
    return component_costs(component, device=device)


def component_costs(component, *, device: str) -> dict[str, int]:
    """The cells that ``component`` takes on ``device``, by resource.

    It stands alone in a `Harness`, whose cells are not counted; nothing is placed. The resources
    are those of `Family.netlist`: ``lut``, ``ff``, ``dsp`` and ``bram``, and where there is such a
    memory ``spram``.

    Raises ``ValueError`` for an unknown device, and what `synthesize` raises.
    """
    family = FAMILIES[chosen := family_of(device)]
    harness = Harness(component)
    cells = synthesize(harness, family=chosen).cells
    own = family.harness_cells(harness)
    return family.count({cell: count - own.get(cell, 0) for cell, count in cells.items()})
