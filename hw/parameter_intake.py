# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Begins to copy the parameters of each layer: with the layer, or while the one before runs."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from macaw.arch.checks import instance
from macaw.arch.config import AcceleratorConfig
from macaw.hw.delay import delay
from macaw.hw.fanout import load
from macaw.hw.layouts import layer_layout

__all__ = ["ParameterIntake"]

#: Registers that enable the loading of a descriptor.
_PARTS = 8


class ParameterIntake(wiring.Component):
    """Tells the parameter store whose parameters it is to copy.

    They are those of the descriptor that is offered, as soon as all of the layer that runs have
    been copied, and stay; or of the descriptor that is taken.

    Parameters
    ----------
    config : AcceleratorConfig
        The configuration.

    Members
    -------
    offered, valid : In
        The descriptor that is offered, and whether there is one.
    taking : In
        It is taken in the next clock.
    settled : In
        A layer runs, and all values that come are its own.
    complete : In
        All parameters of the layer whose copying began last have been copied.
    layer, start : Out
        A descriptor whose parameters are to be copied, and its start, for one clock.
    """

    def __init__(self, config: AcceleratorConfig):
        layout = layer_layout(instance("config", config, AcceleratorConfig))
        super().__init__(
            {
                "offered": In(layout),
                "valid": In(1),
                "taking": In(1),
                "settled": In(1),
                "complete": In(1),
                "layer": Out(layout),
                "start": Out(1),
            }
        )

    def elaborate(self, platform):
        m = Module()
        # Parameters that have begun before their layer.
        ahead = Signal()
        begins = Signal()
        taken = delay(m, self.taking, 1, name="taken", reset_less=False)
        stays = (ahead | begins) & ~taken
        begin = self.valid & self.settled & self.complete & ~ahead & ~begins & ~taken
        loads = (begin | self.taking) & ~stays
        m.d.sync += [begins.eq(begin), ahead.eq(stays)]
        load(m, "loads", self.layer, self.offered, following=loads, parts=_PARTS)
        m.d.comb += self.start.eq(delay(m, loads, 3, reset_less=False))
        return m
