# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Image rows in one memory, of which a run of bytes is read at any place."""

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import exact_log2

from macaw.arch.checks import instance
from macaw.arch.config import AcceleratorConfig
from macaw.arch.core import SIZE_BITS
from macaw.hw.countdown import countdown
from macaw.hw.delay import delay
from macaw.hw.layouts import layer_layout
from macaw.hw.narrow.run_edges import RunEdges
from macaw.hw.ram import BlockRam

__all__ = ["RowBuffer"]

#: Clocks in which it becomes known whether there is room for another row.
_ROOM_CLOCKS = 3


class RowBuffer(wiring.Component):
    """Rows of a stream, kept as a ring of words until the reader gives them up, and read as runs of
    ``lanes`` bytes at any byte offset.

    The ring is the whole memory: rows follow each other without a gap, and go on at address 0 after
    the last one. Each byte of a word has a memory with an address of its own, so that a run takes
    the end of one word and the begin of the next. What lies outside the image is read as the zero
    point.

    Parameters
    ----------
    config : AcceleratorConfig
        The configuration, a narrow one.

    Members
    -------
    layer : In
        The layer's descriptor, constant while the layer runs.
    start : In
        Begins an image: one clock, while no row is being written.
    image : In
        The words of the rows, each row beginning with a new word. Between two rows the stream
        waits for a few clocks.
    received : Out
        Rows received since ``start``; what is read three clocks later finds them.
    complete : Out
        All rows of the image have been received.
    released : In
        Rows that the reader no longer needs, counted from the image's first row; it may run
        ahead of ``received``.
    row : In
        Read: address of the row's first word.
    offset : In
        Read: the signed byte offset in the row.
    inside : In
        Read, a clock later: the row lies in the image.
    run : Out
        The bytes, int8, `latency` clocks after ``row`` and ``offset``.
    """

    #: Clocks from ``row`` and ``offset`` to ``run``.
    latency = 3

    def __init__(self, config: AcceleratorConfig):
        self._config = instance("config", config, AcceleratorConfig)
        layer, lanes = layer_layout(config), config.array.lanes
        super().__init__(
            {
                "layer": In(layer),
                "start": In(1),
                "image": In(stream.Signature(data.ArrayLayout(8, lanes))),
                "received": Out(SIZE_BITS),
                "complete": Out(1),
                "released": In(SIZE_BITS),
                "row": In(layer["row_start"].shape),
                "offset": In(layer["position"].shape),
                "inside": In(1),
                "run": Out(data.ArrayLayout(signed(8), lanes)),
            }
        )

    def elaborate(self, platform):
        m = Module()
        memories = []
        for lane in range(self._config.array.lanes):
            m.submodules[f"lane_{lane}"] = lane_memory = BlockRam(
                width=1,
                depth=self._config.memory.activation_words,
                technology=self._config.technology,
                registered=False,
            )
            memories.append(lane_memory)
        self._write(m, memories)
        self._read(m, memories)
        return m

    def _write(self, m, memories):
        layer = self.layer
        address = Signal.like(layer.row_start)
        taking, running = Signal(), Signal()
        taken = self.image.valid & taking
        ends_row = taken & countdown(m, "words", layer.row_words, start=self.start, advance=taken)
        m.d.comb += self.image.ready.eq(taking)

        # Rows that are neither released nor free; fewer than none where the reader is ahead.
        resident = Signal(signed(SIZE_BITS + 1), reset_less=True)
        spare = Signal(reset_less=True)
        settled = Signal(_ROOM_CLOCKS)
        m.d.sync += [
            resident.eq(self.received - self.released),
            spare.eq(resident < layer.ring_rows),
            settled.eq(Cat(1, settled)),
            self.complete.eq(self.received == layer.height),
        ]
        with m.If(taken):
            m.d.sync += address.eq(address + 1)
        with m.If(ends_row):
            m.d.sync += [self.received.eq(self.received + 1), taking.eq(0), settled.eq(0)]
        with m.Elif(settled.all()):
            m.d.sync += taking.eq(taking | (running & spare & ~self.complete))
        with m.If(self.complete & settled.all()):
            m.d.sync += running.eq(0)
        with m.If(self.start):
            m.d.sync += [
                address.eq(0), self.received.eq(0), self.complete.eq(0),
                taking.eq(0), settled.eq(0), running.eq(1),
            ]  # fmt: skip
        for lane, memory in enumerate(memories):
            m.d.comb += [
                memory.write_address.eq(address),
                memory.write_data.eq(self.image.payload[lane] ^ (layer.input_unsigned << 7)),
                memory.write_enable.eq(taken),
            ]

    def _read(self, m, memories):
        layer, lanes = self.layer, self._config.array.lanes
        fine_bits = exact_log2(lanes)
        m.submodules.edges = edges = RunEdges(self._config)
        m.d.comb += [
            edges.row_bytes.eq(layer.row_bytes),
            edges.offset.eq(self.offset),
            edges.inside.eq(self.inside),
        ]

        # First clock: the word; its bytes below the offset come from the next one.
        word = Signal.like(self.row, reset_less=True)
        m.d.sync += word.eq(self.row + self.offset[fine_bits:].as_signed())
        fine = delay(m, self.offset[:fine_bits], 1, name="fine")
        following = (word + 1)[: len(word)]
        for lane, memory in enumerate(memories):
            m.d.comb += memory.read_address.eq(Mux(lane < fine, following, word))

        # Second clock: the memories. Third: turned by all but the last bit of the offset. What
        # stands on lane l of the run is byte (l + offset) mod lanes of the word.
        fine = delay(m, fine, 1)
        turned = [memory.read_data[0] for memory in memories]
        for bit in reversed(range(1, fine_bits)):
            turned = [
                Mux(fine[bit], turned[(lane + (1 << bit)) % lanes], turned[lane])
                for lane in range(lanes)
            ]
        turned = [delay(m, byte, 1, name=f"turned_{lane}") for lane, byte in enumerate(turned)]
        odd = delay(m, fine[0], 1, name="odd")
        for lane in range(lanes):
            byte = Mux(odd, turned[(lane + 1) % lanes], turned[lane])
            m.d.comb += self.run[lane].eq(Mux(edges.within[lane], byte, layer.input_zero_point))
