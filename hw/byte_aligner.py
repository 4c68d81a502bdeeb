# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Any run of bytes out of two neighbouring memory words."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import exact_log2

from macaw.arch.checks import instance, integer, one_of, power_of_two
from macaw.arch.config import Technology
from macaw.hw.fanout import fan_out
from macaw.hw.selector import select

__all__ = ["ByteAligner"]

#: Parts of a run that have their own copy of the offset.
_PARTS = 8


class ByteAligner(wiring.Component):
    """``lanes`` bytes that begin at byte ``offset`` of two words of ``lanes`` bytes.

    Two registered stages of four-to-one multiplexers each (three for 32 lanes): first the
    coarse part of the offset, then the fine.

    Parameters
    ----------
    lanes : int
        Bytes of a word, a power of two in 8 ... 32.
    offset_lead : int
        Clocks by which ``offset`` comes before ``words``: it spreads to its many loads in trees
        of registers.
    technology : Technology
        The cells to use.
    compact : bool
        All of a stage takes the offset from one register.

    Members
    -------
    words : In
        The two words, the first one at the lower address.
    offset : In
        Position of the first byte of the run in the first word.
    run : Out
        The bytes, `latency` clocks later.
    """

    def __init__(
        self,
        *,
        lanes: int,
        offset_lead: int = 0,
        technology: Technology = Technology.GENERIC,
        compact: bool = False,
    ):
        self._compact = instance("compact", compact, bool)
        self._technology = one_of("technology", technology, tuple(Technology))
        self._lanes = power_of_two("lanes", lanes, 8, 32)
        self._offset_lead = integer("offset_lead", offset_lead, 0, 16)
        super().__init__(
            {
                "words": In(data.ArrayLayout(8, 2 * lanes)),
                "offset": In(range(lanes)),
                "run": Out(data.ArrayLayout(8, lanes)),
            }
        )

    @property
    def latency(self) -> int:
        """Clocks from ``words`` to ``run``."""
        return self.stages(self._lanes)

    @staticmethod
    def stages(lanes: int) -> int:
        """Registered stages for words of ``lanes`` bytes: each turns by two bits of the offset."""
        return (exact_log2(lanes) + 1) // 2

    def elaborate(self, platform):
        m = Module()
        bits = len(self.offset)
        current = self.words.as_value()
        for stage in range(self.latency):
            fine = 2 * (self.latency - 1 - stage)
            turn = self.offset[fine : min(fine + 2, bits)]
            turns = fan_out(
                m,
                f"turn_copies_{stage}",
                turn,
                _PARTS,
                clocks=self._offset_lead + stage,
                compact=self._compact,
            )
            span = self._lanes + (1 << fine) - 1
            shifted = Signal(8 * span, name=f"shifted_{stage}", reset_less=True)
            # Each part of the result has its own copy of the turn.
            part = -(-8 * span // _PARTS)
            for index in range(_PARTS):
                first, end = index * part, min((index + 1) * part, 8 * span)
                choices = [
                    current[first + distance : end + distance]
                    for distance in range(0, 8 << (fine + len(turn)), 8 << fine)
                ]
                name = f"select_{stage}_{index}"
                m.d.sync += shifted[first:end].eq(
                    select(m, name, turns[index], choices, technology=self._technology)
                )
            current = shifted
        m.d.comb += self.run.eq(current)
        return m
