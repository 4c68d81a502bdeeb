# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Puts the requantiser's results together and says where in the result row they stand."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import exact_log2

from macaw.arch.checks import instance
from macaw.arch.config import AcceleratorConfig
from macaw.hw.delay import delay
from macaw.hw.evaluations import Place
from macaw.hw.fanout import fan_out
from macaw.hw.group_walker import GroupWalker
from macaw.hw.layouts import layer_layout

__all__ = ["ResultCollector", "result_write_layout"]


def result_write_layout(config: AcceleratorConfig) -> data.StructLayout:
    """``count`` bytes from byte ``address`` of the result row; ``row_end`` completes the row."""
    lanes = config.array.lanes
    return data.StructLayout(
        {
            "address": exact_log2(config.memory.result_words * lanes),
            "count": range(lanes + 1),
            "data": data.ArrayLayout(8, lanes),
            "row_end": 1,
        }
    )


class ResultCollector(wiring.Component):
    """Collects the results of a pixel and a column group (dense), or of a pair of pixels and the
    channels of a memory word (window mode), and writes them as runs of bytes.

    Parameters
    ----------
    config : AcceleratorConfig
        The configuration.

    Members
    -------
    layer : In
        The layer's descriptor, constant while the layer runs.
    start : In
        Begins the layer, for one clock.
    results : In
        Results of ``config.requantizer.lanes`` columns.
    valid, last : In
        They count; they are an evaluation's last ones.
    place : In
        Where they belong.
    write_valid : Out
        ``write`` is to be made in this clock.
    write : Out
        The run of bytes.
    """

    #: Clocks from the last results of an evaluation to its last write.
    latency = 4

    def __init__(self, config: AcceleratorConfig):
        self._config = instance("config", config, AcceleratorConfig)
        super().__init__(
            {
                "layer": In(layer_layout(config)),
                "start": In(1),
                "results": In(data.ArrayLayout(signed(8), config.requantizer.lanes)),
                "valid": In(1),
                "last": In(1),
                "place": In(Place),
                "write_valid": Out(1),
                "write": Out(result_write_layout(config)),
            }
        )

    def elaborate(self, platform):
        m = Module()
        layer, array = self.layer, self._config.array
        lanes, half = self._config.requantizer.lanes, array.pair_channels
        wide = lanes > half

        # Two registers of a memory word's bytes, filled from the top: one for each pixel.
        collected = [Signal(8 * array.lanes, name=f"pixel_{p}", reset_less=True) for p in range(2)]
        results = delay(m, self.results.as_value(), 1)
        compact = self._config.compact
        window = fan_out(m, "window_copies", layer.window, 2, clocks=1, compact=compact)
        beat = Signal(range(self._config.portions))
        with m.If(self.valid):
            m.d.sync += beat.eq(Mux(self.last, 0, beat + 1))
        for pixel in range(2):
            dense = Cat(collected[pixel], results)[8 * lanes :]
            part = results.word_select(pixel, 8 * half) if wide else results
            paired = Cat(collected[pixel], part)[len(part) :]
            mine = Const(1) if wide else beat // (half // lanes) == pixel
            takes = Signal(name=f"takes_{pixel}")
            m.d.sync += takes.eq(self.valid & Mux(layer.window, mine, pixel == 0))
            with m.If(takes):
                m.d.sync += collected[pixel].eq(Mux(window[pixel], paired, dense))

        m.submodules.groups = groups = GroupWalker(self._config)
        m.d.comb += [groups.layer.eq(layer), groups.start.eq(self.start)]
        # The walker is a clock ahead of its use: what it says is registered on the way.
        channels, last_group = delay(m, groups.channels, 1), delay(m, groups.last, 1)
        finished, second = Signal(), Signal()
        place = Signal(Place, reset_less=True)
        complete = self.valid & self.last & self.place.finish
        completes = delay(m, complete, 1, reset_less=False)
        arriving = delay(m, self.place, 1)
        m.d.sync += [finished.eq(completes), second.eq(finished & layer.window)]
        group_ends = delay(m, complete & self.place.group_end, 1, reset_less=False)
        m.d.comb += groups.advance.eq(group_ends)
        with m.If(completes):
            m.d.sync += place.eq(arriving)

        # While `finished` the (first) pixel is written, while `second` the second one, of whose
        # place the copies speak: by then the next pair may have come.
        base = Signal.like(self.write.address)
        channel = Signal.like(self.write.address)
        written = Signal.like(self.write)
        pair = Signal.like(self.write)
        step = Signal.like(self.write.address, reset_less=True)
        m.d.sync += step.eq(Mux(layer.window, layer.result_step << 1, layer.result_step))
        bytes_out = Mux(
            layer.window, collected[0], collected[0][8 * (array.lanes - array.columns) :]
        )
        next_channel = channel + channels
        m.d.comb += [
            written.address.eq(base),
            written.count.eq(channels),
            written.data.eq(bytes_out),
            written.row_end.eq(place.row_end & ~layer.window),
        ]
        takes_second = finished & layer.window
        seconds = fan_out(m, "second_copies", takes_second, 4, clocks=1, compact=compact)
        part_bits = 2 * array.lanes
        data_out = [
            Mux(
                copy,
                pair.data.as_value().word_select(part, part_bits),
                written.data.as_value().word_select(part, part_bits),
            )
            for part, copy in enumerate(seconds)
        ]
        m.d.sync += [
            self.write_valid.eq(finished | second),
            self.write.eq(Mux(second, pair, written)),
            self.write.data.eq(Cat(data_out)),
        ]
        with m.If(finished):
            m.d.sync += [
                pair.address.eq(base + layer.result_step),
                pair.data.eq(collected[1]),
                pair.row_end.eq(place.row_end),
                pair.count.eq(Mux(place.group_end & layer.odd_width, 0, channels)),
                base.eq(base + step),
            ]
            with m.If(place.group_end):
                m.d.sync += [base.eq(next_channel), channel.eq(next_channel)]
                with m.If(last_group):
                    m.d.sync += [base.eq(0), channel.eq(0)]
        with m.If(self.start):
            m.d.sync += [base.eq(0), channel.eq(0), beat.eq(0)]
        return m
