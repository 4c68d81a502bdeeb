# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Result rows, written byte by byte and streamed out as words."""

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import exact_log2

from macaw.arch.checks import instance
from macaw.arch.config import AcceleratorConfig
from macaw.hw.countdown import countdown
from macaw.hw.evaluations import Place
from macaw.hw.layouts import layer_layout
from macaw.hw.ram import BlockRam

__all__ = ["ByteRows"]


class ByteRows(wiring.Component):
    """A ring of result rows, written channel by channel, pixel by pixel and group by group;
    complete rows are streamed out, each beginning with a new word.

    The ring is the whole memory: rows follow each other without a gap, those of the next layer
    behind those of the last.

    Parameters
    ----------
    config : AcceleratorConfig
        The configuration, a narrow one.

    Members
    -------
    layer : In
        The layer's descriptor, constant from two clocks before ``start`` on.
    start : In
        Begins the layer, for one clock, while no row is held.
    room : Out
        One more row may be begun; two clocks after ``claim`` it speaks of the next.
    claim : In
        A row is begun.
    valid : In
        A result comes.
    value : In
        The result.
    place : In
        What it completes: ``finish`` a pixel of its column group, and with it ``group_end`` the
        group and ``row_end`` the row.
    result : Out
        Words of complete rows.
    finished : Out
        All rows of the layer have left.
    """

    def __init__(self, config: AcceleratorConfig):
        self._config = instance("config", config, AcceleratorConfig)
        layer = layer_layout(config)
        super().__init__(
            {
                "layer": In(layer),
                "start": In(1),
                "room": Out(1),
                "claim": In(1),
                "valid": In(1),
                "value": In(signed(8)),
                "place": In(Place),
                "result": Out(stream.Signature(data.ArrayLayout(8, config.array.lanes))),
                "finished": Out(1),
            }
        )

    def elaborate(self, platform):
        m = Module()
        m.submodules.memory = memory = BlockRam(
            width=self._config.array.lanes,
            depth=self._config.memory.result_words,
            technology=self._config.technology,
            registered=False,
        )
        completed = self._write(m, memory)
        self._read(m, memory, completed)
        return m

    def _write(self, m, memory):
        """Where results go: a pixel's channels stand side by side, its next group's behind them."""
        layer, place = self.layer, self.place
        lane_bits = exact_log2(self._config.array.lanes)
        address = Signal(lane_bits + len(memory.write_address))
        pixel, group, row = (Signal.like(address, name=name) for name in ("pixel", "group", "row"))
        first_pixel = Signal(init=1)
        following = (address + 1)[: len(address)]
        next_pixel = (pixel + layer.result_step)[: len(address)]
        next_group = Mux(first_pixel, following, group)
        # Between two ends of rows there are some clocks.
        next_row = Signal.like(address)
        m.d.sync += next_row[lane_bits:].eq(row[lane_bits:] + layer.result_words + 1)
        with m.If(self.valid):
            with m.If(~place.finish):
                m.d.sync += address.eq(following)
            with m.Elif(~place.group_end):
                m.d.sync += [address.eq(next_pixel), pixel.eq(next_pixel)]
            with m.Elif(~place.row_end):
                m.d.sync += [address.eq(next_group), pixel.eq(next_group)]
            with m.Else():
                m.d.sync += [address.eq(next_row), pixel.eq(next_row), row.eq(next_row)]
            with m.If(place.finish):
                m.d.sync += first_pixel.eq(place.group_end)
                with m.If(first_pixel):
                    m.d.sync += group.eq(following)
        m.d.comb += [
            memory.write_address.eq(address[lane_bits:]),
            memory.write_enable.eq(self.valid << address[:lane_bits]),
        ]
        byte = self.value ^ (layer.output_unsigned << 7)
        for lane in range(self._config.array.lanes):
            m.d.comb += memory.write_data[lane].eq(byte)
        return self.valid & place.finish & place.row_end

    def _read(self, m, memory, completed):
        """Streams complete rows, and counts those in the ring: the memory shows the word that is
        offered, and is asked for the next one when it is taken."""
        layer = self.layer
        sends = self.result.valid & self.result.ready
        ends = sends & countdown(m, "words", layer.result_words, start=self.start, advance=sends)
        last_row = countdown(m, "rows", layer.output_rows, start=self.start, advance=ends)
        held, complete = (
            Signal.like(layer.result_rows, name=name) for name in ("held", "complete")
        )
        word = Signal.like(memory.read_address)
        m.d.comb += [
            memory.read_address.eq(word + sends),
            self.result.payload.eq(memory.read_data),
        ]
        m.d.sync += [
            word.eq(memory.read_address),
            complete.eq(complete + completed - ends),
            held.eq(held + self.claim - ends),
            self.room.eq(held < layer.result_rows),
            self.finished.eq((self.finished | (ends & last_row)) & ~self.start),
        ]
        with m.If(ends):
            m.d.sync += self.result.valid.eq(complete > 1)
        with m.Elif(complete != 0):
            m.d.sync += self.result.valid.eq(1)
