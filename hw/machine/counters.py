# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Counts what happens while a program runs."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from macaw.arch.machine import COUNTERS

__all__ = ["Counters", "counters_layout"]

_BITS = 32


def counters_layout() -> data.StructLayout:
    """The values of all counters by their names."""
    return data.StructLayout(dict.fromkeys(COUNTERS, _BITS))


class Counters(wiring.Component):
    """One counter for each of `macaw.arch.machine.COUNTERS`.

    Members
    -------
    clear : In
        All become zero.
    cycles, core, starved, blocked, load, fetch, store, outer_reads, outer_writes, operands : In
        The counter of this name counts one more.
    values : Out
        The counts, two clocks later.
    """

    def __init__(self):
        super().__init__(
            {
                "clear": In(1),
                "cycles": In(1),
                "core": In(1),
                "starved": In(1),
                "blocked": In(1),
                "load": In(1),
                "fetch": In(1),
                "store": In(1),
                "outer_reads": In(1),
                "outer_writes": In(1),
                "operands": In(1),
                "values": Out(counters_layout()),
            }
        )

    def elaborate(self, platform):
        m = Module()
        for name in COUNTERS:
            event = Signal(name=f"{name}_event")
            value = self.values[name]
            m.d.sync += event.eq(getattr(self, name))
            with m.If(self.clear):
                m.d.sync += value.eq(0)
            with m.Elif(event):
                m.d.sync += value.eq(value + 1)
        return m
