# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""What happens in the MAC array, clock by clock: reads become evaluations."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from macaw.arch.checks import instance
from macaw.arch.config import AcceleratorConfig
from macaw.hw.step_expander import read_layout

__all__ = ["Evaluation", "EvaluationIssuer", "Place"]


class Place(data.Struct):
    """Where the sums of an evaluation belong: they ``finish`` a pixel or pair of pixels, which is
    the last of its column group (``group_end``) and of its row (``row_end``)."""

    finish: 1
    group_end: 1
    row_end: 1


class Evaluation(data.Struct):
    """One evaluation of the array: ``first`` starts the sums, ``last`` completes them."""

    valid: 1
    first: 1
    last: 1
    place: Place


class EvaluationIssuer(wiring.Component):
    """Issues the array's evaluations: one for each dense read, ``config.array.phases`` of them,
    ``config.phase_interval`` clocks apart, for each pair of pixels in window mode.

    Parameters
    ----------
    config : AcceleratorConfig
        The configuration.

    Members
    -------
    window : In
        Window mode; constant while a layer runs.
    valid : In
        A read is made.
    read : In
        The read.
    evaluation : Out
        The evaluation, one clock after its read or its phase.
    next_phase : Out
        It belongs to a phase other than the first.
    """

    def __init__(self, config: AcceleratorConfig):
        self._config = instance("config", config, AcceleratorConfig)
        super().__init__(
            {
                "window": In(1),
                "valid": In(1),
                "read": In(read_layout(config)),
                "evaluation": Out(Evaluation),
                "next_phase": Out(1),
            }
        )

    def elaborate(self, platform):
        m = Module()
        phases, interval = self._config.array.phases, self._config.phase_interval
        evaluation, read = self.evaluation, self.read
        phases_left = Signal(range(phases))
        wait = Signal(range(interval))
        m.d.sync += [evaluation.valid.eq(0), self.next_phase.eq(0)]
        with m.If(wait != 0):
            m.d.sync += wait.eq(wait - 1)
        with m.If(self.valid & read.evaluate):
            m.d.sync += [
                evaluation.valid.eq(1),
                evaluation.first.eq(read.first),
                evaluation.last.eq(read.last),
                evaluation.place.group_end.eq(read.group_end),
                evaluation.place.row_end.eq(read.row_end),
                evaluation.place.finish.eq(read.last & ~self.window),
            ]
            with m.If(self.window):
                m.d.sync += [phases_left.eq(phases - 1), wait.eq(interval - 1)]
        with m.Elif((phases_left != 0) & (wait == 0)):
            m.d.sync += [
                evaluation.valid.eq(1),
                evaluation.place.finish.eq(evaluation.last & (phases_left == 1)),
                self.next_phase.eq(1),
                phases_left.eq(phases_left - 1),
                wait.eq(interval - 1),
            ]
        return m
