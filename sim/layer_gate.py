# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Several layers on one core, one after the other, fed by streams that never look back."""

from amaranth.hdl import Module, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, connect, flipped

from macaw.arch.config import AcceleratorConfig
from macaw.hw import Conv2dCore

__all__ = ["LOADED", "LayerGate"]

#: The streams that write a layer's constants.
LOADED = ("weights", "parameters", "table")


class LayerGate(wiring.Component):
    """`Conv2dCore` with gates that keep the layers apart: a layer's weights, parameters and
    table are written when the layer before has ended, and its descriptor goes in behind them.
    The image's words wait at the core itself, while the layers before are still running.

    Parameters
    ----------
    config : AcceleratorConfig
        The configuration.

    Members
    -------
    weights, parameters, table : In
        The core's writes as ``word``; ``last`` marks the layer's last one.
    descriptor, image, result : In, In, Out
        The core's streams.
    """

    def __init__(self, config: AcceleratorConfig):
        self._core = Conv2dCore(config)
        members = {}
        for name, member in self._core.signature.members.items():
            if name == "idle":
                continue
            if name in LOADED:
                word = getattr(self._core, name).payload.shape()
                member = In(stream.Signature(data.StructLayout({"word": word, "last": 1})))
            members[name] = member
        super().__init__(members)

    def elaborate(self, platform):
        m = Module()
        m.submodules.core = core = self._core
        connect(m, flipped(self.image), core.image)
        connect(m, core.result, flipped(self.result))

        written = Signal(len(LOADED))
        running = Signal()
        for index, name in enumerate(LOADED):
            outside, inside = getattr(self, name), getattr(core, name)
            m.d.comb += [
                inside.payload.eq(outside.payload.word),
                inside.valid.eq(outside.valid & ~written[index]),
                outside.ready.eq(inside.ready & ~written[index]),
            ]
            with m.If(outside.valid & outside.ready & outside.payload.last):
                m.d.sync += written[index].eq(1)
        m.d.comb += [
            core.descriptor.payload.eq(self.descriptor.payload),
            core.descriptor.valid.eq(self.descriptor.valid & written.all() & ~running),
            self.descriptor.ready.eq(core.descriptor.ready & written.all() & ~running),
        ]
        with m.If(self.descriptor.valid & self.descriptor.ready):
            m.d.sync += running.eq(1)
        with m.Elif(running & core.idle):
            m.d.sync += [running.eq(0), written.eq(0)]
        return m
