# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The tensor memory: activations on the chip, read by two operands in turn and written by one."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from macaw.arch.checks import instance
from macaw.arch.machine import MachineConfig
from macaw.hw.delay import delay
from macaw.hw.machine.layouts import word_layout
from macaw.hw.ram import BlockRam

__all__ = ["TensorMemory"]


class TensorMemory(wiring.Component):
    """``config.tensor_words`` words in banks as deep as a block RAM; one word is read and one
    written each clock.

    Parameters
    ----------
    config : MachineConfig
        The configuration.

    Members
    -------
    addresses, addresses_valid, addresses_ready : In, In, Out
        Reads of the two operands; both are read in turn where both are valid.
    arrived, arrives : Out
        The word that has been read, and for which operand, some clocks later.
    write_address, write_data, write_enable : In
        The word to write, with an enable for each byte.
    """

    def __init__(self, config: MachineConfig):
        self._config = instance("config", config, MachineConfig)
        bits = config.tensor_address_bits
        super().__init__(
            {
                "addresses": In(bits).array(2),
                "addresses_valid": In(1).array(2),
                "addresses_ready": Out(1).array(2),
                "arrived": Out(word_layout(config)),
                "arrives": Out(1).array(2),
                "write_address": In(bits),
                "write_data": In(word_layout(config)),
                "write_enable": In(config.word_bytes),
            }
        )

    def elaborate(self, platform):
        m = Module()
        config = self._config
        technology = config.core.technology
        depth = min(config.tensor_words, BlockRam.deepest(technology))
        bits = (depth - 1).bit_length()
        second = Signal()
        turn = Signal()
        m.d.comb += [
            second.eq(self.addresses_valid[1] & (turn | ~self.addresses_valid[0])),
            self.addresses_ready[0].eq(~second),
            self.addresses_ready[1].eq(second),
        ]
        m.d.sync += turn.eq(~second)
        address = Signal.like(self.addresses[0], reset_less=True)
        write_address = Signal.like(address, reset_less=True)
        write_data = Signal.like(self.write_data, reset_less=True)
        m.d.sync += [
            address.eq(Mux(second, self.addresses[1], self.addresses[0])),
            write_address.eq(self.write_address),
            write_data.eq(self.write_data),
        ]
        read = []
        for index, first in enumerate(range(0, config.tensor_words, depth)):
            m.submodules[f"bank_{index}"] = bank = BlockRam(
                width=config.word_bytes,
                depth=min(depth, config.tensor_words - first),
                technology=technology,
            )
            mine = self.write_address[bits:] == index
            enable = Signal(config.word_bytes, name=f"enable_{index}")
            m.d.sync += enable.eq(Mux(mine, self.write_enable, 0))
            m.d.comb += [
                bank.read_address.eq(address),
                bank.write_address.eq(write_address),
                bank.write_data.eq(write_data),
                bank.write_enable.eq(enable),
            ]
            read.append(bank.read_data)
        chosen = delay(m, address[bits:], BlockRam.latency, name="chosen")
        m.d.sync += self.arrived.eq(Array(read)[chosen] if len(read) > 1 else read[0])
        for index in range(2):
            asked = self.addresses_valid[index] & self.addresses_ready[index]
            m.d.comb += self.arrives[index].eq(
                delay(m, asked, BlockRam.latency + 2, name=f"asked_{index}", reset_less=False)
            )
        return m
