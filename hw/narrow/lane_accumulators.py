# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The accumulators of the narrow core, and the shift register that empties them."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from macaw.arch.checks import instance
from macaw.arch.config import AcceleratorConfig, Overflow
from macaw.hw.evaluations import Place
from macaw.hw.layouts import layer_layout

__all__ = ["LaneAccumulators"]


class LaneAccumulators(wiring.Component):
    """Sums the array's results over the steps of a reduction: the columns' sums or, in window mode,
    the channels' products, an accumulator for each of the lanes.

    Completed sums are taken over by a second set of registers, which hands them on one at a time,
    ``config.requantizer.interval`` clocks apart, while the next sums grow. They must be
    ``interval`` clocks for each channel apart.

    Overflow beyond ``config.accumulator.bits`` wraps or, at each step, saturates, as the
    configuration says.

    Parameters
    ----------
    config : AcceleratorConfig
        The configuration, a narrow one.

    Members
    -------
    window : In
        Window mode; constant while a layer runs.
    channels, sums : In
        What the array found in this step, in window mode and in dense mode.
    valid, first, last : In
        It counts; it starts new sums; it completes them.
    place : In
        A clock after ``last``: where the sums belong.
    count : In
        A clock after ``last``: channels of the column group.
    announced : Out
        ``value`` is the next sum a clock later.
    announced_place : Out
        With it: where it belongs; ``finish`` with a pixel's last channel.
    value : Out
        A completed sum.
    """

    def __init__(self, config: AcceleratorConfig):
        self._config = instance("config", config, AcceleratorConfig)
        lanes, columns = config.array.lanes, config.array.columns
        sum_bits = 16 + lanes.bit_length() - 1
        super().__init__(
            {
                "window": In(1),
                "channels": In(data.ArrayLayout(signed(17), lanes)),
                "sums": In(data.ArrayLayout(signed(sum_bits), columns)),
                "valid": In(1),
                "first": In(1),
                "last": In(1),
                "place": In(Place),
                "count": In(layer_layout(config)["group_channels"].shape),
                "announced": Out(1),
                "announced_place": Out(Place),
                "value": Out(signed(config.accumulator.bits)),
            }
        )

    def elaborate(self, platform):
        m = Module()
        bits, lanes = self._config.accumulator.bits, self._config.array.lanes
        complete = Signal()
        m.d.sync += complete.eq(self.valid & self.last)

        # The choice behind the adder takes no LUT of its own.
        held = [Signal(signed(bits), name=f"held_{lane}", reset_less=True) for lane in range(lanes)]
        for lane in range(lanes):
            total = Signal(signed(bits), name=f"sum_{lane}", reset_less=True)
            term = self.channels[lane]
            if lane < len(self.sums):
                term = Mux(self.window, term, self.sums[lane])
            with m.If(self.valid):
                m.d.sync += total.eq(self._fit(Mux(self.first, term, total + term)))
            with m.If(self.announced):
                later = held[lane + 1] if lane + 1 < lanes else 0
                m.d.sync += held[lane].eq(Mux(complete, total, later))
        m.d.comb += self.value.eq(held[0])
        self._announce(m, complete)
        return m

    def _announce(self, m, complete):
        interval = self._config.requantizer.interval
        left = Signal.like(self.count)
        wait = Signal(range(interval))
        place = Signal(Place, reset_less=True)
        shifts, finish = Signal(), Signal()
        m.d.comb += [
            shifts.eq((left != 0) & (wait == 0)),
            self.announced.eq(complete | shifts),
            finish.eq(Mux(complete, self.count == 1, left == 1)),
            self.announced_place.eq(Mux(complete, self.place, place)),
            self.announced_place.finish.eq(finish),
        ]
        with m.If(complete):
            m.d.sync += [left.eq(self.count - 1), place.eq(self.place)]
        with m.Elif(shifts):
            m.d.sync += left.eq(left - 1)
        with m.If(self.announced):
            m.d.sync += wait.eq(interval - 1)
        with m.Elif(wait != 0):
            m.d.sync += wait.eq(wait - 1)

    def _fit(self, total):
        """``total`` in the accumulator's range, by the configured overflow."""
        bits = self._config.accumulator.bits
        if self._config.accumulator.overflow is Overflow.WRAP:
            return total
        low, high = -(1 << (bits - 1)), (1 << (bits - 1)) - 1
        return Mux(total < low, low, Mux(total > high, high, total))
