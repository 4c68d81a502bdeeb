# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The machine's registers on a bus."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from macaw.arch.checks import instance
from macaw.arch.machine import COUNTERS, Error, MachineConfig
from macaw.arch.registers import ADDRESS_BITS, REGISTER_BITS, Access, registers
from macaw.hw.machine.counters import counters_layout
from macaw.hw.machine.layouts import INDEX_BITS

__all__ = ["Registers"]


class Registers(wiring.Component):
    """Connects an `Accelerator` with a bus by `macaw.arch.registers`: its ports of the same names
    are connected with these.

    Parameters
    ----------
    config : MachineConfig
        The configuration.

    Members
    -------
    address : In
        The register that is read or written.
    write_data, write : In
        What is written, in the clock in which ``write`` is high.
    read_data : Out
        The value of the register at ``address``, `latency` clocks later; zero where there is none.
        Reading changes nothing.
    start, program : Out
        The accelerator's; ``start`` is high for a clock, the one after the write.
    busy, error, error_index, counters : In
        The accelerator's.
    """

    #: Clocks from ``address`` to ``read_data``.
    latency = 1

    def __init__(self, config: MachineConfig):
        self._config = instance("config", config, MachineConfig)
        super().__init__(
            {
                "address": In(ADDRESS_BITS),
                "write_data": In(REGISTER_BITS),
                "write": In(1),
                "read_data": Out(REGISTER_BITS),
                "start": Out(1),
                "program": Out(config.address_bits),
                "busy": In(1),
                "error": In(Error),
                "error_index": In(INDEX_BITS),
                "counters": In(counters_layout()),
            }
        )

    def elaborate(self, platform):
        m = Module()
        m.d.sync += [self.start.eq(0), self.read_data.eq(0)]
        with m.Switch(self.address):
            for register in registers(self._config):
                with m.Case(register.address):
                    if register.access != Access.WRITE:
                        m.d.sync += self.read_data.eq(self._value(register))
                    if register.access != Access.READ:
                        with m.If(self.write):
                            m.d.sync += self._value(register).eq(self.write_data)
        return m

    def _value(self, register):
        if register.constant is not None:
            return C(register.constant, REGISTER_BITS)
        if register.name in COUNTERS:
            return self.counters[register.name]
        return Value.cast(getattr(self, register.name))
