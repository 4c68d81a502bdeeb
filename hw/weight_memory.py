# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The memory that gives the array one weight for every multiplier, each clock."""

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import ceil_log2, exact_log2

from macaw.arch.checks import instance, one_of, power_of_two
from macaw.arch.config import ArrayConfig, Technology
from macaw.hw.fanout import FanOut
from macaw.hw.ram import BlockRam

__all__ = ["WeightMemory"]

_BLOCK_DEPTH = 1024  # of a DP16KD that is two bytes wide
_NEIGHBOURS = 4  # blocks that one copy of an address serves


class WeightMemory(wiring.Component):
    """``depth`` words of ``columns * lanes`` int8 weights: one word is read, and one column of one
    word is written, each clock. It holds zeros until written.

    For `Technology.ECP5` there is one 1024×18 block beside each multiplier cell, for the weights
    of columns q and q + columns/2, or one of 512×36 beside two of them where the depth allows it;
    its address and its data come through trees of registers, or directly with ``compact``.
    Otherwise there is one memory a column, which any tool maps; with ``registered`` false there
    is no register behind it, which `Technology.ECP5` does not have.

    Writing while other words are read is always allowed. An address given in the clock in which
    a beat writes the same word reads anything; `write_latency` clocks after the beat, or later,
    it reads what the beat wrote.

    Raises ``TypeError`` for an ``array`` that is no `ArrayConfig`, ``ValueError`` for an unknown
    ``technology``, and either for a ``depth`` that is no power of two in 16 ... 65536, or for
    `Technology.ECP5` in 16 ... 1024.

    Members
    -------
    write : In(stream.Signature({"address": range(depth * columns), "data": ArrayLayout(8, lanes)}))
        The weights of one column in one word, at ``word * columns + column``; always ready.
    address : In(range(depth))
    weights : Out(ArrayLayout(signed(8), columns * lanes))
        The word at ``address``, `latency` clocks later; column c, lane l at ``c * lanes + l``.
    """

    #: Clocks from a beat of ``write`` to the first ``address`` that is sure to read it: 1, since
    #: beats and addresses take equally long to reach the memory.
    write_latency = 1

    def __init__(self, array, depth, technology, *, compact=False, registered=True):
        if not isinstance(array, ArrayConfig):
            raise TypeError(f"array must be an ArrayConfig, not {array!r}")
        self._array = array
        self._compact = instance("compact", compact, bool)
        self._registered = instance("registered", registered, bool)
        self._technology = Technology(one_of("technology", technology, tuple(Technology)))
        self._depth = power_of_two("weight memory depth", depth, 16, 1 << 16)
        if self._technology is Technology.ECP5 and depth > _BLOCK_DEPTH:
            raise ValueError(
                f"weight memory depth must be at most {_BLOCK_DEPTH} for ecp5, not {depth!r}"
            )
        beat = data.StructLayout(
            {"address": ceil_log2(depth * array.columns), "data": data.ArrayLayout(8, array.lanes)}
        )
        if self._technology is Technology.ECP5 and not self._registered:
            raise ValueError("registered must be True for ecp5, not False")
        super().__init__(
            {
                "write": In(stream.Signature(beat)),
                "address": In(range(depth)),
                "weights": Out(data.ArrayLayout(signed(8), array.multipliers)),
            }
        )

    @property
    def _levels(self):
        """Levels of the trees to one place for each pair of columns, and from there to one for
        each group of neighbouring blocks."""
        if self._compact:
            return 0, 0
        groups = self._array.lanes // _NEIGHBOURS
        return FanOut.levels_needed(self._array.columns // 2), FanOut.levels_needed(groups)

    @property
    def latency(self):
        """Clocks from ``address`` to ``weights``."""
        if self._technology is Technology.ECP5:
            return sum(self._levels) + BlockRam.latency
        return BlockRam.latency if self._registered else 1

    def elaborate(self, platform):
        m = Module()
        m.d.comb += self.write.ready.eq(1)
        if self._technology is Technology.ECP5:
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
            m.submodules[f"column_{index}"] = block = BlockRam(
                width=lanes, depth=self._depth, registered=self._registered
            )
            m.d.comb += [
                block.write_enable.eq((self.write.valid & (column == index)).replicate(lanes)),
                block.write_address.eq(word),
                block.write_data.eq(self.write.payload.data),
                block.read_address.eq(self.address),
            ]
            for lane in range(lanes):
                m.d.comb += self.weights[index * lanes + lane].eq(block.read_data[lane])

    def _elaborate_ecp5(self, m):
        lanes, pairs = self._array.lanes, self._array.columns // 2
        groups, levels = lanes // _NEIGHBOURS, sum(self._levels)
        # Multiplier cells that a block stands beside.
        beside = 2 if self._depth <= BlockRam.deepest(Technology.ECP5, 4) else 1
        beat = self.write.payload
        control = data.StructLayout({"valid": 1, "address": len(beat.address)})
        decoded = data.StructLayout({"enable": 2, "word": len(self.address)})

        m.submodules.address_fan_out = addresses = FanOut(
            len(self.address), pairs * groups, levels=levels, compact=self._compact
        )
        m.submodules.control_fan_out = controls = FanOut(control, pairs, compact=self._compact)
        m.submodules.data_fan_out = write_data = FanOut(
            data.ArrayLayout(8, lanes), pairs, levels=levels, compact=self._compact
        )
        m.d.comb += [
            addresses.value.eq(self.address),
            controls.value.valid.eq(self.write.valid),
            controls.value.address.eq(beat.address),
            write_data.value.eq(beat.data),
        ]
        for pair in range(pairs):
            column, word = self._split_address(controls.copies[pair].address)
            # Decoded before the last registers: their routes to the blocks are long.
            m.submodules[f"pair_fan_out_{pair}"] = pair_controls = FanOut(
                decoded, groups, levels=self._levels[1], compact=self._compact
            )
            m.d.comb += [
                pair_controls.value.enable[half].eq(
                    controls.copies[pair].valid & (column == pair + half * pairs)
                )
                for half in range(2)
            ]
            m.d.comb += pair_controls.value.word.eq(word)
            for first in range(0, lanes, beside):
                group = first // _NEIGHBOURS
                m.submodules[f"block_{pair}_{first}"] = block = BlockRam(
                    width=2 * beside,
                    depth=self._depth,
                    technology=Technology.ECP5,
                    cell_bytes=2 * beside,
                )
                copies = pair_controls.copies[group]
                written = [write_data.copies[pair][first + place] for place in range(beside)]
                m.d.comb += [
                    block.write_enable.eq(copies.enable.replicate(beside)),
                    block.write_address.eq(copies.word),
                    block.write_data.eq(Cat(weight.replicate(2) for weight in written)),
                    block.read_address.eq(addresses.copies[pair * groups + group]),
                ]
                for index, weight in enumerate(block.read_data):
                    lane, half = first + index // 2, index % 2
                    place = (pair + half * pairs) * lanes + lane
                    m.d.comb += self.weights[place].eq(weight)
