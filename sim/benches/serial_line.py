# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Testbench of a component that tells on a serial line what it does: its lines and its lamps."""

import re
from typing import Any

import cocotb
from cocotb.triggers import ClockCycles, FallingEdge, First, Timer

from macaw.sim.drivers import start_clock
from macaw.sim.run import parameters

__all__ = ["SerialReceiver", "tells"]

_STEPS = 2  # of a clock


class SerialReceiver:
    """Bytes of an 8N1 line with ``bit_cycles`` clocks a bit, by the standard alone: it waits for a
    falling edge, and looks at the middle of each bit."""

    def __init__(self, line: Any, bit_cycles: float):
        self._line, self._bit_steps = line, bit_cycles * _STEPS

    async def byte(self) -> int:
        """The next byte. Raises ``AssertionError`` where a start or stop bit is wrong."""
        await FallingEdge(self._line)
        await Timer(round(self._bit_steps / 2), "step")
        assert self._line.value == 0, "a start bit must be low to its middle"
        value, waited = 0, 0
        for bit in range(1, 10):
            steps = round(bit * self._bit_steps) - waited
            await Timer(steps, "step")
            waited += steps
            if bit < 9:
                value |= int(self._line.value) << (bit - 1)
        assert self._line.value == 1, "a stop bit must be high"
        return value

    async def line(self) -> str:
        """The next line, without its end. Raises ``AssertionError`` for an end without CR."""
        text = bytearray()
        while not text.endswith(b"\n"):
            text.append(await self.byte())
        assert text.endswith(b"\r\n"), f"a line must end with CR and LF, not {bytes(text[-2:])!r}"
        return text[:-2].decode("ascii")


@cocotb.test()
async def tells(top: Any) -> None:
    """The lines of ``tx``, each a regular expression of the parameter ``lines`` for all of it; then
    the lamps, as the parameter ``lamps`` has them by name; no line takes more than
    ``timeout_cycles``. ``bit_cycles`` may be a fraction; ``inputs``, where given, has values that
    other inputs hold."""
    values = parameters()
    for name, value in values.get("inputs", {}).items():
        getattr(top, name).value = value
    receiver = SerialReceiver(top.tx, values["bit_cycles"])
    await start_clock(top)
    for number, wanted in enumerate(values["lines"]):
        reading = cocotb.start_soon(receiver.line())
        await First(reading, ClockCycles(top.clk, values["timeout_cycles"]))
        assert reading.done(), f"line {number} must come within {values['timeout_cycles']} cycles"
        line = reading.result()
        cocotb.log.info("%s", line)
        assert re.fullmatch(wanted, line), f"line {number} must be {wanted!r}, not {line!r}"
    lamps = {name: int(getattr(top, name).value) for name in values["lamps"]}
    assert lamps == values["lamps"], f"the lamps must be {values['lamps']}, not {lamps}"
