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
    ``config.requantizer.interval`` clocks apart, lowest column first, while the next sums grow;
    completed sums must be at least ``config.beats`` clocks apart.

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
        With ``last``: where these sums belong; handed on with their values.
    values : Out
        Completed sums of some columns; the first ones `latency` clocks after the completing
        ``sums``.
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
        complete = self.valid & self.last
        takes_over = copies("complete", complete, 3 + lag)
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
            following = Mux(takes_over[column], ring[0], later)
            if interval == 1:
                m.d.sync += held[column].eq(following)
            else:
                with m.If(takes_over[column] | shifts):
                    m.d.sync += held[column].eq(following)
        m.d.comb += [self.values[lane].eq(held[lane]) for lane in range(lanes)]

        left = Signal(range(config.portions + 1))
        some = left != 0
        completed = delay(m, complete, lag, name="complete", reset_less=False)
        place = delay(m, self.place, lag)
        with m.If(completed):
            m.d.sync += [left.eq(config.portions), self.values_place.eq(place)]
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
        return m

    def _fit(self, total):
        """``total`` in the accumulator's range, by the configured overflow."""
        bits = self._config.accumulator.bits
        if self._config.accumulator.overflow is Overflow.WRAP:
            return total
        low, high = -(1 << (bits - 1)), (1 << (bits - 1)) - 1
        return Mux(total < low, low, Mux(total > high, high, total))
