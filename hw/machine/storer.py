# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The STORE engine: result words, or what tables make of them, into memory, one behind the other or
in runs of bytes."""

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from macaw.arch.checks import instance
from macaw.arch.instructions import Opcode
from macaw.arch.machine import Engine, MachineConfig
from macaw.hw.elementwise import Elementwise
from macaw.hw.machine.layouts import command_layout, storing_layout, word_layout
from macaw.hw.machine.scatter import Scatter, placed_layout
from macaw.hw.memory_port import write_layout

__all__ = ["Storer"]


class Storer(wiring.Component):
    """Writes the words of results as they come, or those of the elementwise pass, whose first
    operand they are.

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
    second, lookup : In
        With an elementwise pass: words of its second operand, and writes to its tables.
    waits : Out
        A word is there to be written, and is not.
    write : Out
        Writes to the memory outside.
    tensor_address, tensor_data, tensor_enable : Out
        Writes to the tensor memory.
    storing : Out
        The STORE that writes there.
    """

    def __init__(self, config: MachineConfig):
        self._config = instance("config", config, MachineConfig)
        self._elementwise = Elementwise(config) if config.elementwise_lanes else None
        word = word_layout(config)
        members = {
            "command": In(stream.Signature(command_layout(config, Engine.STORE))),
            "done": Out(1),
            "i": In(stream.Signature(word)),
            "waits": Out(1),
            "write": Out(stream.Signature(write_layout(config))),
            "tensor_address": Out(config.tensor_address_bits),
            "tensor_data": Out(word),
            "tensor_enable": Out(config.word_bytes),
            "storing": Out(storing_layout(config)),
        }
        if self._elementwise is not None:
            inner = self._elementwise.signature.members
            members |= {
                "second": In(inner["second"].signature.flip()),
                "lookup": In(inner["lookup"].signature.flip()),
            }
        super().__init__(members)

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
        results = self._results(m)

        # What is to be written next, of either kind.
        placed = Signal(placed_layout(config))
        some = Signal()
        goes = Signal()
        with m.If(scatters):
            m.d.comb += [
                placed.eq(scatter.o.payload),
                some.eq(scatter.o.valid),
                scatter.o.ready.eq(goes),
                scatter.i.payload.eq(results.payload),
                scatter.i.valid.eq(results.valid),
                results.ready.eq(scatter.i.ready),
            ]
        with m.Else():
            m.d.comb += [
                placed.address.eq(address),
                placed.data.eq(results.payload),
                placed.enable.eq(-1),
                some.eq(results.valid & (left != 0)),
                results.ready.eq(goes & (left != 0)),
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
                    end.eq(fields.store.address[: config.tensor_address_bits] + fields.store.count),
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
            self.waits.eq(results.valid & ~results.ready),
        ]
        return m

    def _results(self, m):
        """The words that are written: those that come, or those of the pass, where the command has
        operands of it."""
        results = stream.Signature(word_layout(self._config)).create()
        unit = self._elementwise
        if unit is None:
            connect(m, flipped(self.i), flipped(results))
            return results
        m.submodules.elementwise = unit
        connect(m, flipped(self.second), unit.second)
        connect(m, flipped(self.lookup), unit.lookup)
        begins = self.command.valid & self.command.ready
        store, scatter = self.command.payload.fields.store, self.command.payload.fields.scatter
        passes = Signal()
        operation = unit.operation.payload
        with m.If(self.command.payload.opcode == Opcode.SCATTER):
            m.d.comb += [operation[name].eq(scatter[name]) for name, _ in operation.shape()]
        with m.Else():
            m.d.comb += [operation[name].eq(store[name]) for name, _ in operation.shape()]
        m.d.comb += unit.operation.valid.eq(begins & operation.operands.any())
        with m.If(begins):
            m.d.sync += passes.eq(operation.operands.any())
        m.d.comb += [unit.first.payload.eq(self.i.payload), results.payload.eq(self.i.payload)]
        with m.If(passes):
            m.d.comb += [
                unit.first.valid.eq(self.i.valid),
                self.i.ready.eq(unit.first.ready),
                results.payload.eq(unit.result.payload),
                results.valid.eq(unit.result.valid),
                unit.result.ready.eq(results.ready),
            ]
        with m.Else():
            m.d.comb += [results.valid.eq(self.i.valid), self.i.ready.eq(results.ready)]
        return results
