# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""A serial transmitter: 8 data bits, no parity, 1 stop bit."""

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from macaw.arch.checks import integer

__all__ = ["UartTransmitter"]


class UartTransmitter(wiring.Component):
    """Sends bytes on a line that is high when idle: a low start bit, the bits of the byte, the
    lowest first, and a high stop bit, ``bit_cycles`` clocks each. A byte is taken at once when the
    stop bit of the one before has ended.

    Raises ``TypeError`` or ``ValueError`` for ``bit_cycles`` outside 2 ... 65536.

    Members
    -------
    bytes : In(stream.Signature(8))
        What to send.
    tx : Out(1)
        The line.
    """

    def __init__(self, bit_cycles: int):
        self._bit_cycles = integer("bit_cycles", bit_cycles, 2, 1 << 16)
        super().__init__({"bytes": In(stream.Signature(8)), "tx": Out(1, init=1)})

    def elaborate(self, platform):
        m = Module()
        # The bits that are left, the one on the line included, and ones behind them.
        bits = Signal(10, init=~0)
        left = Signal(range(11))
        clocks = Signal(range(self._bit_cycles))
        m.d.comb += [self.bytes.ready.eq(left == 0), self.tx.eq(bits[0])]
        with m.If(left == 0):
            with m.If(self.bytes.valid):
                m.d.sync += [
                    bits.eq(Cat(Const(0, 1), self.bytes.payload, Const(1, 1))),
                    left.eq(10),
                    clocks.eq(self._bit_cycles - 1),
                ]
        with m.Elif(clocks == 0):
            m.d.sync += [
                bits.eq(Cat(bits[1:], Const(1, 1))),
                left.eq(left - 1),
                clocks.eq(self._bit_cycles - 1),
            ]
        with m.Else():
            m.d.sync += clocks.eq(clocks - 1)
        return m
