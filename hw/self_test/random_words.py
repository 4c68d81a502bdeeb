# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Words of random bytes, the same ones after each restart."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from macaw.arch.self_test import XORSHIFT, generator_seeds

__all__ = ["RandomWords"]


class RandomWords(wiring.Component):
    """32-bit generators side by side, as `macaw.arch.self_test` defines them; each gives four of
    the ``lanes`` bytes, the lowest byte first.

    Members
    -------
    restart : In(1)
        The next word is the first one.
    step : In(1)
        The next word follows in the next clock.
    word : Out(ArrayLayout(8, lanes))
        The current word.
    """

    def __init__(self, lanes: int):
        self._seeds = generator_seeds(lanes)
        super().__init__({"restart": In(1), "step": In(1), "word": Out(data.ArrayLayout(8, lanes))})

    def elaborate(self, platform):
        m = Module()
        first, second, third = XORSHIFT
        states = []
        for index, seed in enumerate(self._seeds):
            state = Signal(32, init=seed, name=f"state_{index}")
            one = (state ^ (state << first))[:32]
            two = one ^ (one >> second)
            three = (two ^ (two << third))[:32]
            with m.If(self.restart):
                m.d.sync += state.eq(seed)
            with m.Elif(self.step):
                m.d.sync += state.eq(three)
            states.append(state)
        m.d.comb += self.word.eq(Cat(states))
        return m
