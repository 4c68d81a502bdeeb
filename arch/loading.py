# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""How what LOAD brings stands in memory: which unit of its target each word is, or is part of."""

from dataclasses import dataclass

from macaw.arch.core import Field, parameter_fields, step_fields
from macaw.arch.instructions import LOOKUP_BITS
from macaw.arch.machine import LoadTarget, MachineConfig

__all__ = ["LoadFormat", "load_format", "pack_units"]


@dataclass(frozen=True, kw_only=True)
class LoadFormat:
    """Of one target: a unit of ``bits`` bits fills ``words`` words, or ``units`` units one word;
    one of the two is 1. The last word of either is filled up with zeros. ``capacity`` counts the
    units of the target."""

    bits: int
    words: int
    units: int
    capacity: int


def load_format(config: MachineConfig, target: LoadTarget) -> LoadFormat:
    """How the units of ``target`` stand in memory."""
    core, word = config.core, 8 * config.word_bytes
    match target:
        case LoadTarget.WEIGHTS:
            capacity = core.memory.weight_words * core.array.columns
            return LoadFormat(bits=word, words=1, units=1, capacity=capacity)
        case LoadTarget.PARAMETERS:
            bits, capacity = _bits(parameter_fields(core)), core.memory.parameter_entries
        case LoadTarget.TABLE:
            bits, capacity = _bits(step_fields(core)), core.memory.step_entries
        case LoadTarget.LOOKUP:
            units = word // LOOKUP_BITS
            return LoadFormat(bits=LOOKUP_BITS, words=1, units=units, capacity=512)
    return LoadFormat(bits=bits, words=-(-bits // word), units=1, capacity=capacity)


def pack_units(config: MachineConfig, target: LoadTarget, units: list[int]) -> bytes:
    """The words of ``units``, each given by its bits as an unsigned number."""
    form, size = load_format(config, target), config.word_bytes
    if form.units == 1:
        return b"".join(unit.to_bytes(form.words * size, "little") for unit in units)
    words = bytearray()
    for first in range(0, len(units), form.units):
        word = sum(
            unit << (form.bits * place)
            for place, unit in enumerate(units[first : first + form.units])
        )
        words += word.to_bytes(size, "little")
    return bytes(words)


def _bits(fields: tuple[Field, ...]) -> int:
    return sum(each.bits for each in fields)
