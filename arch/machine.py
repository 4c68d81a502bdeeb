# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The accelerator around the core: its memories, and what its engines are asked to do.

Everything that enters or leaves the core is a stream, so the machine is the core with engines that
feed its streams from memory and empty them into memory. Memory is counted in words of
``config.array.lanes`` bytes, the words of an image row.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from enum import IntEnum, StrEnum

from macaw.arch.checks import instance, integer, one_of, power_of_two
from macaw.arch.config import AcceleratorConfig
from macaw.arch.requantization import Mode

__all__ = ["COUNTERS", "Engine", "Error", "LoadTarget", "MachineConfig", "Rounding", "Space"]

#: What a machine counts from the start of a program to its end, in clocks, with 32 bits each.
COUNTERS = {
    "cycles": "clocks of the program",
    "core": "clocks in which the core has a layer",
    "starved": "of these, clocks in which it would take a word of an image, also of the next "
    "layer's, and there is none",
    "blocked": "clocks in which a result word waits to be stored",
    "load": "words that LOAD has brought",
    "fetch": "words that FETCH has brought",
    "store": "words that STORE and SCATTER have written",
    "outer_reads": "words that the memory outside has given, the program's included",
    "outer_writes": "words that it has taken",
    "operands": "words of second operands that FETCH has brought",
}


class Engine(StrEnum):
    """What executes instructions, each kind in the order of the program.

    ``load`` fills the core's weights, parameters and step table and the lookup tables; ``fetch``
    reads images and second operands, ``compute`` makes results of images, and ``store`` writes
    these, or what the elementwise pass makes of them and of second operands.
    """

    LOAD = "load"
    FETCH = "fetch"
    COMPUTE = "compute"
    STORE = "store"


class Space(IntEnum):
    """The top bit of an address: memory outside, or the tensor memory on the chip."""

    OUTER = 0
    TENSOR = 1


class LoadTarget(IntEnum):
    """What a LOAD fills: ``WEIGHTS`` in beats of one column's lanes, ``PARAMETERS`` in output
    channels, ``TABLE`` in steps, ``LOOKUP`` in entries of the elementwise tables."""

    WEIGHTS = 0
    PARAMETERS = 1
    TABLE = 2
    LOOKUP = 3


class Rounding(IntEnum):
    """How an elementwise sum becomes an integer: its ties go up, away from zero, or to the even
    integer."""

    UP = 0
    AWAY = 1
    EVEN = 2


class Error(IntEnum):
    """Why a run ended: ``DONE`` is no error.

    ``OPCODE`` is an instruction that there is none of, ``WAIT`` one that waits for an instruction
    that has not come before it, ``STUCK`` one that moved nothing for
    ``MachineConfig.patience`` clocks while others waited for it.
    """

    DONE = 0
    OPCODE = 1
    WAIT = 2
    STUCK = 3


@dataclass(frozen=True, kw_only=True)
class MachineConfig:
    """An accelerator of one ``core``.

    ``tensor_words`` is the depth of the tensor memory, a multiple of 64, 0 for none;
    ``address_bits`` count words of the memory outside. ``queue`` instructions wait at each engine,
    ``fetch_words`` of an image in front of the core. The elementwise pass looks up
    ``elementwise_lanes`` bytes a clock, in as many copies of its tables; 0 leaves it out. A machine
    in which nothing moves for ``patience`` clocks ends with an error.

    Raises ``TypeError`` or ``ValueError`` for values out of range.
    """

    name: str
    core: AcceleratorConfig
    tensor_words: int = 4096
    address_bits: int = 24
    queue: int = 4
    fetch_words: int = 64
    elementwise_lanes: int = 4
    patience: int = 1 << 20

    def __post_init__(self) -> None:
        instance("name", self.name, str)
        if instance("core", self.core, AcceleratorConfig).narrow:
            raise ValueError(f"core must be a wide one, not {self.core.name}: it has no machine")
        if self.tensor_words:
            integer("tensor_words", self.tensor_words, 64, 1 << 16)
            if self.tensor_words % 64:
                raise ValueError(f"tensor_words must be a multiple of 64, not {self.tensor_words}")
        integer("address_bits", self.address_bits, 16, 28)
        one_of("queue", self.queue, (2, 4, 8))
        power_of_two("fetch_words", self.fetch_words, 16, 1024)
        if self.elementwise_lanes:
            power_of_two("elementwise_lanes", self.elementwise_lanes, 1, self.word_bytes)
        integer("patience", self.patience, 1 << 10, 1 << 30)

    @property
    def tensor_address_bits(self) -> int:
        """Bits of an address in the tensor memory."""
        return max(1, (self.tensor_words - 1).bit_length())

    @property
    def word_bytes(self) -> int:
        """Bytes of a word."""
        return self.core.array.lanes

    @property
    def digest(self) -> str:
        """Twelve hexadecimal digits over every value but the names."""
        values = asdict(self)
        del values["name"]
        values["core"] = self.core.digest
        text = json.dumps(values, sort_keys=True, default=int)
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def with_modes(self, modes: Iterable[Mode]) -> "MachineConfig":
        """The same with a core that has all of ``modes``."""
        return replace(self, core=self.core.with_modes(modes))

    def words(self, size: int) -> int:
        """Words of ``size`` bytes, the last one filled up."""
        return -(-size // self.word_bytes)
