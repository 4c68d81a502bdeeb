# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Small designs that the tests of the simulation try it on."""

from amaranth.hdl import Module, Mux, Signal, signed
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out


class Scaled(wiring.Component):
    """``y = (a * b + c) `` with ``a * b`` registered: ``c`` comes one cycle later."""

    a: In(signed(8))
    b: In(data.ArrayLayout(signed(8), 3))
    c: In(signed(20))
    y: Out(data.ArrayLayout(signed(21), 3))

    def elaborate(self, platform):
        m = Module()
        for index in range(3):
            product = Signal(signed(16), name=f"product_{index}")
            m.d.sync += [
                product.eq(self.a * self.b[index]),
                self.y[index].eq(product + self.c),
            ]
        return m


class Inverter(wiring.Component):
    """Combinational: ``y`` is the complement of ``a``, of ``width`` bits."""

    def __init__(self, width):
        super().__init__({"a": In(width), "y": Out(width)})

    def elaborate(self, platform):
        m = Module()
        m.d.comb += self.y.eq(~self.a)
        return m


class Adder(wiring.Component):
    """Adds the input port ``offset`` to the words of ``i``; the output port ``count`` counts
    them, and ``last`` is the last one. ``fault`` builds in one of these faults:

    ``drop``
        the fourth word is lost,
    ``repeat``
        the fourth word is sent twice,
    ``retract``
        valid is taken back where the sink is not ready,
    ``change``
        a waiting word changes where the sink is not ready,
    ``hang``
        nothing is taken after the fourth word,
    ``flip``
        one bit of the fourth word is wrong.
    """

    def __init__(self, fault=None):
        self._fault = fault
        super().__init__(
            {
                "i": In(stream.Signature(16)),
                "o": Out(stream.Signature(16)),
                "offset": In(signed(8)),
                "count": Out(8),
                "last": Out(16),
            }
        )

    def elaborate(self, platform):
        m = Module()
        word = Signal(16)
        full = Signal()
        fourth = self.count == 3
        m.d.comb += [
            self.i.ready.eq(~full | self.o.ready),
            self.o.valid.eq(full),
            self.o.payload.eq(word),
        ]
        with m.If(self.i.ready):
            m.d.sync += full.eq(self.i.valid)
        with m.If(self.i.valid & self.i.ready):
            m.d.sync += [
                word.eq(self.i.payload + self.offset),
                self.last.eq(self.i.payload),
                self.count.eq(self.count + 1),
            ]
        stalled = full & ~self.o.ready
        match self._fault:
            case "drop":
                with m.If(self.i.valid & self.i.ready & fourth):
                    m.d.sync += full.eq(0)
            case "repeat":
                again = Signal()
                with m.If(self.o.valid & self.o.ready & (self.count == 4) & ~again):
                    m.d.sync += [again.eq(1), full.eq(1), word.eq(word)]
                    m.d.comb += self.i.ready.eq(0)
            case "retract":
                pause = Signal()
                m.d.sync += pause.eq(stalled & ~pause)
                m.d.comb += self.o.valid.eq(full & ~pause)
            case "change":
                with m.If(stalled):
                    m.d.sync += word.eq(word + 1)
            case "hang":
                m.d.comb += self.i.ready.eq((~full | self.o.ready) & (self.count < 4))
                with m.If(self.o.ready & (self.count == 4)):
                    m.d.sync += full.eq(0)
            case "flip":
                m.d.comb += self.o.payload.eq(word ^ Mux(self.count == 4, 0x20, 0))
        return m


class Joined(wiring.Component):
    """Sends the words of ``a`` and ``b`` as they come, ``a`` first where both do."""

    a: In(stream.Signature(8))
    b: In(stream.Signature(8))
    o: Out(stream.Signature(8))

    def elaborate(self, platform):
        m = Module()
        m.d.comb += [
            self.o.valid.eq(self.a.valid | self.b.valid),
            self.o.payload.eq(Mux(self.a.valid, self.a.payload, self.b.payload)),
            self.a.ready.eq(self.o.ready),
            self.b.ready.eq(self.o.ready & ~self.a.valid),
        ]
        return m


class Endless(wiring.Component):
    """Takes no word of ``i``, and sends words for ever."""

    i: In(stream.Signature(8))
    o: Out(stream.Signature(8))

    def elaborate(self, platform):
        m = Module()
        m.d.comb += self.o.valid.eq(1)
        return m
