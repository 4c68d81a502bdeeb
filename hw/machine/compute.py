# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The COMPUTE engine: gives the streams to the core, or through."""

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from macaw.arch.checks import instance
from macaw.arch.instructions import Opcode
from macaw.arch.machine import Engine, MachineConfig
from macaw.hw.conv2d_core import Conv2dCore
from macaw.hw.machine.layouts import command_layout, word_layout

__all__ = ["ComputeUnit"]


class ComputeUnit(wiring.Component):
    """Makes results of the words that are fetched, one command after the other.

    Parameters
    ----------
    config : MachineConfig
        The configuration.

    Members
    -------
    command : In
        A CONV or a COPY; taken when the one before is complete. Behind a CONV another
        one is taken before: the core may begin with its image, and with its layer.
    done : Out
        The first one is complete, for one clock: its last result word has left, or another CONV has
        taken its place in the core.
    weights, parameters, table : In
        Writes to the memories, as `macaw.hw.Conv2dCore` takes them.
    i : In
        Words.
    o : Out
        Words of results.
    core_busy : Out
        The core has a layer.
    """

    def __init__(self, config: MachineConfig):
        self._config = instance("config", config, MachineConfig)
        self._core = Conv2dCore(config.core)
        word = word_layout(config)
        core = self._core.signature.members
        members = {
            "command": In(stream.Signature(command_layout(config, Engine.COMPUTE))),
            "done": Out(1),
            "weights": In(core["weights"].signature.flip()),
            "parameters": In(core["parameters"].signature.flip()),
            "table": In(core["table"].signature.flip()),
            "i": In(stream.Signature(word)),
            "o": Out(stream.Signature(word)),
            "core_busy": Out(1),
        }
        super().__init__(members)

    def elaborate(self, platform):
        m = Module()
        m.submodules.core = core = self._core
        for name in ("weights", "parameters", "table"):
            connect(m, flipped(getattr(self, name)), getattr(core, name))
        command, fields = self.command.payload, self.command.payload.fields
        opcode = Signal.like(command.opcode, reset_less=True)
        count = Signal.like(fields.copy.count)
        offered = Signal()
        busy = Signal()
        second = Signal()  # there is a CONV behind another one, which is not complete

        kept = Signal.like(fields, reset_less=True)
        idle = Signal()
        taken = Signal()
        m.d.comb += self.core_busy.eq(busy & (opcode == Opcode.CONV))

        m.d.comb += [
            core.image.payload.eq(self.i.payload),
            core.descriptor.payload.eq(kept.conv),
        ]
        with m.If(opcode == Opcode.CONV):
            m.d.comb += [
                core.image.valid.eq(self.i.valid & busy),
                self.i.ready.eq(core.image.ready & busy),
                self.o.valid.eq(core.result.valid),
                self.o.payload.eq(core.result.payload),
                core.result.ready.eq(self.o.ready),
                core.descriptor.valid.eq(offered),  # until it is taken
                taken.eq(core.descriptor.ready),
                idle.eq(core.idle),
            ]
        with m.If(opcode == Opcode.COPY):
            some = count != 0
            m.d.comb += [
                self.o.payload.eq(self.i.payload),
                self.o.valid.eq(self.i.valid & some),
                self.i.ready.eq(self.o.ready & some),
                idle.eq(~some),
            ]
            with m.If(self.o.valid & self.o.ready):
                m.d.sync += count.eq(count - 1)
        settle = Signal(2)
        with m.If(~busy):
            m.d.comb += self.command.ready.eq(1)
            with m.If(self.command.valid):
                m.d.sync += [
                    busy.eq(1),
                    opcode.eq(command.opcode),
                    kept.eq(fields),
                    offered.eq(command.opcode != Opcode.COPY),
                    settle.eq(3),
                ]
                with m.If(command.opcode == Opcode.COPY):
                    m.d.sync += count.eq(fields.copy.count)
        with m.Elif(offered):
            with m.If(taken):
                m.d.sync += [offered.eq(0), settle.eq(3)]
        with m.Elif(second):
            with m.If(core.replaced):
                m.d.comb += self.done.eq(1)
                m.d.sync += second.eq(0)
        with m.Elif(settle != 0):
            # Until the unit is idle no more.
            m.d.sync += settle.eq(settle - 1)
        with m.Elif(idle):
            m.d.comb += self.done.eq(1)
            m.d.sync += busy.eq(0)
        with m.Elif(opcode == Opcode.CONV):
            m.d.comb += self.command.ready.eq(command.opcode == Opcode.CONV)
            with m.If(self.command.valid & self.command.ready):
                m.d.sync += [kept.eq(fields), offered.eq(1), second.eq(1)]
        return m
