# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Where an engine's instructions wait for their turn and for what they come after."""

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from macaw.arch.checks import instance, one_of
from macaw.arch.instructions import WAIT_BITS
from macaw.arch.machine import Engine, MachineConfig
from macaw.hw.machine.layouts import INDEX_BITS, command_layout, queued_layout
from macaw.hw.machine.register_queue import RegisterQueue

__all__ = ["InstructionQueue"]


class InstructionQueue(wiring.Component):
    """Hands an engine its instructions, one after the other, each once as many instructions of
    all engines are complete as it waits for.

    Parameters
    ----------
    config : MachineConfig
        The configuration.
    engine : Engine
        The engine.

    Members
    -------
    start : In
        A program begins: no instruction is complete.
    i : In
        Instructions.
    o : Out
        The command of the first instruction, when its waits are over.
    done : In
        The engine has completed its command, for one clock.
    completed : Out
        Instructions that the engine has completed.
    all_completed : In
        Those of all engines.
    pending : Out
        There is an instruction that is not complete.
    index : Out
        The first such instruction's.
    """

    def __init__(self, config: MachineConfig, engine: Engine):
        self._config = instance("config", config, MachineConfig)
        self._engine = one_of("engine", engine, tuple(Engine))
        super().__init__(
            {
                "start": In(1),
                "i": In(stream.Signature(queued_layout(config, engine))),
                "o": Out(stream.Signature(command_layout(config, engine))),
                "done": In(1),
                "completed": Out(WAIT_BITS),
                "all_completed": In(data.ArrayLayout(WAIT_BITS, len(Engine))),
                "pending": Out(1),
                "index": Out(INDEX_BITS),
            }
        )

    def elaborate(self, platform):
        m = Module()
        layout = queued_layout(self._config, self._engine)
        m.submodules.room = room = RegisterQueue(
            layout, self._config.queue, self._config.core.technology
        )
        wiring.connect(m, wiring.flipped(self.i), room.i)
        # The first instruction stays in the queue's register until it is complete; whether it may
        # begin is known a clock after it has come.
        first = room.o.payload
        running = Signal()
        met = Signal(len(Engine))
        settled = Signal()
        m.d.sync += [
            *(
                met[engine].eq(self.all_completed[engine] >= first.after[engine])
                for engine in range(len(Engine))
            ),
            settled.eq(self.pending),
        ]
        m.d.comb += [
            self.pending.eq(room.o.valid),
            room.o.ready.eq(self.done),
            self.o.payload.eq(first.command),
            self.o.valid.eq(self.pending & settled & met.all() & ~running),
            self.index.eq(first.index),
        ]
        with m.If(self.o.valid & self.o.ready):
            m.d.sync += running.eq(1)
        with m.If(self.done):
            m.d.sync += [
                running.eq(0),
                settled.eq(0),
                self.completed.eq(self.completed + 1),
            ]
        with m.If(self.start):
            m.d.sync += self.completed.eq(0)
        return m
