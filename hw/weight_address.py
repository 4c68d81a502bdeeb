# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The weight word of each evaluation."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from macaw.arch.checks import instance
from macaw.arch.config import AcceleratorConfig
from macaw.hw.evaluations import Evaluation
from macaw.hw.layouts import layer_layout

__all__ = ["WeightAddress"]


class WeightAddress(wiring.Component):
    """Counts the weight words of a column group, from its first again for each pixel; groups
    follow each other, or have the same words, and each row begins with the first.

    Parameters
    ----------
    config : AcceleratorConfig
        The configuration.

    Members
    -------
    layer : In
        The layer's descriptor, constant while the layer runs.
    start : In
        Begins the layer, for one clock.
    evaluation : In
        The evaluation.
    address : Out
        Its weight word, `latency` clocks later.
    """

    #: Clocks from ``evaluation`` to ``address``.
    latency = 1

    def __init__(self, config: AcceleratorConfig):
        layout = layer_layout(instance("config", config, AcceleratorConfig))
        super().__init__(
            {
                "layer": In(layout),
                "start": In(1),
                "evaluation": In(Evaluation),
                "address": Out(layout["weight_start"].shape),
            }
        )

    def elaborate(self, platform):
        m = Module()
        place = self.evaluation.place
        # What an evaluation asks for is known a clock before the address follows it.
        step, repeat, enter, restart = (
            Signal(name=name) for name in ("step", "repeat", "enter", "restart")
        )
        finish = self.evaluation.valid & place.finish
        leave = place.group_end & ~self.layer.weights_shared
        m.d.sync += [
            step.eq(self.evaluation.valid),
            repeat.eq(finish & ~leave),
            enter.eq(finish & leave),
            restart.eq((finish & place.row_end) | self.start),
        ]
        first = Signal.like(self.address)
        following = self.address + 1
        with m.If(restart):
            m.d.sync += [
                self.address.eq(self.layer.weight_start),
                first.eq(self.layer.weight_start),
            ]
        with m.Elif(repeat):
            m.d.sync += self.address.eq(first)
        with m.Elif(step):
            m.d.sync += self.address.eq(following)
            with m.If(enter):
                m.d.sync += first.eq(following)
        return m
