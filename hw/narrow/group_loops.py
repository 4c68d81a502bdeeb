# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The loops of a layer: rows, column groups and pixels, each with where its reads begin."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from macaw.arch.checks import instance
from macaw.arch.config import AcceleratorConfig
from macaw.arch.core import SIZE_BITS
from macaw.hw.countdown import countdown
from macaw.hw.layouts import layer_layout

__all__ = ["GroupLoops"]


class GroupLoops(wiring.Component):
    """Walks the pixels of each column group, the column groups of each row, and the rows.

    Parameters
    ----------
    config : AcceleratorConfig
        The configuration, a narrow one.

    Members
    -------
    layer : In
        The layer's descriptor, constant from a clock before ``start`` on.
    start : In
        Go to the first pixel.
    advance : In
        Go to the next pixel.
    position : Out
        The pixel's byte position in its row.
    row : Out
        Ring address of the kernel's top row.
    top : Out
        The kernel's top row, as a signed row of the image.
    channels : Out
        Channels of the column group.
    group_end, row_end, layer_end : Out
        The pixel is the last one of its column group, row and layer.
    """

    def __init__(self, config: AcceleratorConfig):
        layer = layer_layout(instance("config", config, AcceleratorConfig))
        super().__init__(
            {
                "layer": In(layer),
                "start": In(1),
                "advance": In(1),
                "position": Out(layer["position"].shape),
                "row": Out(layer["row_start"].shape),
                "top": Out(signed(SIZE_BITS + 2)),
                "channels": Out(layer["group_channels"].shape),
                "group_end": Out(1),
                "row_end": Out(1),
                "layer_end": Out(1),
            }
        )

    def elaborate(self, platform):
        m = Module()
        layer = self.layer

        def last(name, following, advance):
            return countdown(m, name, following, start=self.start, advance=advance)

        group_ends = self.advance & self.group_end
        row_ends = self.advance & self.row_end
        inner_last = Signal()
        outer_last = Signal()
        m.d.comb += [
            self.group_end.eq(last("pixels", layer.pixels, self.advance)),
            inner_last.eq(last("inner", layer.inner_groups, group_ends)),
            outer_last.eq(last("outer", layer.outer_groups, group_ends & inner_last)),
            self.row_end.eq(self.group_end & inner_last & outer_last),
            self.layer_end.eq(self.row_end & last("rows", layer.output_rows, row_ends)),
            self.channels.eq(
                Mux(
                    inner_last,
                    Mux(outer_last, layer.final_channels, layer.inner_channels),
                    layer.group_channels,
                )
            ),
        ]

        # The next pixel's position follows from this one's, or from that of the group's first.
        group_position = Signal.like(self.position, reset_less=True)
        base = Mux(self.group_end, group_position, self.position)
        group_step = Mux(inner_last, layer.group_step, 0)
        following = base + Mux(self.group_end, group_step, layer.pixel_step)
        with m.If(self.advance):
            m.d.sync += self.position.eq(following)
            with m.If(self.group_end):
                m.d.sync += group_position.eq(following)
        with m.If(self.start | row_ends):
            m.d.sync += [self.position.eq(layer.position), group_position.eq(layer.position)]
        with m.If(row_ends):
            m.d.sync += [
                self.row.eq(self.row + layer.row_step),
                self.top.eq(self.top + layer.row_stride),
            ]
        with m.If(self.start):
            m.d.sync += [self.row.eq(layer.row_start), self.top.eq(-layer.padding_top)]
        return m
