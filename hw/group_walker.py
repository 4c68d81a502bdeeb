# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The walk over the column groups of a result row."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from macaw.arch.checks import instance
from macaw.arch.config import AcceleratorConfig
from macaw.hw.countdown import countdown
from macaw.hw.layouts import layer_layout

__all__ = ["GroupWalker"]


class GroupWalker(wiring.Component):
    """Which column group comes next, and how many channels it has.

    A row's channels are walked in *outer groups*, each with an input position of its own, of
    *inner groups* of at most ``group_channels`` channels. The step sequencer, the parameter
    store and the result collector each keep a walker: they are many clocks apart.

    Parameters
    ----------
    config : AcceleratorConfig
        The configuration.

    Members
    -------
    layer : In
        The layer's descriptor.
    start : In
        Go to the first group.
    advance : In
        Go to the next group; after a row's last one, to its first.
    channels : Out
        Channels of the current group.
    new_outer : Out
        The current group is the first of an outer group.
    last : Out
        The current group is the row's last.
    """

    def __init__(self, config: AcceleratorConfig):
        self._layout = layer_layout(instance("config", config, AcceleratorConfig))
        super().__init__(
            {
                "layer": In(self._layout),
                "start": In(1),
                "advance": In(1),
                "channels": Out(self._layout["group_channels"].shape),
                "new_outer": Out(1, init=1),
                "last": Out(1),
            }
        )

    def elaborate(self, platform):
        m = Module()
        layer = self.layer
        inner_last = countdown(
            m, "inner", layer.inner_groups, start=self.start, advance=self.advance
        )
        outer_last = countdown(
            m, "outer", layer.outer_groups, start=self.start, advance=self.advance & inner_last
        )
        m.d.comb += self.last.eq(inner_last & outer_last)
        with m.If(~inner_last):
            m.d.comb += self.channels.eq(layer.group_channels)
        with m.Elif(~outer_last):
            m.d.comb += self.channels.eq(layer.inner_channels)
        with m.Else():
            m.d.comb += self.channels.eq(layer.final_channels)

        with m.If(self.start):
            m.d.sync += self.new_outer.eq(1)
        with m.Elif(self.advance):
            m.d.sync += self.new_outer.eq(inner_last)
        return m
