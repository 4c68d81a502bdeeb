# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Operations of the elementwise pass at random, and what they give, in whole numbers."""

import math
import random
from fractions import Fraction

from macaw.arch.instructions import LOOKUP_BITS, LOOKUP_FRACTION
from macaw.arch.machine import MachineConfig, Rounding
from macaw.hw.elementwise import operation_layout

LOWEST, HIGHEST = -(1 << (LOOKUP_BITS - 1)), (1 << (LOOKUP_BITS - 1)) - 1
ONE = 1 << LOOKUP_FRACTION


def nearest(value: Fraction, rounding: Rounding) -> int:
    """The integer next to ``value``."""
    down = math.floor(value)
    distance = value - down
    if distance != Fraction(1, 2):
        return down + (distance > Fraction(1, 2))
    up = down + 1
    return {
        Rounding.UP: up,
        Rounding.AWAY: up if value > 0 else down,
        Rounding.EVEN: up if up % 2 == 0 else down,
    }[rounding]


def result_byte(entries: list[int], fields: dict[str, int], *, nearest=nearest) -> int:
    """The byte, as it stands in memory, of the sum of ``entries``."""
    rounded = nearest(Fraction(sum(entries), ONE), Rounding(fields["rounding"]))
    bounded = max(fields["minimum"], min(fields["maximum"], rounded + fields["zero_point"]))
    return (bounded & 0xFF) ^ (0x80 * fields["output_unsigned"])


def random_entry(generator: random.Random) -> int:
    """Often a tie, or next to one; often at an end of its range, or far outside of a byte."""
    kind = generator.random()
    if kind < 0.1:
        return generator.choice([LOWEST, HIGHEST, LOWEST + 1, HIGHEST - 1])
    if kind < 0.2:
        return generator.randint(LOWEST, HIGHEST)
    whole = generator.choice(
        [-257, -256, -255, -1, 0, 1, 254, 255, 256, generator.randint(-99, 99)]
    )
    part = generator.choice([0, ONE // 2, ONE // 4, generator.randrange(ONE)])
    return whole * ONE + part + generator.choice([0, 0, 0, -1, 1])


def random_tables(generator: random.Random) -> list[int]:
    """Of both operands, 512 entries. Half of the tables hold whole numbers and halves only, so
    that every other sum is a tie."""
    if generator.random() < 0.5:
        return [generator.randint(-300, 300) * (ONE // 2) for _ in range(512)]
    return [random_entry(generator) for _ in range(512)]


def random_operation(generator: random.Random, config: MachineConfig, *, count: int) -> dict:
    """What the bench drives, with the ``results`` to be expected: of new tables, or none."""
    minimum, maximum = sorted(generator.randint(-128, 127) for _ in range(2))
    if generator.random() < 0.5:
        minimum, maximum = -128, 127
    fields = {
        "operands": generator.choice([1, 2]),
        "count": count,
        "rounding": generator.choice(list(Rounding)),
        "zero_point": generator.choice([-128, -1, 0, 1, 127, generator.randint(-128, 127)]),
        "minimum": minimum,
        "maximum": maximum,
        "output_unsigned": generator.randrange(2),
    }
    words = [
        [int.from_bytes(generator.randbytes(config.word_bytes), "little") for _ in range(number)]
        for number in (count, count * (fields["operands"] - 1))
    ]
    return {
        "fields": fields,
        "word": operation_layout().const(fields).as_bits(),
        "first": words[0],
        "second": words[1],
    }


def expected(operation: dict, tables: list[int], size: int, **changes) -> list[int]:
    """The result words of ``size`` bytes."""
    fields, found = operation["fields"], []
    operands = (operation["first"], operation["second"])[: fields["operands"]]
    for each in zip(*operands, strict=True):
        words = [word.to_bytes(size, "little") for word in each]
        result = bytes(
            result_byte(
                [tables[256 * operand + byte] for operand, byte in enumerate(pair)],
                fields,
                **changes,
            )
            for pair in zip(*words, strict=True)
        )
        found.append(int.from_bytes(result, "little"))
    return found
