# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Blocks that belong to no algorithm: what stands between two streams."""

from typing import Any

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

__all__ = ["SkidBuffer"]


class SkidBuffer(wiring.Component):
    """A register stage of a stream: no combinational path from one side to the other.

    One word a cycle; latency one cycle. ``i.ready`` is a register, so that a word already on
    its way when ``o`` stalls is kept in a second register.

    Parameters
    ----------
    shape : ShapeLike
        The shape of the payload.

    Members
    -------
    i : In(stream)
        The words that come in.
    o : Out(stream)
        The same words.
    """

    def __init__(self, shape: Any):
        super().__init__({"i": In(stream.Signature(shape)), "o": Out(stream.Signature(shape))})

    def elaborate(self, platform):
        m = Module()

        kept = Signal.like(self.i.payload, reset_less=True)
        full = Signal()
        payload = Signal.like(self.i.payload, reset_less=True)
        m.d.comb += [self.i.ready.eq(~full), self.o.payload.eq(payload)]

        with m.If(~self.o.valid | self.o.ready):
            m.d.sync += [self.o.valid.eq(self.i.valid | full), full.eq(0)]
            with m.If(full):
                m.d.sync += payload.eq(kept)
            with m.Else():
                m.d.sync += payload.eq(self.i.payload)
        with m.Elif(self.i.valid):
            m.d.sync += full.eq(1)
        with m.If(~full):
            m.d.sync += kept.eq(self.i.payload)

        return m
