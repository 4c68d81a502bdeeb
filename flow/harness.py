# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""An honest surrounding for measuring one component alone.

Without it, yosys removes what is constant, equal or unused, and placement is bound to hundreds
of pins; with it, all that is measured lies between registers.
"""

from collections import Counter
from itertools import pairwise

from amaranth.hdl import Cat, ClockDomain, Const, Module, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

__all__ = ["HARNESS_PREFIX", "Harness"]

#: How the names of the harness' own modules begin.
HARNESS_PREFIX = "harness_"

#: yosys walks along a chain of registers by recursion, for which the wheel has little stack.
_CHAIN = 256


class _Source(wiring.Component):
    """A shift register: each bit of ``o`` is a register of its own.

    Members
    -------
    i : In(1)
        The bit that is shifted in.
    o : Out(width)
        All bits.
    """

    def __init__(self, width: int) -> None:
        super().__init__({"i": In(1), "o": Out(width)})

    def elaborate(self, platform):
        m = Module()
        bits = Signal.like(self.o, reset_less=True)
        m.d.sync += bits.eq(Cat(self.i, bits))
        m.d.comb += self.o.eq(bits)
        return m


def _levels(width: int) -> list[int]:
    """The registers of each level of the sink, the first one included."""
    levels = [width]
    while levels[-1] > 1:
        levels.append(-(-levels[-1] // 4))
    return levels


class _Sink(wiring.Component):
    """A register for each bit of ``i``, then a tree of registered XORs of four.

    Members
    -------
    i : In(width)
        All bits.
    o : Out(1)
        Their parity, late by one clock and one more for each level of the tree.
    """

    def __init__(self, width: int) -> None:
        super().__init__({"i": In(width), "o": Out(1)})

    def elaborate(self, platform):
        m = Module()
        level = Signal.like(self.i, reset_less=True)
        m.d.sync += level.eq(self.i)
        for count in _levels(len(self.i))[1:]:
            parities = [level[4 * group : 4 * group + 4].xor() for group in range(count)]
            level = Signal(count, reset_less=True)
            m.d.sync += level.eq(Cat(parities))
        m.d.comb += self.o.eq(level)
        return m


class Harness(wiring.Component):
    """``component`` between registers, with three or four pins.

    Each bit of each input comes from a register of its own (one long shift register), each bit
    of each output goes into a register of its own (then into a tree of registered XORs). Both
    lie in modules that yosys keeps apart, so that none of them is merged with a register of the
    component. Streams are inputs and outputs like any other.

    By default the component's ``sync`` domain has no reset, as on boards whose global reset
    reaches every register by itself; with ``reset`` it has one, which comes from a register and
    is timed like every other signal.

    Raises ``TypeError`` if ``component`` is no `wiring.Component` and ``ValueError`` if it has
    no input or no output.

    Members
    -------
    clk : In(1)
        The clock of ``sync``.
    rst : In(1)
        With ``reset`` only.
    i : In(1)
        Into the shift register.
    o : Out(1)
        The parity of the outputs.
    """

    def __init__(self, component, *, reset: bool = False) -> None:
        if not isinstance(component, wiring.Component):
            raise TypeError(f"component must be a wiring.Component, not {component!r}")
        self._component = component
        self._reset = bool(reset)
        self._inputs: list[Value] = []
        self._outputs: list[Value] = []
        for _, member, value in component.signature.flatten(component):
            value = Value.cast(value)
            # What is always ready is a constant, and no port.
            if isinstance(value, Const) or len(value) == 0:
                continue
            (self._inputs if member.flow is In else self._outputs).append(value)
        if not self._inputs or not self._outputs:
            raise ValueError(f"component must have inputs and outputs, not {component.signature!r}")
        super().__init__(
            {"clk": In(1), **({"rst": In(1)} if reset else {}), "i": In(1), "o": Out(1)}
        )

    @property
    def input_bits(self) -> int:
        """Bits that the source feeds."""
        return sum(map(len, self._inputs))

    @property
    def output_bits(self) -> int:
        """Bits that the sink takes."""
        return sum(map(len, self._outputs))

    @property
    def registers(self) -> int:
        """Registers of the harness itself."""
        return self.input_bits + sum(_levels(self.output_bits)) + self._reset

    @property
    def parities(self) -> dict[int, int]:
        """The harness' own XORs: how many there are of so many inputs."""
        found: Counter[int] = Counter()
        for below, _ in pairwise(_levels(self.output_bits)):
            found[4] += below // 4
            # What is left over; a group of one bit has no XOR.
            if below % 4 > 1:
                found[below % 4] += 1
        return {inputs: count for inputs, count in found.items() if count}

    def elaborate(self, platform):
        m = Module()
        m.domains.sync = domain = ClockDomain(reset_less=not self._reset)
        m.d.comb += domain.clk.eq(self.clk)
        if self._reset:
            m.submodules[f"{HARNESS_PREFIX}reset"] = reset = _Source(1)
            m.d.comb += [reset.i.eq(self.rst), domain.rst.eq(reset.o)]
        m.submodules.component = self._component
        bits: list[Value] = []
        for first in range(0, self.input_bits, _CHAIN):
            source = _Source(min(_CHAIN, self.input_bits - first))
            m.submodules[f"{HARNESS_PREFIX}source_{first}"] = source
            m.d.comb += source.i.eq(bits[-1][-1] if bits else self.i)
            bits.append(source.o)
        m.submodules[f"{HARNESS_PREFIX}sink"] = sink = _Sink(self.output_bits)
        m.d.comb += [
            Cat(self._inputs).eq(Cat(bits)),
            sink.i.eq(Cat(self._outputs)),
            self.o.eq(sink.o),
        ]
        return m
