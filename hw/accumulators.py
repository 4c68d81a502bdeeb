# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The accumulators behind the MAC array, and the shift register that empties them."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import exact_log2

from macaw.arch.checks import instance
from macaw.arch.config import AcceleratorConfig, Overflow
from macaw.hw.delay import delay
from macaw.hw.evaluations import Place
from macaw.hw.fanout import fan_out

__all__ = ["Accumulators"]


class Accumulators(wiring.Component):
    """Sums the array's results over the steps of a reduction, one accumulator a column.

    In window mode the ``config.array.phases`` phases of a pair of pixels take turns, so each
    column has as many accumulators, used in a ring. Completed sums are taken over by a second set
    of registers, which hands them on ``config.requantizer.lanes`` at a time,
    ``config.requantizer.interval`` clocks apart, lowest column first, while the next sums grow.
    That takes ``config.beats`` clocks, for which the sums of a pair's next phases wait in the ring.
    A pixel's completed sums (dense) must be at least ``config.beats`` clocks apart, a pair's first
    ones ``config.array.phases`` times as many; in window mode, steps of any kind must be
    ``config.phase_interval`` clocks apart.

    Overflow beyond ``config.accumulator.bits`` wraps or, at each step, saturates, as the
    configuration says.

    Parameters
    ----------
    config : AcceleratorConfig
        The configuration.

    Members
    -------
    window : In
        Window mode; constant while a layer runs.
    largest : In
        With ``config.max_pooling``: the largest of the sums is kept; constant while a layer runs.
    sums : In
        The array's sums of this step.
    corrections : In
        Added to the columns' sums, `correction_lag` clocks after ``sums``.
    valid, first, last : In
        A clock before ``sums``: they count; they start new sums; they complete them.
    place : In
        With ``last``: where these sums belong; handed on with their values. It is the same for all
        phases of a pair, of which the last one may ``finish``.
    values : Out
        Completed sums of some columns; the first ones `latency` clocks after the completing
        ``sums``, or, in window mode, ``config.beats`` clocks after those of the phase before.
    values_valid : Out
        Values will count, `announcement` clocks later.
    values_last : Out
        They are the last columns.
    values_place : Out
        Where they belong.
    """

    #: Clocks by which ``values_valid`` and what comes with it are ahead of their ``values``, so
    #: that parameters can be looked up meanwhile.
    announcement = 3

    def __init__(self, config: AcceleratorConfig):
        self._config = instance("config", config, AcceleratorConfig)
        array = config.array
        sum_bits = 16 + exact_log2(array.lanes)
        super().__init__(
            {
                "window": In(1),
                **({"largest": In(1)} if config.max_pooling else {}),
                "sums": In(data.ArrayLayout(signed(sum_bits), array.columns)),
                "corrections": In(data.ArrayLayout(signed(sum_bits + 1), array.columns)),
                "valid": In(1),
                "first": In(1),
                "last": In(1),
                "place": In(Place),
                "values": Out(
                    data.ArrayLayout(signed(config.accumulator.bits), config.requantizer.lanes)
                ),
                "values_valid": Out(1),
                "values_last": Out(1),
                "values_place": Out(Place),
            }
        )

    @property
    def correction_lag(self) -> int:
        """Clocks from ``sums`` to their ``corrections``, which have further to go."""
        return 0 if self._config.compact else 1

    @property
    def latency(self) -> int:
        """Clocks from the completing ``sums`` to the first ``values``."""
        return 3 + self.correction_lag

    def elaborate(self, platform):
        m = Module()
        config = self._config
        columns, lanes = config.array.columns, config.requantizer.lanes
        interval = config.requantizer.interval
        bits, phases = config.accumulator.bits, config.array.phases

        # The flags spread over the device, as the columns do.
        def copies(name, flag, clocks):
            return fan_out(
                m, f"{name}_copies", flag, columns, clocks=clocks, compact=config.compact
            )

        lag = self.correction_lag
        valid = copies("valid", self.valid, 2 + lag)
        first = copies("first", self.first, 2 + lag)
        window = copies("window", self.window, 2 + lag)
        takes, behind = self._take(m)
        takes_over = copies("takes", takes, 3)
        # Where nothing waits, what is complete stands at the ring's beginning.
        places = range(1, phases if config.beats > 1 else 1)
        waited = [copies(f"waited_{place}", behind == place, 3) for place in places]
        if config.max_pooling:
            largest = copies("largest", self.largest, 2 + lag)
        if interval > 1:
            # Values are taken in the clock for which they are announced.
            shifts = delay(m, self.values_valid, self.announcement, reset_less=False)
        held = [Signal(signed(bits), name=f"held_{c}", reset_less=True) for c in range(columns)]
        for column in range(columns):
            correction = self.corrections[column]
            term = Signal(signed(len(correction) + 1), name=f"term_{column}", reset_less=True)
            ring = [
                Signal(signed(bits), name=f"sum_{column}_{phase}", reset_less=True)
                for phase in range(phases)
            ]
            m.d.sync += term.eq(delay(m, self.sums[column], lag) + correction)
            before = Mux(first[column], 0, Mux(window[column], ring[-1], ring[0]))
            total = self._fit(before + term)
            if config.max_pooling:
                kept = Mux(first[column] | (before < term), term, before)
                total = Mux(largest[column], kept, total)
            with m.If(valid[column]):
                m.d.sync += ring[0].eq(total)
                m.d.sync += [ring[i + 1].eq(ring[i]) for i in range(phases - 1)]
            later = held[column + lanes] if column + lanes < columns else 0
            complete = ring[0]
            for place, flags in zip(places, waited, strict=True):
                complete = Mux(flags[column], ring[place], complete)
            following = Mux(takes_over[column], complete, later)
            if interval == 1:
                m.d.sync += held[column].eq(following)
            else:
                with m.If(takes_over[column] | shifts):
                    m.d.sync += held[column].eq(following)
        m.d.comb += [self.values[lane].eq(held[lane]) for lane in range(lanes)]
        self._announce(m, takes)
        return m

    def _take(self, m):
        """Whether completed sums are taken over, and how many steps have come behind them; tells
        where their values belong."""
        config, lag = self._config, self.correction_lag
        step = delay(m, self.valid, lag, name="step", reset_less=False)
        completed = delay(m, self.valid & self.last, lag, name="complete", reset_less=False)
        place = delay(m, self.place, lag)
        takes, behind = Signal(name="takes"), Signal(range(config.array.phases), name="behind")
        if config.beats == 1:
            m.d.comb += takes.eq(completed)
            with m.If(completed):
                m.d.sync += self.values_place.eq(place)
            return takes, behind

        # Sums of one pair only wait at a time: the oldest of them stands ``since`` places behind
        # the ring's beginning, and the others before it.
        waiting = Signal(range(config.array.phases + 1))
        since = Signal.like(behind)
        busy = Signal(range(config.beats))
        newest = Signal(Place)
        kept = Signal(Place, reset_less=True)
        some = waiting != 0
        m.d.comb += [
            takes.eq((some | completed) & (busy == 0)),
            behind.eq(Mux(some, since + step, 0)),
            newest.eq(Mux(completed, place, kept)),
        ]
        m.d.sync += [
            waiting.eq(waiting + completed - takes),
            since.eq(Mux(some, behind - takes, 0)),
            busy.eq(Mux(takes, config.beats - 1, busy - (busy != 0))),
            kept.eq(newest),
        ]
        with m.If(takes):
            m.d.sync += [
                self.values_place.eq(newest),
                self.values_place.finish.eq(newest.finish & (waiting + completed == 1)),
            ]
        return takes, behind

    def _announce(self, m, takes):
        """Counts the parts in which what is taken over is handed on."""
        portions, interval = self._config.portions, self._config.requantizer.interval
        left = Signal(range(portions + 1))
        some = left != 0
        with m.If(takes):
            m.d.sync += left.eq(portions)
        if interval == 1:
            with m.Elif(some):
                m.d.sync += left.eq(left - 1)
        else:
            wait = Signal(range(interval))
            with m.Elif(wait != 0):
                m.d.sync += wait.eq(wait - 1)
            with m.Elif(some):
                m.d.sync += [left.eq(left - 1), wait.eq(Mux(left == 1, 0, interval - 1))]
            some &= wait == 0
        m.d.comb += [self.values_valid.eq(some), self.values_last.eq(left == 1)]

    def _fit(self, total):
        """``total`` in the accumulator's range, by the configured overflow."""
        bits = self._config.accumulator.bits
        if self._config.accumulator.overflow is Overflow.WRAP:
            return total
        low, high = -(1 << (bits - 1)), (1 << (bits - 1)) - 1
        return Mux(total < low, low, Mux(total > high, high, total))
