# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""A value many clocks later, out of a small memory instead of a chain of registers."""

from amaranth import *
from amaranth.lib import memory, wiring
from amaranth.lib.wiring import In, Out

from macaw.arch.checks import instance, integer
from macaw.arch.config import AcceleratorConfig, Technology
from macaw.hw.delay import delay

__all__ = ["DelayLine", "delay_line"]

#: Devices whose lookup tables can be memories, written in a clock and read without one.
_WITH_LUT_RAM = (Technology.ECP5, Technology.GOWIN)


class DelayLine(wiring.Component):
    """``i`` as it was ``clocks`` clocks ago, from a ring of one place less and a register.

    What comes out before anything has gone in is 0; a reset does not empty the ring.

    Parameters
    ----------
    width : int
        Bits of the value.
    clocks : int
        Clocks, at least 2.

    Members
    -------
    i : In
        The value.
    o : Out
        The value, ``clocks`` later.

    Raises ``TypeError`` or ``ValueError`` for a ``width`` outside 1 ... 65536 and for ``clocks``
    outside 2 ... 1024.
    """

    def __init__(self, width: int, clocks: int):
        width = integer("width", width, 1, 1 << 16)
        self._clocks = integer("clocks", clocks, 2, 1 << 10)
        super().__init__({"i": In(width), "o": Out(width)})

    @property
    def latency(self) -> int:
        """Clocks from ``i`` to ``o``."""
        return self._clocks

    def elaborate(self, platform):
        m = Module()
        places = self._clocks - 1
        m.submodules.ring = ring = memory.Memory(shape=len(self.i), depth=places, init=[])
        write, read = ring.write_port(), ring.read_port(domain="comb")
        place = Signal(range(places))
        later = Signal.like(self.o, reset_less=True)
        # What stands at a place is read in the clock in which it is replaced.
        m.d.sync += [place.eq(Mux(place == places - 1, 0, place + 1)), later.eq(read.data)]
        m.d.comb += [
            write.en.eq(1),
            write.addr.eq(place),
            write.data.eq(self.i),
            read.addr.eq(place),
            self.o.eq(later),
        ]
        return m


def delay_line(m: Module, name: str, value, clocks: int, *, config: AcceleratorConfig):
    """`macaw.hw.delay.delay` of ``value`` for payloads: in compact hardware, on devices with LUT
    RAM, from four clocks on, a `DelayLine` that stands in ``m`` as ``name``."""
    instance("config", config, AcceleratorConfig)
    if not config.compact or config.technology not in _WITH_LUT_RAM or clocks < 4:
        return delay(m, value, clocks)
    later = Signal.like(value, name=name)
    m.submodules[name] = line = DelayLine(len(Value.cast(value)), clocks)
    m.d.comb += [line.i.eq(value), Value.cast(later).eq(line.o)]
    return later
