# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Where an engine's instructions wait for their turn and for what they come after."""

from itertools import pairwise

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from macaw.arch.checks import instance, one_of
from macaw.arch.instructions import WAIT_BITS
from macaw.arch.machine import Engine, MachineConfig
from macaw.hw.machine.layouts import INDEX_BITS, command_layout, queued_layout
from macaw.hw.machine.register_queue import RegisterQueue

__all__ = ["MOST_COMMANDS", "InstructionQueue"]

#: Instructions that the engine may have at a time: the words of a layer's image follow those of
#: the one before.
MOST_COMMANDS = {Engine.COMPUTE: 2}


class InstructionQueue(wiring.Component):
    """Hands an engine its instructions, one after the other, each once as many instructions of
    all engines are complete as it waits for. The compute engine takes one more while it executes
    another.

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
        The engine has completed the first of its commands, for one clock.
    completed, begun : Out
        Instructions that the engine has completed, and those that it has taken.
    all_completed : In
        Those that are complete of all engines.
    stores_begun : In
        Of ``Engine.FETCH``: the STOREs that have begun.
    pending : Out
        There is an instruction that is not complete.
    index : Out
        The first such instruction's.
    """

    def __init__(self, config: MachineConfig, engine: Engine):
        self._config = instance("config", config, MachineConfig)
        self._engine = one_of("engine", engine, tuple(Engine))
        self._most = MOST_COMMANDS.get(engine, 1)
        stores = {"stores_begun": In(WAIT_BITS)} if engine == Engine.FETCH else {}
        super().__init__(
            {
                **stores,
                "start": In(1),
                "i": In(stream.Signature(queued_layout(config, engine))),
                "o": Out(stream.Signature(command_layout(config, engine))),
                "done": In(1),
                "completed": Out(WAIT_BITS),
                "begun": Out(WAIT_BITS),
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
        # Whether the first instruction may begin is known a clock after it has come.
        first = room.o.payload
        taken = self.o.valid & self.o.ready
        met = Signal(len(Engine))
        settled = Signal()
        over = {
            engine: self.all_completed[number] >= first.after[number]
            for number, engine in enumerate(Engine)
        }
        if self._engine == Engine.FETCH:
            begun = self.stores_begun >= first.after[[*Engine].index(Engine.STORE)]
            over[Engine.STORE] |= first.command.fields.fetch.follows & begun
        m.d.sync += [met.eq(Cat(over.values())), settled.eq(room.o.valid & ~taken)]

        # Those that the engine has taken, by their indices.
        running = Signal(range(self._most + 1))
        indices = [Signal(INDEX_BITS, name=f"index_{place}") for place in range(self._most)]
        left = running - self.done
        m.d.sync += running.eq(left + taken)
        with m.If(self.done):
            m.d.sync += [before.eq(behind) for before, behind in pairwise(indices)]
        for place, index in enumerate(indices):
            with m.If(taken & (left == place)):
                m.d.sync += index.eq(first.index)
        m.d.comb += [
            self.pending.eq(room.o.valid | (running != 0)),
            room.o.ready.eq(taken),
            self.o.payload.eq(first.command),
            self.o.valid.eq(settled & met.all() & (running != self._most)),
            self.index.eq(Mux(running != 0, indices[0], first.index)),
        ]
        m.d.sync += [
            self.completed.eq(self.completed + self.done),
            self.begun.eq(self.begun + taken),
        ]
        with m.If(self.start):
            m.d.sync += [self.completed.eq(0), self.begun.eq(0)]
        return m
