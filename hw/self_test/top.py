# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""A self-test with what tells of it: lamps and a serial line."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import Out, connect

from macaw.arch.checks import integer
from macaw.arch.self_test import SelfTestPlan
from macaw.hw.self_test.report_text import ReportText
from macaw.hw.self_test.self_test import SelfTest
from macaw.hw.self_test.uart import UartTransmitter

__all__ = ["SelfTestTop"]

_BLINKS_PER_SECOND = 2


class SelfTestTop(wiring.Component):
    """All of a self-test but the board: its clock and its pins.

    Parameters
    ----------
    plan : SelfTestPlan
        What to do and what to expect.
    clock_hz : int
        The frequency of the clock.
    baud : int
        Bits a second of the serial line (8N1).
    core : wiring.Component
        What is tested; by default a `Conv2dCore`.

    Members
    -------
    tx : Out(1)
        The serial line, with a line of text for each layer.
    alive : Out(1)
        Changes twice a second, whatever the core does.
    passed : Out(1)
        A whole round has passed, and nothing has failed.
    failed : Out(1)
        A layer has failed.
    """

    def __init__(
        self,
        plan: SelfTestPlan,
        *,
        clock_hz: int,
        baud: int = 115_200,
        core: wiring.Component | None = None,
    ):
        self._clock_hz = integer("clock_hz", clock_hz, 1, 1_000_000_000)
        self._baud = integer("baud", baud, 1, clock_hz // 2)
        self._plan = plan
        self._test = SelfTest(plan, core)
        super().__init__({"tx": Out(1), "alive": Out(1), "passed": Out(1), "failed": Out(1)})

    @property
    def bit_cycles(self) -> int:
        """Clocks of a bit on the serial line."""
        return round(self._clock_hz / self._baud)

    def elaborate(self, platform):
        m = Module()
        m.submodules.test = test = self._test
        m.submodules.text = text = ReportText(self._plan)
        m.submodules.uart = uart = UartTransmitter(self.bit_cycles)
        connect(m, text.characters, uart.bytes)
        clocks = Signal(range(max(1, self._clock_hz // _BLINKS_PER_SECOND)))
        with m.If(clocks == 0):
            m.d.sync += [
                self.alive.eq(~self.alive),
                clocks.eq(self._clock_hz // _BLINKS_PER_SECOND - 1),
            ]
        with m.Else():
            m.d.sync += clocks.eq(clocks - 1)
        m.d.comb += [
            text.report.eq(test.report),
            text.judged.eq(test.judged),
            text.failed.eq(test.failed),
            self.tx.eq(uart.tx),
            self.passed.eq(test.passed),
            self.failed.eq(test.failed),
        ]
        return m
