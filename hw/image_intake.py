# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Begins the image of each layer: with the layer, or while the one before is computed."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from macaw.arch.checks import instance
from macaw.arch.config import AcceleratorConfig
from macaw.arch.core import SIZE_BITS
from macaw.hw.delay import delay
from macaw.hw.fanout import load
from macaw.hw.layouts import layer_layout

__all__ = ["ImageIntake", "image_layout"]

#: Clocks from a layer's descriptor to where its reader has given up no rows yet.
_SETTLE = 8

#: Registers that enable the loading of an image.
_PARTS = 2


def image_layout(config: AcceleratorConfig) -> data.StructLayout:
    """What the line buffer is told of an image: fields of the descriptor."""
    names = ["height", "row_words", "pitch", "ring_rows", "ring_base", "input_unsigned"]
    layout = layer_layout(config)
    return data.StructLayout({name: layout[name].shape for name in names})


class ImageIntake(wiring.Component):
    """Tells the line buffer which image comes, and the reader of which image it speaks.

    An image begins when its layer's descriptor is taken. Where the descriptor is offered earlier
    and its ``ahead`` is set, it begins once all rows of the image before have been received, and
    that one is still read.

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
    running : In
        There is a layer before it: from a clock after ``taken`` to the layer's end.
    height : In
        The image's rows of the layer that has been taken, from a clock after ``taken`` on.
    start, image : Out
        Begins an image in the line buffer, for one clock, and what it is.
    arrived, released : In
        The line buffer's rows of the image that began last, and those that the reader of the layer
        gives up.
    received, spared : Out
        The reader's: rows received of its layer's image; and the line buffer's: rows that are given
        up of the image that began last.
    complete : Out
        All rows of the layer's image have been received; right from some clocks after ``taken`` on.
    """

    def __init__(self, config: AcceleratorConfig):
        self._config = instance("config", config, AcceleratorConfig)
        super().__init__(
            {
                "offered": In(layer_layout(config)),
                "valid": In(1),
                "taking": In(1),
                "running": In(1),
                "height": In(SIZE_BITS),
                "start": Out(1),
                "image": Out(image_layout(config)),
                "arrived": In(SIZE_BITS),
                "released": In(SIZE_BITS),
                "received": Out(SIZE_BITS),
                "spared": Out(SIZE_BITS),
                "complete": Out(1),
            }
        )

    def elaborate(self, platform):
        m = Module()
        # An image that has begun before its layer.
        ahead = Signal()
        begins = Signal()
        taken = delay(m, self.taking, 1, name="taken", reset_less=False)
        whole = Signal()
        recent = Signal(_SETTLE)
        stays = (ahead | begins) & ~taken
        begin = self.valid & self.offered.ahead & self.running & whole & ~recent.any()
        begin &= ~taken & ~ahead & ~begins
        loads = (begin | self.taking) & ~stays
        m.d.sync += [
            recent.eq(Cat(taken, recent)),
            whole.eq(self.arrived == self.height),
            begins.eq(begin),
            ahead.eq(stays),
        ]
        # The line buffer knows its image a clock before the start.
        offered = Cat(self.offered[name] for name, _ in self.image.shape())
        compact = self._config.compact
        load(m, "loads", self.image, offered, following=loads, parts=_PARTS, compact=compact)
        m.d.comb += self.start.eq(delay(m, loads, 3, reset_less=False))
        # As long as the reader speaks of the layer before, nothing is given up of the image.
        strange = Signal()
        with m.If(begins | taken):
            m.d.sync += strange.eq(1)
        with m.Elif(recent[-1]):
            m.d.sync += strange.eq(0)
        m.d.comb += [
            self.received.eq(Mux(ahead, self.height, self.arrived)),
            self.spared.eq(Mux(strange, 0, self.released)),
            self.complete.eq(ahead | whole),
        ]
        return m
