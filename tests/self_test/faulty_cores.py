# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""A compute core with faults that can be switched on, in a self-test's top level."""

from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from macaw.hw.conv2d_core import Conv2dCore
from macaw.hw.self_test import SelfTestTop

#: The faults by their numbers: none; a weight with a flipped bit; results that end in the middle
#: of a layer; descriptors that are never taken; weights that are never taken; a word that is
#: lost; a word that comes twice; one flipped bit in the second round; descriptors that are taken
#: and forgotten; right results, after which nothing more is taken.
FAULTS = (
    "none", "weight", "stall", "deaf", "full", "lost", "twice", "second_round", "early",
    "hang",
)  # fmt: skip

_WORD = 5  # of a result, at which faults happen


class FaultyCore(wiring.Component):
    """`Conv2dCore` of ``config`` with the fault ``fault``."""

    def __init__(self, config):
        self._core = Conv2dCore(config)
        super().__init__({**self._core.signature.members, "fault": In(range(len(FAULTS)))})

    def elaborate(self, platform):
        m = Module()
        m.submodules.core = core = self._core
        for name in ("weights", "parameters", "table", "descriptor", "image"):
            connect(m, flipped(getattr(self, name)), getattr(core, name))
        connect(m, core.result, flipped(self.result))
        m.d.comb += self.idle.eq(core.idle)

        layers, words, again = Signal(8), Signal(16), Signal()
        moves = core.result.valid & core.result.ready
        with m.If(self.descriptor.valid & self.descriptor.ready):
            m.d.sync += [layers.eq(layers + 1), words.eq(0)]
        with m.Elif(moves):
            m.d.sync += words.eq(words + 1)

        with m.Switch(self.fault):
            with m.Case(FAULTS.index("weight")):
                with m.If(self.weights.payload.address == 0):
                    m.d.comb += core.weights.payload.data[0].eq(self.weights.payload.data[0] ^ 8)
            with m.Case(FAULTS.index("stall")):
                with m.If(words >= _WORD):
                    m.d.comb += [self.result.valid.eq(0), core.result.ready.eq(0)]
            with m.Case(FAULTS.index("deaf")):
                m.d.comb += [self.descriptor.ready.eq(0), core.descriptor.valid.eq(0)]
            with m.Case(FAULTS.index("full")):
                m.d.comb += [self.weights.ready.eq(0), core.weights.valid.eq(0)]
            with m.Case(FAULTS.index("lost")):
                with m.If(words == _WORD):
                    m.d.comb += [self.result.valid.eq(0), core.result.ready.eq(1)]
            with m.Case(FAULTS.index("twice")):
                with m.If(words == _WORD):
                    m.d.comb += core.result.ready.eq(self.result.ready & again)
                    with m.If(self.result.valid & self.result.ready):
                        m.d.sync += again.eq(~again)
            with m.Case(FAULTS.index("second_round")):
                with m.If((layers == 4) & (words == _WORD)):
                    m.d.comb += self.result.payload[0].eq(core.result.payload[0] ^ 128)
            with m.Case(FAULTS.index("early")):
                m.d.comb += [self.descriptor.ready.eq(1), core.descriptor.valid.eq(0)]
            with m.Case(FAULTS.index("hang")):
                with m.If(layers >= 1):
                    m.d.comb += self.idle.eq(0)
        return m


class FaultyTop(wiring.Component):
    """`SelfTestTop` of ``plan`` on a `FaultyCore`."""

    def __init__(self, plan, *, clock_hz):
        self._core = FaultyCore(plan.config)
        self._top = SelfTestTop(plan, clock_hz=clock_hz, core=self._core)
        members = {name: Out(1) for name in self._top.signature.members}
        super().__init__({**members, "fault": In(range(len(FAULTS)))})

    def elaborate(self, platform):
        m = Module()
        m.submodules.top = self._top
        m.d.comb += self._core.fault.eq(self.fault)
        for name in self._top.signature.members:
            m.d.comb += getattr(self, name).eq(getattr(self._top, name))
        return m
