# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The memories of a machine: two of words, and those that LOAD fills."""

import numpy as np
from numpy.typing import NDArray

from macaw.arch.core import Field, parameter_fields, step_fields
from macaw.arch.loading import load_format
from macaw.arch.machine import LoadTarget, MachineConfig
from macaw.golden.machine.conv import Core
from macaw.golden.machine.errors import MachineError
from macaw.golden.machine.words import Words

__all__ = ["CoreMemories", "WordMemory"]


class WordMemory:
    """A memory of ``words`` words of ``size`` bytes, of which nothing is written."""

    def __init__(self, words: int, size: int) -> None:
        self.content = Words.none(words, size)
        self.written = np.zeros(words, np.bool_)

    def write(self, first: int, words: Words) -> None:
        """Writes ``words`` from word ``first`` on."""
        self.content.data[first : first + len(words)] = words.data
        self.content.known[first : first + len(words)] = words.known
        self.written[first : first + len(words)] = True

    def scatter(self, places: NDArray[np.int64], run: Words) -> None:
        """Writes bytes, of which ``places`` has the addresses, in their order."""
        self.content.data.reshape(-1)[places] = run.data
        self.content.known.reshape(-1)[places] = run.known
        self.written[np.unique(places // self.content.data.shape[1])] = True

    def read(self, words: NDArray[np.int64], what: str) -> Words:
        """The words at ``words``; `MachineError`, which names ``what``, where nothing has written
        one."""
        missing = words[~self.written[words]]
        if len(missing):
            raise MachineError(f"{what} word {missing[0]:#x} must have been written")
        return Words(data=self.content.data[words], known=self.content.known[words])


class CoreMemories:
    """Weights, parameters, step table and lookup tables; ``written`` says by target which of
    their units are."""

    def __init__(self, config: MachineConfig) -> None:
        self._config = config
        core = config.core
        array, memory = core.array, core.memory
        self._table: list[dict[str, int]] = [
            dict.fromkeys((field.name for field in step_fields(core)), 0)
            for _ in range(memory.step_entries)
        ]
        self._weights = np.zeros((memory.weight_words * array.columns, array.lanes), np.int8)
        self._parameters = {
            field.name: np.zeros(memory.parameter_entries, np.int64)
            for field in parameter_fields(core)
        }
        self.lookup = np.zeros(load_format(config, LoadTarget.LOOKUP).capacity, np.int64)
        self.written = {
            target: np.zeros(load_format(config, target).capacity, np.bool_)
            for target in LoadTarget
        }

    @property
    def core(self) -> Core:
        """What the core sees."""
        array = self._config.core.array
        return Core(
            config=self._config.core,
            weights=self._weights.reshape(-1, array.columns, array.lanes),
            parameters=self._parameters,
            table=self._table,
        )

    def units(self, target: LoadTarget, start: int, words: int) -> slice:
        """The units that ``words`` words fill from unit ``start`` on; `MachineError` for a part
        of a unit, and for units that the target has not."""
        form = load_format(self._config, target)
        if words % form.words:
            raise MachineError(
                f"words of {target.name.lower()} must be a multiple of {form.words}, not {words}"
            )
        stop = start + words // form.words * form.units
        if stop > form.capacity:
            raise MachineError(
                f"units of {target.name.lower()} must be below {form.capacity}, "
                f"not up to {stop - 1}"
            )
        return slice(start, stop)

    def load(self, target: LoadTarget, start: int, data: NDArray[np.uint8]) -> None:
        """Fills units from ``start`` on with words, uint8 (words, bytes of a word)."""
        units = self.units(target, start, len(data))
        if not len(data):
            return
        form, core = load_format(self._config, target), self._config.core
        match target:
            case LoadTarget.WEIGHTS:
                self._weights[units] = data.view(np.int8)
            case LoadTarget.PARAMETERS:
                for index, unit in enumerate(_units(data, form.words)):
                    for name, value in _values(parameter_fields(core), unit).items():
                        self._parameters[name][start + index] = value
            case LoadTarget.TABLE:
                for index, unit in enumerate(_units(data, form.words)):
                    self._table[start + index] = _values(step_fields(core), unit)
            case LoadTarget.LOOKUP:
                self.lookup[units] = np.ascontiguousarray(data).view("<i4").reshape(-1)
        self.written[target][units] = True

    def require(self, target: LoadTarget, units: NDArray[np.int64], unit: str) -> None:
        """Refuse units that nothing has written, by `MachineError`."""
        missing = units[~self.written[target][units]]
        if len(missing):
            raise MachineError(f"{unit} {missing[0]} must have been loaded")


def _units(data: NDArray[np.uint8], words: int) -> list[int]:
    """Units of ``words`` words each, as unsigned numbers."""
    rows = data.reshape(len(data) // words, -1)
    return [int.from_bytes(row.tobytes(), "little") for row in rows]


def _values(fields: tuple[Field, ...], unit: int) -> dict[str, int]:
    values: dict[str, int] = {}
    for field in fields:
        value = unit & ((1 << field.bits) - 1)
        unit >>= field.bits
        values[field.name] = value - (1 << field.bits) * (value > field.maximum)
    return values
