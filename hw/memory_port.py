# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The port of a memory that is read in bursts and written word by word."""

from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from macaw.arch.machine import MachineConfig

__all__ = ["BURST_BITS", "memory_signature", "read_layout", "write_layout"]

#: Bits of the words of a burst, less one.
BURST_BITS = 8


def read_layout(config: MachineConfig) -> data.StructLayout:
    """A burst: its first word, and its words less one."""
    return data.StructLayout({"address": config.address_bits, "count": BURST_BITS})


def write_layout(config: MachineConfig) -> data.StructLayout:
    """A word to write, with an enable for each byte."""
    return data.StructLayout(
        {
            "address": config.address_bits,
            "data": data.ArrayLayout(8, config.word_bytes),
            "enable": config.word_bytes,
        }
    )


def memory_signature(config: MachineConfig) -> wiring.Signature:
    """The machine's side of the memory outside.

    ``read`` asks for bursts, ``words`` brings their words in the order in which they were asked
    for, and ``write`` writes a word. A burst that is taken after a write sees it.
    """
    return wiring.Signature(
        {
            "read": Out(stream.Signature(read_layout(config))),
            "words": In(stream.Signature(data.ArrayLayout(8, config.word_bytes))),
            "write": Out(stream.Signature(write_layout(config))),
        }
    )
