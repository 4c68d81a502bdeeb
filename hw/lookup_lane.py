# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""One byte of the elementwise pass: looked up, added, rounded and bounded."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from macaw.arch.checks import one_of
from macaw.arch.config import Technology
from macaw.arch.instructions import LOOKUP_BITS
from macaw.hw.bounded_result import BoundedResult
from macaw.hw.delay import delay
from macaw.hw.ram import BlockRam
from macaw.hw.rounded_sum import RoundedSum

__all__ = ["TABLE_ENTRIES", "LookupLane", "lookup_layout"]

#: Entries of the tables of both operands, 256 each.
TABLE_ENTRIES = 512


def lookup_layout() -> data.StructLayout:
    """One write to the tables: operand · 256 + byte, and the entry there."""
    return data.StructLayout({"address": range(TABLE_ENTRIES), "entry": signed(LOOKUP_BITS)})


class LookupLane(wiring.Component):
    """A copy of the tables, with one read port, and what becomes of an entry.

    Parameters
    ----------
    technology : Technology
        The cells to use.

    Members
    -------
    write_valid : In
        ``write`` is made.
    write : In
        A write to the tables.
    address : In
        The entry to read: operand · 256 + byte.
    two : In
        The entry of the clock before is added.
    rounding, zero_point, minimum, maximum : In
        What becomes of the sum; constant while entries are under way, as ``two`` is.
    result : Out
        The result as int8, `latency` clocks after the last ``address`` that it is of.
    """

    #: Clocks from ``address`` to ``result``.
    latency = BlockRam.latency + 1 + RoundedSum.latency + BoundedResult.latency

    def __init__(self, technology: Technology = Technology.GENERIC):
        self._technology = one_of("technology", technology, tuple(Technology))
        super().__init__(
            {
                "write_valid": In(1),
                "write": In(lookup_layout()),
                "address": In(range(TABLE_ENTRIES)),
                "two": In(1),
                "rounding": In(2),
                "zero_point": In(signed(8)),
                "minimum": In(signed(8)),
                "maximum": In(signed(8)),
                "result": Out(signed(8)),
            }
        )

    def elaborate(self, platform):
        m = Module()
        m.submodules.tables = tables = BlockRam(
            width=LOOKUP_BITS // 8,
            depth=TABLE_ENTRIES,
            technology=self._technology,
            cell_bytes=4,
        )
        m.submodules.rounder = rounder = RoundedSum()
        m.submodules.bounded = bounded = BoundedResult()
        m.d.comb += [
            tables.write_address.eq(self.write.address),
            tables.write_data.eq(self.write.entry),
            tables.write_enable.eq(self.write_valid.replicate(len(tables.write_enable))),
            tables.read_address.eq(self.address),
        ]
        entry = tables.read_data.as_value().as_signed()
        before = delay(m, Mux(self.two, entry, 0), 1, name="before")
        m.d.comb += [
            rounder.total.eq(delay(m, entry + before, 1, name="total")),
            rounder.rounding.eq(self.rounding),
            bounded.rounded.eq(rounder.rounded),
            bounded.zero_point.eq(self.zero_point),
            bounded.minimum.eq(self.minimum),
            bounded.maximum.eq(self.maximum),
            self.result.eq(bounded.result),
        ]
        return m
