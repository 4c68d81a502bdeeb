# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Any run of bytes out of two neighbouring memory words."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import exact_log2

from macaw.arch.checks import power_of_two

__all__ = ["ByteAligner"]


class ByteAligner(wiring.Component):
    """``lanes`` bytes that begin at byte ``offset`` of two words of ``lanes`` bytes.

    Two registered stages of four-to-one multiplexers each (three for 32 lanes): first the
    coarse part of the offset, then the fine.

    Parameters
    ----------
    lanes : int
        Bytes of a word, a power of two in 8 ... 32.

    Members
    -------
    words : In
        The two words, the first one at the lower address.
    offset : In
        Position of the first byte of the run in the first word.
    run : Out
        The bytes, `latency` clocks later.
    """

    def __init__(self, *, lanes: int):
        self._lanes = power_of_two("lanes", lanes, 8, 32)
        super().__init__(
            {
                "words": In(data.ArrayLayout(8, 2 * lanes)),
                "offset": In(range(lanes)),
                "run": Out(data.ArrayLayout(8, lanes)),
            }
        )

    @property
    def latency(self) -> int:
        """Clocks from ``words`` and ``offset`` to ``run``."""
        return self.stages(self._lanes)

    @staticmethod
    def stages(lanes: int) -> int:
        """Registered stages for words of ``lanes`` bytes: each turns by two bits of the offset."""
        return (exact_log2(lanes) + 1) // 2

    def elaborate(self, platform):
        m = Module()
        bits = len(self.offset)
        current, offset = self.words.as_value(), self.offset
        for stage in reversed(range(self.latency)):
            fine = 2 * stage
            chosen = offset[fine : min(fine + 2, bits)]
            span = self._lanes + (1 << fine) - 1
            shifted = Signal(8 * span, name=f"shifted_{stage}", reset_less=True)
            m.d.sync += shifted.eq((current >> (chosen << (fine + 3)))[: 8 * span])
            rest = Signal(max(fine, 1), name=f"rest_{stage}", reset_less=True)
            m.d.sync += rest.eq(offset[:fine])
            current, offset = shifted, rest
        m.d.comb += self.run.eq(current)
        return m
