# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""A clock of another frequency, that starts when it is stable."""

from dataclasses import dataclass

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from macaw.arch.checks import instance, integer

__all__ = ["Ecp5Clock", "Ecp5Pll"]

_OSCILLATOR_HZ = (400_000_000, 800_000_000)
_PHASE_DETECTOR_HZ = (10_000_000, 400_000_000)

#: Clocks of the input for which the PLL must have been locked.
_SETTLE_CYCLES = 1 << 12


@dataclass(frozen=True, kw_only=True)
class Ecp5Pll:
    """The dividers of an EHXPLLL: from ``input_hz`` to
    ``input_hz / input_divider * feedback_divider``, the oscillator running ``output_divider`` times
    as fast (Lattice FPGA-TN-02200, "ECP5 sysCLOCK PLL/DLL user guide").

    Raises ``TypeError`` or ``ValueError`` for dividers outside 1 ... 128, and for frequencies that
    the cell is not made for, or that are no whole numbers.
    """

    input_hz: int
    input_divider: int
    feedback_divider: int
    output_divider: int

    def __post_init__(self) -> None:
        integer("input_hz", self.input_hz, 8_000_000, 400_000_000)
        for what in ("input_divider", "feedback_divider", "output_divider"):
            integer(what, getattr(self, what), 1, 128)
        if self.input_hz * self.feedback_divider % self.input_divider:
            raise ValueError(
                f"output_hz must be a whole number, not {self.input_hz} * "
                f"{self.feedback_divider} / {self.input_divider}"
            )
        for what, value, (low, high) in (
            ("phase detector", self.input_hz / self.input_divider, _PHASE_DETECTOR_HZ),
            ("oscillator", self.output_hz * self.output_divider, _OSCILLATOR_HZ),
        ):
            if not low <= value <= high:
                raise ValueError(f"{what} must be in {low} ... {high} Hz, not {value:.0f}")

    @property
    def output_hz(self) -> int:
        """The frequency that results."""
        return self.input_hz * self.feedback_divider // self.input_divider


class Ecp5Clock(wiring.Component):
    """The clock that ``pll`` makes of ``oscillator``, for a domain without a reset: it stands still
    until the PLL has been locked for a while, so registers keep what configuration gave them.

    Members
    -------
    oscillator : In(1)
        The board's clock.
    clock : Out(1)
        The new one, on a global net.
    """

    def __init__(self, pll: Ecp5Pll):
        self._pll = instance("pll", pll, Ecp5Pll)
        super().__init__({"oscillator": In(1), "clock": Out(1)})

    def elaborate(self, platform):
        m = Module()
        pll = self._pll
        m.domains.settle = settle = ClockDomain(local=True, reset_less=True)
        m.d.comb += settle.clk.eq(self.oscillator)
        made, locked = Signal(), Signal()
        m.submodules.pll = Instance(
            "EHXPLLL",
            p_CLKI_DIV=pll.input_divider,
            p_CLKFB_DIV=pll.feedback_divider,
            p_CLKOP_DIV=pll.output_divider,
            p_CLKOP_ENABLE="ENABLED",
            # The edges of input and output together: half a period of the output behind.
            p_CLKOP_CPHASE=pll.output_divider // 2 - 1 if pll.output_divider > 1 else 0,
            p_CLKOP_FPHASE=0,
            p_FEEDBK_PATH="CLKOP",
            p_PLLRST_ENA="DISABLED",
            p_INTFB_WAKE="DISABLED",
            p_STDBY_ENABLE="DISABLED",
            p_DPHASE_SOURCE="DISABLED",
            a_FREQUENCY_PIN_CLKI=f"{pll.input_hz / 1e6:g}",
            a_FREQUENCY_PIN_CLKOP=f"{pll.output_hz / 1e6:g}",
            a_ICP_CURRENT="12",
            a_LPF_RESISTOR="8",
            i_CLKI=self.oscillator,
            i_CLKFB=made,
            i_RST=0,
            i_STDBY=0,
            i_PHASESEL0=0,
            i_PHASESEL1=0,
            i_PHASEDIR=1,
            i_PHASESTEP=1,
            i_PHASELOADREG=1,
            i_PLLWAKESYNC=0,
            i_ENCLKOP=0,
            o_CLKOP=made,
            o_LOCK=locked,
        )
        synchronised = Signal(2)
        waited = Signal(range(_SETTLE_CYCLES + 1))
        enable = Signal()
        m.d.settle += [
            synchronised.eq(Cat(locked, synchronised)),
            enable.eq(waited == _SETTLE_CYCLES),
        ]
        with m.If(~synchronised[1]):
            m.d.settle += waited.eq(0)
        with m.Elif(waited != _SETTLE_CYCLES):
            m.d.settle += waited.eq(waited + 1)
        # Enables and disables between two edges of its clock.
        m.submodules.gate = Instance("DCCA", i_CLKI=made, i_CE=enable, o_CLKO=self.clock)
        return m
