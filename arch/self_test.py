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
    "CYCLE_DIGITS",
    "XORSHIFT",
    "Message",
    "MessageKind",
    "SelfTestPlan",
    "expectation_fields",
    "generator_seeds",
]

#: Shifts of one step of a 32-bit generator: left, right, left (Marsaglia, "Xorshift RNGs", 2003).
XORSHIFT = (13, 17, 5)

#: Decimal digits of a count of cycles.
CYCLE_DIGITS = 8

_GENERATOR_BYTES = 4
_COUNT_BITS = 24
_LAYERS = 9


def generator_seeds(lanes: int) -> tuple[int, ...]:
    """The first states of the generators that give ``lanes`` bytes a step, four each.

    >>> generator_seeds(8)
    (2654435769, 1013904242)
    """
    # Multiples of 2**32 divided by the golden ratio differ in all their bits.
    return tuple(
        index * 0x9E3779B9 % (1 << 32) for index in range(1, lanes // _GENERATOR_BYTES + 1)
    )


class MessageKind(IntEnum):
    """What a message of the plan is: a write of the core's streams ``table``, ``parameters`` or
    ``weights``; what a layer shall give; or a descriptor, which starts the layer."""

    EXPECTATION = 0
    TABLE = 1
    PARAMETERS = 2
    WEIGHTS = 3
    DESCRIPTOR = 4


def expectation_fields(config: AcceleratorConfig) -> tuple[Field, ...]:
    """The fields of an expectation."""
    lanes = config.array.lanes
    return (
        Field(name="layer", bits=4, meaning="the layer's place in the round, from 0"),
        Field(name="image_words", bits=_COUNT_BITS, meaning="words of the image"),
        Field(name="result_words", bits=_COUNT_BITS, meaning="words of the result"),
        Field(name="row_words", bits=_COUNT_BITS, meaning="words of a result row, less one"),
        Field(
            name="last_bytes", bits=lanes, meaning="bytes in use of a row's last word, a bit each"
        ),
        Field(name="crc", bits=32, meaning="CRC-32 of the result, unused bytes as zeros"),
    )


@dataclass(frozen=True, kw_only=True)
class Message:
    """One message: its ``kind``, and its ``values`` by the names of the fields.

    Writes have ``address``, and ``entry`` (table) or ``parameters`` with fields of their own, or
    ``mask`` (weights): a bit for each lane, whether its weight is random, or zero.
    """

    kind: MessageKind
    values: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class SelfTestPlan:
    """What a self-test does in one round, over and over.

    Each layer is an expectation, its writes and its descriptor, in this order. The random bytes of
    the weights and then of the image are taken in the order of the messages, and begin anew with
    each round. A layer that is not done ``timeout_cycles`` after the one before has failed.
    ``version`` is Macaw's.

    Raises ``TypeError`` or ``ValueError`` for values out of range.
    """

    config: AcceleratorConfig
    version: str
    messages: tuple[Message, ...]
    timeout_cycles: int

    def __post_init__(self) -> None:
        instance("config", self.config, AcceleratorConfig)
        instance("version", self.version, str)
        instance("messages", self.messages, tuple)
        integer("timeout_cycles", self.timeout_cycles, 1, 10**CYCLE_DIGITS - 1)
        integer("layers", self.layers, 1, _LAYERS)

    @property
    def layers(self) -> int:
        """Layers of a round."""
        return sum(message.kind is MessageKind.EXPECTATION for message in self.messages)
