# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""An engine and the commands that it is given."""

from amaranth.hdl import Mux, Signal
from amaranth.lib import wiring

from macaw.arch.instructions import Opcode
from macaw.arch.machine import Engine, MachineConfig
from macaw.hw.machine.instruction_queue import MOST_COMMANDS
from macaw.hw.machine.layouts import command_layout
from macaw.prove.harness import Harness

__all__ = ["Commands"]


class Commands:
    """An engine with any commands, or with those of the opcodes ``few`` for up to three words, and
    how many of them it has: up to ``most``.

    ``begins`` says that it takes a command, ``fields`` are those of the command that it takes.
    """

    def __init__(
        self,
        component: wiring.Component,
        config: MachineConfig,
        engine: Engine,
        *,
        few: tuple[Opcode, ...] = (),
    ):
        self.harness = harness = Harness(component)
        self.component = component
        m = harness.m
        layout = command_layout(config, engine)
        command = Signal(layout, name="small_command")
        m.d.comb += command.eq(harness.free(layout, "any_command"))
        if few:
            m.d.comb += command.opcode.eq(Mux(harness.free(1, "which"), few[0], few[-1]))
        for opcode in few:
            fields = command.fields[opcode.name.lower()]
            with m.If(command.opcode == opcode):
                for name, _ in fields.shape():
                    if name in ("count", "second_count"):
                        m.d.comb += fields[name].eq(harness.free(2, name))
        harness.offer(component.command, "command", word=command)
        self.fields = component.command.payload.fields
        self.begins = component.command.valid & component.command.ready
        self.most = MOST_COMMANDS.get(engine, 1)
        self.inside = Signal(2, name="inside")
        m.d.sync += self.inside.eq(self.inside + self.begins - component.done)
        self.executes = self.inside != 0
        signal = harness.opened.signal
        # What helps the proofs: the engine knows of them.
        self.agree = (signal("busy") == self.executes) & (self.inside <= self.most)
        if self.most > 1:
            second = signal("second")
            self.agree &= (second == (self.inside == 2)) & (
                ~second | (signal("opcode") == Opcode.CONV)
            )
