# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The STORE engine: result words into memory, one behind the other or in runs of bytes."""

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from macaw.arch.checks import instance
from macaw.arch.instructions import Opcode
from macaw.arch.machine import Engine, MachineConfig
from macaw.hw.machine.layouts import command_layout, storing_layout, word_layout
from macaw.hw.machine.scatter import Scatter, placed_layout
from macaw.hw.memory_port import write_layout

__all__ = ["Storer"]


class Storer(wiring.Component):
    """Writes the words of results as they come.

    Parameters
    ----------
    config : MachineConfig
        The configuration.

    Members
    -------
    command : In
        A STORE or a SCATTER; taken when the one before is complete.
    done : Out
        It is complete, for one clock: its last word has been written.
    i : In
        Words of results.
    write : Out
        Writes to the memory outside.
    tensor_address, tensor_data, tensor_enable : Out
        Writes to the tensor memory.
    storing : Out
        The STORE that writes there.
    """

    def __init__(self, config: MachineConfig):
        self._config = instance("config", config, MachineConfig)
        word = word_layout(config)
        super().__init__(
            {
                "command": In(stream.Signature(command_layout(config, Engine.STORE))),
                "done": Out(1),
                "i": In(stream.Signature(word)),
                "write": Out(stream.Signature(write_layout(config))),
                "tensor_address": Out(max(1, config.tensor_words.bit_length() - 1)),
                "tensor_data": Out(word),
                "tensor_enable": Out(config.word_bytes),
                "storing": Out(storing_layout(config)),
            }
        )

    def elaborate(self, platform):
        m = Module()
        config = self._config
        fields = self.command.payload.fields
        m.submodules.scatter = scatter = Scatter(config)
        address = Signal(config.address_bits + 1, reset_less=True)
        left = Signal.like(fields.store.count)
        end = Signal.like(self.storing.end, reset_less=True)
        busy = Signal()
        scatters = Signal()

        # What is to be written next, of either kind.
        placed = Signal(placed_layout(config))
        some = Signal()
        goes = Signal()
        with m.If(scatters):
            m.d.comb += [
                placed.eq(scatter.o.payload),
                some.eq(scatter.o.valid),
                scatter.o.ready.eq(goes),
                scatter.i.payload.eq(self.i.payload),
                scatter.i.valid.eq(self.i.valid),
                self.i.ready.eq(scatter.i.ready),
            ]
        with m.Else():
            m.d.comb += [
                placed.address.eq(address),
                placed.data.eq(self.i.payload),
                placed.enable.eq(-1),
                some.eq(self.i.valid & (left != 0)),
                self.i.ready.eq(goes & (left != 0)),
            ]
            with m.If(some & goes):
                m.d.sync += [left.eq(left - 1), address.eq(address + 1)]

        # A register on the way to the memory outside; the tensor memory has its own.
        inside = placed.address[-1]
        m.d.comb += goes.eq(inside | ~self.write.valid | self.write.ready)
        with m.If(self.write.ready):
            m.d.sync += self.write.valid.eq(0)
        with m.If(some & ~inside & goes):
            m.d.sync += [
                self.write.valid.eq(1),
                self.write.payload.address.eq(placed.address),
                self.write.payload.data.eq(placed.data),
                self.write.payload.enable.eq(placed.enable),
            ]
        m.d.comb += [
            self.tensor_address.eq(placed.address),
            self.tensor_data.eq(placed.data),
            self.tensor_enable.eq(Mux(some & inside, placed.enable, 0)),
        ]

        # Three more clocks, in which the tensor memory takes the last word.
        settle = Signal(2)
        moved = Mux(scatters, scatter.idle, left == 0)
        with m.If(~busy):
            m.d.comb += self.command.ready.eq(1)
            with m.If(self.command.valid):
                is_scatter = self.command.payload.opcode == Opcode.SCATTER
                m.d.comb += scatter.begin.eq(is_scatter)
                m.d.sync += [
                    busy.eq(1),
                    scatters.eq(is_scatter),
                    address.eq(fields.store.address),
                    end.eq(fields.store.address[: len(end) - 1] + fields.store.count),
                    left.eq(Mux(is_scatter, 0, fields.store.count)),
                    settle.eq(3),
                ]
        with m.Elif(moved & ~self.write.valid):
            m.d.sync += settle.eq(settle - 1)
            with m.If(settle == 0):
                m.d.comb += self.done.eq(1)
                m.d.sync += [busy.eq(0), scatters.eq(0)]
        m.d.comb += [
            scatter.command.eq(fields.scatter),
            self.storing.busy.eq(busy & ~scatters & address[-1]),
            self.storing.next.eq(address),
            self.storing.end.eq(end),
        ]
        return m
