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
        self._removed: list[wiring.Component] = []

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
        """Connects an input of the component, or an output of what `stand_in` took out.

        ``ValueError`` for a part of one: the port would be an output of the design, and the solver
        takes every output for a fault.
        """
        port = Value.cast(port)
        if not isinstance(port, Signal):
            raise ValueError(f"port must be a whole one, not {port!r}")
        self._driven.add(id(port))
        self.m.d.comb += port.eq(value)

    def offer(self, stream: Any, name: str, *, word: Any = None, when: Any = None) -> None:
        """Drives an input stream by its rules: what is offered stays until it is taken. It is
        ``word``, by default anything, and offered only in clocks in which ``when`` holds."""
        valid = self.free(1, f"{name}_valid")
        if when is not None:
            valid = valid & when
        payload = self.free(len(Value.cast(stream.payload)), name) if word is None else word
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

    def check(self, condition: Any, *, when: Any = 1, helper: Any = None) -> None:
        """The property: ``condition`` holds in every clock in which ``when`` does. ``helper`` holds
        in every clock and is proved along, which makes the search short."""
        if helper is not None:
            condition, when = helper & (condition | ~Value.cast(when)), 1
        with self.m.If(when):
            self.m.d.comb += Assert(condition)

    def cut(self, *paths: str) -> None:
        """Replaces parts of the component by anything: see `Opened.cut`."""
        for path in paths:
            self.opened.cut(path)

    def stand_in(self, path: str) -> wiring.Component:
        """Takes the component at ``path`` out of the design: its outputs are what the harness
        drives them with, and otherwise anything."""
        [removed] = components(self.opened.remove(path))
        self._removed.append(removed)
        return removed

    def design(self, *, reset: bool = True) -> str:
        """The RTLIL text of all of it, its module called ``top``; without ``reset`` it cannot be
        reset, which is right where registers are taken for wires."""
        ports = [*self._free, *self.opened.loose]
        if not reset:
            domain = ClockDomain("sync", reset_less=True)
            self.m.domains += domain
            ports.append(domain.clk)
        open_ends = [(self.component, wiring.In), *((each, wiring.Out) for each in self._removed)]
        for component, flow in open_ends:
            for _, member, value in component.signature.flatten(component):
                value = Value.cast(value)
                if member.flow is flow and id(value) not in self._driven:
                    ports.append(value)
        return rtlil.convert(self.m, ports=ports, name="top", emit_src=False)
