# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The memory that gives the array one weight for every multiplier, each clock."""

from amaranth import *
from amaranth.lib import data, memory, stream, wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import ceil_log2, exact_log2

from macaw.arch.checks import one_of, power_of_two
from macaw.arch.config import ArrayConfig, Technology
from macaw.hw.cells.ecp5_memory import BytePairMemory
from macaw.hw.fanout import FanOut

__all__ = ["WeightMemory"]

_NEIGHBOURS = 4  # blocks that one copy of an address serves


class WeightMemory(wiring.Component):
    """``depth`` words of ``columns * lanes`` int8 weights: one word is read, and one column of one
    word is written, each clock. It holds zeros until written.

    For `Technology.ECP5` there is one 1024×18 block beside each multiplier cell, for the weights
    of columns q and q + columns/2; its address and its data come through trees of registers.
    Otherwise there is one memory a column, which any tool maps.

    Writing while other words are read is always allowed. An address given `write_latency` clocks
    after a beat of ``write``, or later, reads what the beat wrote; what the same word reads when
    it is asked for between the beat and then is left open, for that column.

    Raises ``TypeError`` for an ``array`` that is no `ArrayConfig`, ``ValueError`` for an unknown
    ``technology``, and either for a ``depth`` that is no power of two in 16 ... 65536, or for
    `Technology.ECP5` in 16 ... 1024.

    Members
    -------
    write : In(stream.Signature({"address": word * columns + column, "data": lanes * 8 bits}))
        The weights of one column in one word, lane 0 in the low bits of ``data``; always ready.
    address : In(range(depth))
    weights : Out(ArrayLayout(signed(8), columns * lanes))
        The word at ``address``, `latency` clocks later; column c, lane l at ``c * lanes + l``.
    """

    def __init__(self, array, depth, technology):
        if not isinstance(array, ArrayConfig):
            raise TypeError(f"array must be an ArrayConfig, not {array!r}")
        self._array = array
        self._technology = one_of("technology", technology, tuple(Technology))
        self._depth = power_of_two("weight memory depth", depth, 16, 1 << 16)
        if technology == Technology.ECP5 and depth > BytePairMemory.DEPTH:
            raise ValueError(
                f"weight memory depth must be at most {BytePairMemory.DEPTH} for ecp5, "
                f"not {depth!r}"
            )
        beat = data.StructLayout(
            {"address": ceil_log2(depth * array.columns), "data": 8 * array.lanes}
        )
        super().__init__(
            {
                "write": In(stream.Signature(beat)),
                "address": In(range(depth)),
                "weights": Out(data.ArrayLayout(signed(8), array.multipliers)),
            }
        )

    @property
    def _leaves(self):
        return self._array.multipliers // 2 // _NEIGHBOURS

    @property
    def latency(self):
        """Clocks from ``address`` to ``weights``."""
        if self._technology == Technology.ECP5:
            return FanOut.levels_needed(self._leaves) + BytePairMemory.latency
        return 2

    @property
    def write_latency(self):
        """Clocks from a beat of ``write`` to the first ``address`` that reads it: 1, since reading
        and writing take equally long to reach the memory."""
        return 1

    def elaborate(self, platform):
        m = Module()
        m.d.comb += self.write.ready.eq(1)
        if self._technology == Technology.ECP5:
            self._elaborate_ecp5(m)
        else:
            self._elaborate_generic(m)
        return m

    def _split_address(self, address):
        """(column, word) of a write address."""
        column_bits = exact_log2(self._array.columns)
        return address[:column_bits], address[column_bits:]

    def _elaborate_generic(self, m):
        lanes = self._array.lanes
        column, word = self._split_address(self.write.payload.address)
        for index in range(self._array.columns):
            m.submodules[f"column_{index}"] = column_memory = memory.Memory(
                shape=unsigned(8 * lanes), depth=self._depth, init=[]
            )
            write = column_memory.write_port()
            # An asynchronous port and a register: a synchronous port would have to read the old
            # word on a collision, which block memories give only with logic around them.
            read = column_memory.read_port(domain="comb")
            read_data = Signal(8 * lanes, name=f"read_data_{index}", reset_less=True)
            output = Signal(8 * lanes, name=f"output_{index}", reset_less=True)
            m.d.comb += [
                write.en.eq(self.write.valid & (column == index)),
                write.addr.eq(word),
                write.data.eq(self.write.payload.data),
                read.addr.eq(self.address),
                Value.cast(self.weights)[8 * lanes * index : 8 * lanes * (index + 1)].eq(output),
            ]
            m.d.sync += [read_data.eq(read.data), output.eq(read_data)]

    def _elaborate_ecp5(self, m):
        lanes, pairs = self._array.lanes, self._array.columns // 2
        levels = FanOut.levels_needed(self._leaves)
        control = data.StructLayout({"valid": 1, "address": len(self.write.payload.address)})

        m.submodules.address_fan_out = addresses = FanOut(len(self.address), self._leaves)
        m.submodules.control_fan_out = controls = FanOut(control, self._leaves)
        m.submodules.data_fan_out = write_data = FanOut(8 * lanes, pairs, levels=levels)
        m.d.comb += [
            addresses.value.eq(self.address),
            controls.value.valid.eq(self.write.valid),
            controls.value.address.eq(self.write.payload.address),
            write_data.value.eq(self.write.payload.data),
        ]
        for pair in range(pairs):
            for lane in range(lanes):
                low, high = pair * lanes + lane, (pair + pairs) * lanes + lane
                leaf = low // _NEIGHBOURS
                column, word = self._split_address(controls.copies[leaf].address)
                m.submodules[f"block_{pair}_{lane}"] = block = BytePairMemory()
                m.d.comb += [
                    block.write_enable[0].eq(controls.copies[leaf].valid & (column == pair)),
                    block.write_enable[1].eq(
                        controls.copies[leaf].valid & (column == pair + pairs)
                    ),
                    block.write_address.eq(word),
                    block.write_data.eq(write_data.copies[pair].word_select(lane, 8)),
                    block.read_address.eq(addresses.copies[leaf]),
                    self.weights[low].eq(block.read_data[0]),
                    self.weights[high].eq(block.read_data[1]),
                ]
