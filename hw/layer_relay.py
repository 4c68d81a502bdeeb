# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Hands a layer's descriptor from block to block, behind the data of the layer before."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from macaw.arch.checks import instance, integer
from macaw.arch.config import AcceleratorConfig
from macaw.hw.delay import delay
from macaw.hw.fanout import fan_out, load
from macaw.hw.layouts import layer_layout

__all__ = ["LayerRelay"]

#: Blocks that take their descriptor from one register.
_NEAR = 4

#: Registers that bring a block the clock in which it takes its descriptor.
_PARTS = 4


class LayerRelay(wiring.Component):
    """Each block's own copy of the descriptor, and the start of its layer.

    Data pass the blocks one behind the other, so the last ones of a layer are still in one block
    when the first ones of the next layer are in another. Each block therefore changes from layer to
    layer at a time of its own. Blocks without a copy see ``layer`` itself: a layer begins when the
    one before has left all of them.

    Parameters
    ----------
    config : AcceleratorConfig
        The configuration.
    clocks : tuple of int
        For each block, the clocks from ``taken`` to its start, at least `least`.
    own : tuple of bool
        For each block, whether it has a copy.

    Members
    -------
    taken : In
        There is a new descriptor, for one clock; not again before the last block's start.
    layer : In
        The descriptor, from a clock after ``taken`` on.
    layers : Out
        The blocks' descriptors, each new from `settle` clocks before its start on, or from a clock
        after ``taken`` on.
    starts : Out
        The blocks' starts, for one clock.
    """

    #: Clocks in which a block makes of a new descriptor what it needs at the start.
    settle = 2

    #: The smallest number of clocks from ``taken`` to a start.
    least = settle + 3

    def __init__(
        self, config: AcceleratorConfig, *, clocks: tuple[int, ...], own: tuple[bool, ...]
    ):
        self._config = instance("config", config, AcceleratorConfig)
        self._clocks = tuple(integer("clocks", each, self.least, 1 << 10) for each in clocks)
        self._own = tuple(instance("own", each, bool) for each in own)
        layout = layer_layout(config)
        super().__init__(
            {
                "taken": In(1),
                "layer": In(layout),
                "layers": Out(layout).array(len(clocks)),
                "starts": Out(1).array(len(clocks)),
            }
        )

    def elaborate(self, platform):
        m = Module()
        # Whether it was taken 0, 1, ... clocks ago.
        ago = [self.taken]
        for clock in range(max(self._clocks)):
            ago.append(delay(m, ago[-1], 1, name=f"ago_{clock + 1}", reset_less=False))
        m.d.comb += [
            start.eq(ago[clocks]) for start, clocks in zip(self.starts, self._clocks, strict=True)
        ]
        compact = self._config.compact
        near = -(-len(self._clocks) // _NEAR)
        sources = fan_out(m, "sources", self.layer, near, clocks=1, compact=compact)
        for index, (clocks, own) in enumerate(zip(self._clocks, self._own, strict=True)):
            if not own:
                m.d.comb += self.layers[index].eq(self.layer)
                continue
            source = Value.cast(sources[index // _NEAR])
            copy = Signal.like(source, name=f"layer_{index}", reset_less=True)
            following = ago[clocks - self.settle - 2]
            name = f"loads_{index}"
            load(m, name, copy, source, following=following, parts=_PARTS, compact=compact)
            m.d.comb += self.layers[index].as_value().eq(copy)
        return m
