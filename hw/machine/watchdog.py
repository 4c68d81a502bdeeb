# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Ends a program in which nothing moves any more."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from macaw.arch.checks import instance
from macaw.arch.machine import Engine, MachineConfig
from macaw.hw.machine.layouts import INDEX_BITS

__all__ = ["Watchdog"]


class Watchdog(wiring.Component):
    """Counts the clocks since the last word moved, and says which instruction is to blame: the
    first of the program that is not complete.

    Parameters
    ----------
    config : MachineConfig
        The configuration.

    Members
    -------
    running : In
        A program runs.
    moves : In
        A word moves, or an instruction completes.
    pending, indices : In
        Whether each engine has an instruction that is not complete, and its index.
    stuck : Out
        Nothing has moved for ``config.patience`` clocks.
    index : Out
        The first instruction that is not complete.
    """

    def __init__(self, config: MachineConfig):
        self._patience = instance("config", config, MachineConfig).patience
        super().__init__(
            {
                "running": In(1),
                "moves": In(1),
                "pending": In(1).array(len(Engine)),
                "indices": In(INDEX_BITS).array(len(Engine)),
                "stuck": Out(1),
                "index": Out(INDEX_BITS),
            }
        )

    def elaborate(self, platform):
        m = Module()
        quiet = Signal(range(self._patience + 1))
        # The engines in turn; the lowest index that has been seen since anything moved.
        turn = Signal(range(len(Engine)))
        pending = Signal()
        index = Signal(INDEX_BITS)
        moved = Signal()
        m.d.sync += [
            moved.eq(self.moves | ~self.running),
            turn.eq(turn + 1),
            pending.eq(Array(self.pending)[turn]),
            index.eq(Array(self.indices)[turn]),
            self.stuck.eq(self.running & (quiet == self._patience)),
        ]
        with m.If(moved):
            m.d.sync += [quiet.eq(0), self.index.eq(-1)]
        with m.Elif(quiet != self._patience):
            m.d.sync += quiet.eq(quiet + 1)
            with m.If(pending & (index < self.index)):
                m.d.sync += self.index.eq(index)
        return m
