# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""A small design of every kind of cell, for the tests of netlists."""

import numpy as np
from amaranth.hdl import Const, Module, Signal, signed
from amaranth.lib import data, stream, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

DEPTH = 512
#: What its memory starts with.
CONTENTS = np.random.default_rng(20261128).integers(0, 1 << 32, DEPTH)

_WORD = data.StructLayout({"left": signed(8), "right": signed(8), "added": signed(16)})


class Products(wiring.Component):
    """Looks words up and adds what they say: after each index, the sum so far."""

    write: In(stream.Signature(data.StructLayout({"index": 9, "word": 32})))
    index: In(stream.Signature(9))
    result: Out(stream.Signature(signed(24)))

    def elaborate(self, platform):
        m = Module()
        m.submodules.memory = memory = Memory(
            shape=32, depth=DEPTH, init=[int(word) for word in CONTENTS]
        )
        write, read = memory.write_port(), memory.read_port()
        word = data.View(_WORD, read.data)
        looked, multiplied = Signal(), Signal()
        value = Signal(signed(17))
        sums = Signal(signed(24), init=-5)
        busy = looked | multiplied | self.result.valid
        m.d.comb += [
            self.write.ready.eq(Const(1)),
            write.addr.eq(self.write.payload.index),
            write.data.eq(self.write.payload.word),
            write.en.eq(self.write.valid),
            self.index.ready.eq(~busy),
            read.addr.eq(self.index.payload),
            read.en.eq(self.index.ready),
            self.result.payload.eq(sums),
        ]
        m.d.sync += [
            looked.eq(self.index.valid & self.index.ready),
            multiplied.eq(looked),
            value.eq(word.left * word.right + word.added),
        ]
        with m.If(multiplied):
            m.d.sync += [sums.eq(sums + value), self.result.valid.eq(1)]
        with m.Elif(self.result.ready):
            m.d.sync += self.result.valid.eq(0)
        return m


def sums(words, indices):
    """What `Products` answers to ``indices`` where ``words`` are in its memory."""
    left, right = words.astype(np.int8).astype(np.int64), (words >> 8).astype(np.int8)
    return np.cumsum((left * right + (words >> 16).astype(np.int16))[indices]) - 5
