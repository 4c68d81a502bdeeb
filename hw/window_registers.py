# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The sliding window of window mode, and the pairs of pixels taken from it."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from macaw.arch.checks import instance
from macaw.arch.config import ArrayConfig

__all__ = ["WindowRegisters"]


class WindowRegisters(wiring.Component):
    """Four rows of kernel columns for ``lanes`` channels, and the operands of the MAC array.

    A read brings one column of four rows (``four``), its first two rows (``low``) or its last two
    (``high``); the read with ``shift`` completes the column and moves it in. ``capture`` completes
    the window of a pixel; the second pixel of a pair comes with ``evaluate`` as well. The pair is
    then offered to the array in phases of ``columns / 2`` channels: the first one `latency` clocks
    after the read, the next ones `latency` clocks after ``next_phase``.

    Multiplier (column p * columns/2 + q, lane r * window_columns + c) of a phase sees pixel p,
    the phase's channel q, kernel row r and window column c, of which the newest is the last.

    Parameters
    ----------
    array : ArrayConfig
        The array whose operands these are.

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

    #: Clocks from a read with ``evaluate``, or from ``next_phase``, to ``window``.
    latency = 2

    def __init__(self, array: ArrayConfig):
        self._array = instance("array", array, ArrayConfig)
        flags = ("four", "low", "high", "shift", "capture", "evaluate", "next_phase")
        super().__init__(
            {
                "runs": In(data.ArrayLayout(data.ArrayLayout(8, array.lanes), 4)),
                **dict.fromkeys(flags, In(1)),
                "window": Out(data.ArrayLayout(signed(8), array.multipliers)),
            }
        )

    def elaborate(self, platform):
        m = Module()
        lanes, columns = self._array.lanes, self._array.window_columns
        channels, half = lanes, self._array.pair_channels

        # The rows of the newest column: from this read, or from the one before.
        waiting = [Signal(8 * lanes, name=f"waiting_{r}", reset_less=True) for r in range(2)]
        newest = [Signal(8 * lanes, name=f"newest_{r}") for r in range(4)]
        runs = [run.as_value() for run in self.runs]
        m.d.comb += [
            newest[0].eq(Mux(self.high, waiting[0], runs[0])),
            newest[1].eq(Mux(self.high, waiting[1], runs[1])),
            newest[2].eq(Mux(self.four, runs[2], runs[0])),
            newest[3].eq(Mux(self.four, runs[3], runs[1])),
        ]
        with m.If(self.low):
            m.d.sync += [waiting[row].eq(runs[row]) for row in range(2)]
        window = [
            [Signal(8 * lanes, name=f"window_{r}_{c}", reset_less=True) for c in range(columns)]
            for r in range(4)
        ]
        with m.If(self.shift):
            for row in range(4):
                m.d.sync += window[row][-1].eq(newest[row])
                m.d.sync += [window[row][c].eq(window[row][c + 1]) for c in range(columns - 1)]

        def taps(channel):
            return Cat(word.word_select(channel, 8) for row in window for word in row)

        captured, evaluated, advanced = Signal(), Signal(), Signal()
        m.d.sync += [
            captured.eq(self.capture & ~self.evaluate),
            evaluated.eq(self.evaluate),
            advanced.eq(self.next_phase),
        ]
        width = 8 * lanes
        current = [taps(channel) for channel in range(channels)]
        first = [Signal(width, name=f"first_{c}", reset_less=True) for c in range(channels)]
        with m.If(captured):
            m.d.sync += [first[c].eq(current[c]) for c in range(channels)]

        for pixel, values in enumerate((first, current)):
            held = [
                Signal(width, name=f"held_{pixel}_{c}", reset_less=True)
                for c in range(half, channels)
            ]
            for q in range(half):
                operand = Signal(width, name=f"operand_{pixel}_{q}", reset_less=True)
                with m.If(evaluated):
                    m.d.sync += operand.eq(values[q])
                with m.Elif(advanced):
                    m.d.sync += operand.eq(held[q])
                start = (pixel * half + q) * width
                m.d.comb += self.window.as_value()[start : start + width].eq(operand)
            with m.If(evaluated):
                m.d.sync += [held[c].eq(values[half + c]) for c in range(channels - half)]
            with m.Elif(advanced):
                m.d.sync += [held[c].eq(held[c + half]) for c in range(channels - 2 * half)]
        return m
