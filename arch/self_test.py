# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""What a self-test on the chip does, layer by layer, and the random bytes that it makes itself.

Who makes a plan computes with this generator, and the hardware is built from it.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from macaw.arch.checks import instance, integer
from macaw.arch.config import AcceleratorConfig
from macaw.arch.core import Field

__all__ = [
    "CELLS",
    "MOST_ALIKE",
    "ROUND_DIGITS",
    "WORD_DIGITS",
    "Message",
    "MessageKind",
    "SelfTestPlan",
    "decimal_digits",
    "expectation_fields",
    "generator_constants",
]

#: Which of the 32 cells of a generator take their own state into their next one, beside their
#: neighbours' sum and a constant (a hybrid cellular automaton: Hortensius et al., "Cellular
#: automata-based pseudorandom number generators for built-in self-test", 1989). With these the
#: states come back after 2**32 - 1 steps.
CELLS = 0x1FE68F02

#: Decimal digits of a count of result words.
WORD_DIGITS = 3

#: Decimal digits of a count of rounds.
ROUND_DIGITS = 6

#: The most writes of weights that one message stands for.
MOST_ALIKE = 256

_GENERATOR_BYTES = 4
_LAYERS = 9


def decimal_digits(value: int) -> int:
    """A number with a decimal digit in each four bits.

    >>> hex(decimal_digits(250))
    '0x250'
    """
    return int(str(value), 16)


def generator_constants(lanes: int) -> tuple[int, ...]:
    """The constants of the generators that give ``lanes`` bytes a step, four each. Their first
    states are 0, which costs no hardware.

    >>> generator_constants(8)
    (2654435769, 1013904242)
    """
    # Multiples of 2**32 divided by the golden ratio differ in all their bits.
    return tuple(
        index * 0x9E3779B9 % (1 << 32) for index in range(1, lanes // _GENERATOR_BYTES + 1)
    )


class MessageKind(IntEnum):
    """What a message of the plan is: a write of the core's streams ``table``, ``parameters`` or
    ``weights``; a descriptor, which starts the layer; or what the layer shall give."""

    TABLE = 0
    PARAMETERS = 1
    WEIGHTS = 2
    DESCRIPTOR = 3
    EXPECTATION = 4


def expectation_fields(config: AcceleratorConfig) -> tuple[Field, ...]:
    """The fields of an expectation."""
    lanes = config.array.lanes
    return (
        Field(name="image_words", bits=9, meaning="words of the image"),
        Field(
            name="result_words", bits=4 * WORD_DIGITS,
            meaning="words of the result, a decimal digit in each four bits",
        ),
        Field(name="row_words", bits=5, meaning="words of a result row, less one"),
        Field(
            name="last_bytes", bits=lanes, meaning="bytes in use of a row's last word, a bit each"
        ),
        Field(name="crc", bits=32, meaning="CRC-32 of the result, unused bytes as zeros"),
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Message:
    """One message: its ``kind``, and its ``values`` by the names of the fields.

    Writes go to one address after the other, in each layer from 0 on: they have ``entry`` (table)
    or ``parameters`` with fields of their own, or for weights ``mask``, a bit for each lane,
    whether its weight is random, or zero, and ``more``, how many further writes are like this one.
    """

    kind: MessageKind
    values: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class SelfTestPlan:
    """What a self-test does in one round, over and over.

    Each layer is its writes, those of a kind together, its descriptor and its expectation. The
    random bytes of the weights and then of the image are taken in the order of the messages, and
    begin anew with each round. A layer that is not done ``2**timeout_bits`` clocks after the one
    before has failed. ``version`` is Macaw's.

    Raises ``TypeError`` or ``ValueError`` for values out of range.
    """

    config: AcceleratorConfig
    version: str
    messages: tuple[Message, ...]
    timeout_bits: int

    def __post_init__(self) -> None:
        instance("config", self.config, AcceleratorConfig)
        instance("version", self.version, str)
        instance("messages", self.messages, tuple)
        integer("timeout_bits", self.timeout_bits, 1, 32)
        integer("layers", self.layers, 1, _LAYERS)

    @property
    def layers(self) -> int:
        """Layers of a round."""
        return sum(message.kind is MessageKind.EXPECTATION for message in self.messages)

    @property
    def cycle_digits(self) -> int:
        """Decimal digits of the most clocks that a layer takes."""
        return len(str(1 << self.timeout_bits))
