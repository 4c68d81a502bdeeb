# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""A small array of multiply-accumulators on streams, to measure simulators with."""

from amaranth.hdl import Module, Signal, signed
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out


class DotProducts(wiring.Component):
    """Multiplies each vector of stream ``i`` by a matrix of weights, loaded before by stream
    ``w``, one column a word, and sends the sums as stream ``o``."""

    def __init__(self, lanes, columns):
        self._lanes, self._columns = lanes, columns
        super().__init__(
            {
                "w": In(stream.Signature(data.ArrayLayout(signed(8), lanes))),
                "i": In(stream.Signature(data.ArrayLayout(signed(8), lanes))),
                "o": Out(stream.Signature(data.ArrayLayout(signed(20), columns))),
            }
        )

    def elaborate(self, platform):
        m = Module()
        weights = [
            [Signal(signed(8), name=f"weight_{column}_{lane}") for lane in range(self._lanes)]
            for column in range(self._columns)
        ]
        column_index = Signal(range(self._columns))
        m.d.comb += self.w.ready.eq(1)
        with m.If(self.w.valid):
            m.d.sync += column_index.eq(column_index + 1)
            for index, column in enumerate(weights):
                with m.If(column_index == index):
                    m.d.sync += [
                        weight.eq(self.w.payload[lane]) for lane, weight in enumerate(column)
                    ]

        advance = ~self.o.valid | self.o.ready
        held = Signal.like(self.i.payload)
        held_valid = Signal()
        m.d.comb += self.i.ready.eq(advance)
        with m.If(advance):
            m.d.sync += [held.eq(self.i.payload), held_valid.eq(self.i.valid)]
            m.d.sync += self.o.valid.eq(held_valid)
            for index, column in enumerate(weights):
                products = [held[lane] * weight for lane, weight in enumerate(column)]
                m.d.sync += self.o.payload[index].eq(sum(products[1:], products[0]))
        return m
