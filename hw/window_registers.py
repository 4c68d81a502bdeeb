# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The sliding window of window mode, and the pairs of pixels taken from it."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from macaw.arch.checks import instance, integer
from macaw.arch.config import ArrayConfig
from macaw.hw.fanout import fan_out

__all__ = ["WindowRegisters"]


class WindowRegisters(wiring.Component):
    """Four rows of kernel columns for ``lanes`` channels, and the operands of the MAC array.

    A read brings one column of four rows (``four``), its first two rows (``low``) or its last two
    (``high``); the read with ``shift`` completes the column and moves it in. ``evaluate`` makes the
    window that of a pair's second pixel; the first one's is what ``capture`` kept at an earlier
    read. Both together keep the window for the pair behind. A pair is offered to the array in
    phases of ``columns / 2`` channels: the first one `latency` clocks after the read, the next ones
    `latency` clocks after ``next_phase``.

    Multiplier (column p * columns/2 + q, lane r * window_columns + c) of a phase sees pixel p,
    the phase's channel q, kernel row r and window column c, of which the newest is the last.

    Parameters
    ----------
    array : ArrayConfig
        The array whose operands these are.
    flag_lead : int
        Clocks by which the flags come before ``runs``: they spread to their many loads in trees
        of registers.
    compact : bool
        The flags come from one register each, and the operands are chosen in the clock in which
        the array takes them, instead of being held in registers of their own: ``window`` is a
        phase's for one clock.

    Members
    -------
    runs : In
        The read: four rows of ``lanes`` channels; otherwise two rows in the first two.
    four, low, high, shift, capture, evaluate : In
        What the read is; all low while there is none.
    next_phase : In
        Go to the next phase.
    window : Out
        The array's window operands, index ``column * lanes + lane``.
    """

    def __init__(self, array: ArrayConfig, *, flag_lead: int = 0, compact: bool = False):
        self._compact = instance("compact", compact, bool)
        self._array = instance("array", array, ArrayConfig)
        self._flag_lead = integer("flag_lead", flag_lead, 0, 16)
        flags = ("four", "low", "high", "shift", "capture", "evaluate", "next_phase")
        super().__init__(
            {
                "runs": In(data.ArrayLayout(data.ArrayLayout(8, array.lanes), 4)),
                **dict.fromkeys(flags, In(1)),
                "window": Out(data.ArrayLayout(signed(8), array.multipliers)),
            }
        )

    @staticmethod
    def clocks(*, compact: bool) -> int:
        """The `latency`."""
        return 1 if compact else 2

    @property
    def latency(self) -> int:
        """Clocks from the runs of a read with ``evaluate``, or from where ``next_phase`` would
        meet runs, to ``window``."""
        return self.clocks(compact=self._compact)

    def elaborate(self, platform):
        m = Module()
        lanes = channels = self._array.lanes
        half = self._array.pair_channels

        # Each channel has its own copies of the flags, which arrive with the read or, those of
        # the operands, one clock later.
        def copies(name, flag, clocks):
            clocks += self._flag_lead
            name = f"{name}_copies"
            return fan_out(m, name, flag, channels, clocks=clocks, compact=self._compact)

        four, low, high, shift = (
            copies(name, getattr(self, name), 0) for name in ("four", "low", "high", "shift")
        )
        captured = copies("captured", self.capture, 1)
        evaluated = copies("evaluated", self.evaluate, 1)
        advanced = copies("advanced", self.next_phase, 1)

        taps = [[] for _ in range(2)]
        for channel in range(channels):
            window = self._window(m, channel, four, low, high, shift)
            first = Signal(8 * lanes, name=f"first_{channel}", reset_less=True)
            with m.If(captured[channel]):
                m.d.sync += first.eq(window)
            taps[0].append(first)
            taps[1].append(window)

        width = 8 * lanes
        for pixel, values in enumerate(taps):
            held = [
                Signal(width, name=f"held_{pixel}_{channel}", reset_less=True)
                for channel in range(half, channels)
            ]
            for q in range(half):
                if self._compact:
                    operand = Mux(evaluated[q], values[q], held[q])
                else:
                    operand = Signal(width, name=f"operand_{pixel}_{q}", reset_less=True)
                    with m.If(evaluated[q]):
                        m.d.sync += operand.eq(values[q])
                    with m.Elif(advanced[q]):
                        m.d.sync += operand.eq(held[q])
                start = (pixel * half + q) * width
                m.d.comb += self.window.as_value()[start : start + width].eq(operand)
            for index, register in enumerate(held):
                channel = half + index
                with m.If(evaluated[channel]):
                    m.d.sync += register.eq(values[channel])
                if channel + half < channels:
                    with m.Elif(advanced[channel]):
                        m.d.sync += register.eq(held[index + half])
        return m

    def _window(self, m, channel, four, low, high, shift):
        """One channel's window as a value: its rows from the top, in each the oldest column
        first."""
        runs = [self.runs[row][channel] for row in range(4)]
        waiting = [Signal(8, name=f"waiting_{channel}_{row}", reset_less=True) for row in range(2)]
        with m.If(low[channel]):
            m.d.sync += [waiting[row].eq(runs[row]) for row in range(2)]
        # The rows of the newest column: from this read, or from the one before.
        newest = [
            Mux(high[channel], waiting[0], runs[0]),
            Mux(high[channel], waiting[1], runs[1]),
            Mux(four[channel], runs[2], runs[0]),
            Mux(four[channel], runs[3], runs[1]),
        ]
        rows = []
        for row in range(4):
            columns = [
                Signal(8, name=f"window_{channel}_{row}_{column}", reset_less=True)
                for column in range(self._array.window_columns)
            ]
            with m.If(shift[channel]):
                for column, later in zip(columns, [*columns[1:], newest[row]], strict=True):
                    m.d.sync += column.eq(later)
            rows.append(columns)
        return Cat(rows)
