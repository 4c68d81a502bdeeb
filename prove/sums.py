# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The accumulators' ring: completed sums wait there, and each is taken once, in its order."""

from dataclasses import replace
from functools import partial

from amaranth.hdl import Array, Const, Mux, Signal, Value

from macaw.arch import AcceleratorConfig, RequantizerConfig, preset
from macaw.hw.accumulators import Accumulators
from macaw.prove.harness import Harness
from macaw.prove.properties import stated

__all__ = ["SUMS"]

_TWO = replace(preset("tiny"), compact=True)
_ONE = replace(_TWO, name="tiny with one lane", requantizer=RequantizerConfig(lanes=1))

#: Sums are numbered modulo so many.
_NUMBERS = 16


class _Pairs:
    """Accumulators in window mode, and pairs of pixels as the reader makes them: phases are
    ``phase_interval`` clocks apart, and pairs that complete sums as many as their results take."""

    def __init__(self, config: AcceleratorConfig) -> None:
        self.phases, interval = config.array.phases, config.phase_interval
        self.harness = harness = Harness(Accumulators(config))
        m, block = harness.m, harness.component
        left, wait = Signal(range(self.phases), name="left"), Signal(range(interval), name="wait")
        due = Signal(range(self.phases * config.beats), name="due")
        kept = Signal(name="kept")
        self.completes = Mux(left == 0, harness.free(1, "completes"), kept)
        begins = harness.free(1, "begins") & (left == 0) & (wait == 0)
        begins &= ~self.completes | (due == 0)
        self.step = begins | ((left != 0) & (wait == 0))
        m.d.sync += [
            wait.eq(Mux(self.step, interval - 1, Mux(wait == 0, 0, wait - 1))),
            due.eq(Mux(due == 0, 0, due - 1)),
        ]
        with m.If(begins):
            m.d.sync += [left.eq(self.phases - 1), kept.eq(self.completes)]
            with m.If(self.completes):
                m.d.sync += due.eq(self.phases * config.beats - 1)
        with m.Elif(self.step):
            m.d.sync += left.eq(left - 1)
        harness.drive(block.window, Const(1))
        harness.drive(block.valid, self.step)
        harness.drive(block.last, self.completes)


def _taken(config: AcceleratorConfig, mutant: bool) -> Harness:
    """A ring of numbers beside that of sums: what is taken has the number that is due."""
    pairs = _Pairs(config)
    harness, m, signal = pairs.harness, pairs.harness.m, pairs.harness.opened.signal
    if mutant:
        harness.opened.override("behind", signal("since"))
    takes, behind = signal("takes"), signal("behind")
    brought, taken = (Signal(range(_NUMBERS), name=name) for name in ("brought", "taken"))
    completed = pairs.step & pairs.completes
    m.d.sync += [brought.eq(brought + completed), taken.eq(taken + takes)]
    # What completes nothing has a number that is not due.
    newest = Mux(pairs.completes, brought, taken - 1)
    ring: list[Signal] = []
    now: list[Value] = []
    for place in range(pairs.phases):
        number = Signal(range(_NUMBERS), name=f"number_{place}")
        now.append(Mux(pairs.step, ring[-1] if ring else newest, number))
        ring.append(number)
    m.d.sync += [number.eq(value) for number, value in zip(ring, now, strict=True)]
    harness.check(
        (signal("waiting") == (brought - taken)[: len(brought)])
        & (~takes | (Array(now)[behind] == taken))
    )
    return harness


def _handed_on(mutant: bool) -> Harness:
    pairs = _Pairs(_TWO)
    harness, signal = pairs.harness, pairs.harness.opened.signal
    if mutant:
        harness.opened.override("busy", 0)
    harness.check(signal("left") <= 1, when=signal("takes"))
    return harness


#: The properties of completed sums.
SUMS = (
    *(
        stated(
            "Accumulators",
            f"sums in order, {config.beats} clocks each",
            "completed sums are taken in their order, from the ring, before it comes around",
            partial(_taken, config),
            config=config,
        )
        for config in (_TWO, _ONE)
    ),
    stated(
        "Accumulators",
        "one after the other",
        "sums are taken over when those before them have been handed on",
        _handed_on,
        config=_TWO,
    ),
)
