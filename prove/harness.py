# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""What surrounds a component in a proof: free inputs, rules that its environment keeps, checks."""

from typing import Any

from amaranth.back import rtlil
from amaranth.hdl import Assert, ClockDomain, Module, Mux, Signal, Value
from amaranth.lib import wiring

from macaw.prove.opened import Opened, components

__all__ = ["Harness"]


class Harness:
    """A component with everything free around it, but for what a property's environment drives.

    The environment keeps its rules by construction, not by assumptions that could contradict
    each other and make any statement true. ``rst`` is free: a component may be reset at any
    time.

    ``m`` is the module around ``component``, ``opened`` its inside.
    """

    def __init__(self, component: wiring.Component):
        self.component = component
        self.opened = Opened(component)
        self.m = Module()
        self.m.submodules.component = self.opened.fragment
        self._free: list[Signal] = []
        self._driven: set[int] = set()

    def free(self, shape: Any, name: str) -> Any:
        """A signal that is anything in each clock."""
        signal = Signal(shape, name=name)
        self._free.append(Value.cast(signal))
        return signal

    def constant(self, shape: Any, name: str) -> Any:
        """A signal that is anything after a reset, and then stays."""
        chosen = self.free(shape, f"{name}_chosen")
        kept = Signal(shape, name=f"{name}_kept", reset_less=True)
        value = Signal(shape, name=name)
        fresh = Signal(name=f"{name}_fresh", init=1)
        self.m.d.sync += [fresh.eq(0), kept.eq(value)]
        self.m.d.comb += value.eq(Mux(fresh, chosen, kept))
        return value

    def drive(self, port: Any, value: Any) -> None:
        """Connects an input of the component."""
        self._driven.add(id(Value.cast(port)))
        self.m.d.comb += Value.cast(port).eq(value)

    def offer(self, stream: Any, name: str) -> None:
        """Drives an input stream by its rules: what is offered stays until it is taken."""
        valid, payload = (
            self.free(1, f"{name}_valid"),
            self.free(len(Value.cast(stream.payload)), name),
        )
        stalled, held = self.stalled(stream, name)
        self.drive(stream.valid, valid | stalled)
        self.drive(stream.payload, Mux(stalled, held, payload))

    def stalled(self, stream: Any, name: str) -> tuple[Signal, Signal]:
        """Whether the clock before left a word waiting, and that word."""
        payload = Value.cast(stream.payload)
        stalled = Signal(name=f"{name}_stalled")
        held = Signal(len(payload), name=f"{name}_held", reset_less=True)
        self.m.d.sync += [stalled.eq(stream.valid & ~stream.ready), held.eq(payload)]
        return stalled, held

    def past(self, value: Any, name: str) -> Signal:
        """``value`` in the clock before; zero after a reset."""
        past = Signal.like(Value.cast(value), name=name)
        self.m.d.sync += past.eq(value)
        return past

    def check(self, condition: Any, *, when: Any = 1) -> None:
        """The property: ``condition`` holds in every clock in which ``when`` does."""
        with self.m.If(when):
            self.m.d.comb += Assert(condition)

    def cut(self, *paths: str) -> None:
        """Replaces parts of the component by anything: see `Opened.cut`."""
        for path in paths:
            self.opened.cut(path)

    def stand_in(self, path: str) -> wiring.Component:
        """Takes the component at ``path`` out of the design, for one whose outputs the harness
        drives itself."""
        [removed] = components(self.opened.remove(path))
        return removed

    def design(self, *, reset: bool = True) -> str:
        """The RTLIL text of all of it, its module called ``top``; without ``reset`` it cannot be
        reset, which is right where registers are taken for wires."""
        ports = [*self._free, *self.opened.loose]
        if not reset:
            domain = ClockDomain("sync", reset_less=True)
            self.m.domains += domain
            ports.append(domain.clk)
        for _, member, value in self.component.signature.flatten(self.component):
            value = Value.cast(value)
            if member.flow is wiring.In and id(value) not in self._driven:
                ports.append(value)
        return rtlil.convert(self.m, ports=ports, name="top", emit_src=False)
