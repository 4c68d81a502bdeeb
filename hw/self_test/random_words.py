# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Words of random bytes, the same ones after each restart."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from macaw.arch.self_test import CELLS, generator_constants

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
        self._constants = generator_constants(lanes)
        super().__init__({"restart": In(1), "step": In(1), "word": Out(data.ArrayLayout(8, lanes))})

    def elaborate(self, platform):
        m = Module()
        states = []
        for index, constant in enumerate(self._constants):
            state = Signal(32, name=f"state_{index}")
            with m.If(self.restart):
                m.d.sync += state.eq(0)
            with m.Elif(self.step):
                m.d.sync += state.eq((state << 1) ^ (state >> 1) ^ (state & CELLS) ^ constant)
            states.append(state)
        m.d.comb += self.word.eq(Cat(states))
        return m
