# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""What each kind of instruction does, and which units of which memory it reads and writes."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from macaw.arch.instructions import Opcode
from macaw.arch.machine import Engine, LoadTarget, MachineConfig, Space
from macaw.golden.machine.conv import (
    check_apart,
    conv,
    conv_use,
    image_words,
    table_use,
    taken_words,
)
from macaw.golden.machine.elementwise import TABLE_ENTRIES, elementwise
from macaw.golden.machine.errors import MachineError
from macaw.golden.machine.memories import CoreMemories, WordMemory
from macaw.golden.machine.races import Accesses
from macaw.golden.machine.schedule import Site
from macaw.golden.machine.words import Words

__all__ = ["Execution"]

_UNITS = {
    LoadTarget.WEIGHTS: "weight beat",
    LoadTarget.PARAMETERS: "parameter entry",
    LoadTarget.TABLE: "step",
    LoadTarget.LOOKUP: "lookup entry",
}


class Execution:
    """One run of a program, which stands in words ``program`` of the memory outside and has the
    ``sites`` of each engine."""

    def __init__(
        self,
        config: MachineConfig,
        *,
        core: CoreMemories,
        memories: Mapping[Space, WordMemory],
        program: slice,
        sites: Mapping[Engine, list[Site]],
    ) -> None:
        self._config = config
        self._core = core
        self._memories = memories
        self._program = program
        self._sites = sites
        self._accesses = {
            space: Accesses(len(memory.written)) for space, memory in memories.items()
        }
        self._loads = {target: Accesses(len(written)) for target, written in core.written.items()}
        # What the last FETCH has brought for the store engine.
        self._second = Words.none(0, config.word_bytes)
        # Which words of the tensor memory it has read, of its image in their order and of the
        # second operand; words of the memory outside have negative numbers. And for each word of
        # the result, how many of the image's have been taken before.
        self._read_inside: list[NDArray[np.int64]] = []
        self._taken = np.zeros(0, np.int64)

    def step(self, site: Site, words: Words | None) -> Words:
        """Executes one instruction, with the words that come to it from the one before it on its
        stream; gives those that it has brought, made or stored.

        Raises `MachineError`, without the instruction's name.
        """
        values = site.instruction.values
        match site.instruction.opcode:
            case Opcode.LOAD:
                return self._load(site, values)
            case Opcode.FETCH:
                return self._fetch(site, values)
        assert words is not None  # it has a FETCH before it
        match site.instruction.opcode:
            case Opcode.CONV:
                return self._conv(site, values, words)
            case Opcode.COPY:
                _expect(words, values["count"])
                self._taken = np.arange(1, len(words) + 1)
                return words
        _expect(words, values["count"])
        words = self._elementwise(site, values, words)
        if site.instruction.opcode == Opcode.STORE:
            self._store(site, values["address"], words)
        else:
            self._scatter(site, values, words)
        return words

    # Memories of words

    def _place(self, address: int, count: int, *, unit: int = 1) -> tuple[Space, int]:
        """Space and first word (or byte, with ``unit`` bytes a word) of ``count`` ones."""
        space, first = divmod(address, unit << self._config.address_bits)
        limit = len(self._memories[Space(space)].written) * unit
        if first + count > limit:
            raise MachineError(
                f"it must stay below {limit:#x} of {Space(space).name.lower()} memory, "
                f"not reach {first + count - 1:#x}"
            )
        return Space(space), first

    def _read(self, site: Site, address: int, places: NDArray[np.int64]) -> Words:
        """Words ``places``, counted from ``address`` on, in ascending order."""
        space, first = self._place(address, int(places[-1]) + 1 if len(places) else 0)
        name = space.name.lower()
        words = self._memories[space].read(first + places, name)
        race = self._accesses[space].read(site, first + places)
        self._refuse_race(race, f"{name} word")
        return words

    def _note_write(self, site: Site, space: Space, words: Any) -> None:
        if space == Space.OUTER:
            touched = np.arange(len(self._memories[space].written))[words]
            inside = (touched >= self._program.start) & (touched < self._program.stop)
            if inside.any():
                raise MachineError(
                    f"it must leave outer word {touched[inside][0]:#x} alone, "
                    "where the program stands"
                )
        race = self._accesses[space].write(site, words)
        self._refuse_race(race, f"{space.name.lower()} word")

    def _refuse_race(self, race: tuple[Engine, int, int] | None, unit: str) -> None:
        if race is not None:
            engine, place, number = race
            other = self._sites[engine][place]
            raise MachineError(
                f"it must be in order with instruction {other.index} "
                f"({other.instruction.opcode.name}), which uses {unit} {number:#x} too: "
                f"wait for {place + 1} {engine} instructions before one of them"
            )

    # LOAD

    def _load(self, site: Site, values: Mapping[str, int]) -> Words:
        target = LoadTarget(values["target"])
        units = self._core.units(target, values["start"], values["count"])
        if values["address"] >> self._config.address_bits != Space.OUTER:
            raise MachineError("it must load from the memory outside, not from tensor memory")
        words = self._read(site, values["address"], np.arange(values["count"]))
        if not words.known.all():
            raise MachineError("all bytes that it loads must have been written")
        race = self._loads[target].write(site, units)
        self._refuse_race(race, _UNITS[target])
        self._core.load(target, values["start"], words.data)
        return words

    def _use(self, site: Site, target: LoadTarget, units: Any) -> None:
        self._core.require(target, units, _UNITS[target])
        self._refuse_race(self._loads[target].read(site, units), _UNITS[target])

    # FETCH and compute instructions

    def _fetch(self, site: Site, values: Mapping[str, int]) -> Words:
        if values["follows"]:
            self._check_followed(site)
        head = values["head"] * values["run"] or values["count"]
        counts = min(head, values["count"]), max(values["count"] - head, 0)
        spans = [
            (address, _places(count, values[f"{prefix}run"], values[f"{prefix}skip"]))
            for address, count, prefix in (
                (values["address"], counts[0], ""),
                (values["tail_address"], counts[1], ""),
                (values["second_address"], values["second_count"], "second_"),
            )
        ]
        *image, self._second = (self._read(site, *each) for each in spans)
        inside = Space.TENSOR << self._config.address_bits
        *read, second = (address - inside + places for address, places in spans)
        self._read_inside = [np.concatenate(read), second]
        return Words.joined(image)

    def _check_followed(self, site: Site) -> None:
        number = site.instruction.after.get(Engine.STORE, 0)
        if not number:
            raise MachineError("it must wait for a STORE to follow, not for none")
        store = self._sites[Engine.STORE][number - 1]
        opcode, address = store.instruction.opcode, store.instruction.values["address"]
        if opcode != Opcode.STORE or address >> self._config.address_bits != Space.TENSOR:
            raise MachineError(
                "it must follow a STORE to tensor memory, not "
                f"instruction {store.index} ({opcode.name}): wait until that is complete"
            )

    def _conv(self, site: Site, values: Mapping[str, int], words: Words) -> Words:
        _expect(words, image_words(values))
        core = self._core.core
        before = self._sites[Engine.COMPUTE][: site.place][-1:]
        if values["ahead"] and before and before[0].instruction.opcode == Opcode.CONV:
            check_apart(values, before[0].instruction.values)
        self._use(site, LoadTarget.TABLE, table_use(core, values))
        self._taken = taken_words(values)
        use = conv_use(core, values)
        self._use(site, LoadTarget.WEIGHTS, use.weights)
        self._use(site, LoadTarget.PARAMETERS, use.parameters)
        return conv(core, values, words)

    # STORE and SCATTER

    def _elementwise(self, site: Site, values: Mapping[str, int], words: Words) -> Words:
        """What is written of these words: they themselves, or what the tables make of them."""
        number = values["operands"]
        if number > 2:
            raise MachineError(f"its operands must be at most 2, not {number}")
        if number and not self._config.elementwise_lanes:
            raise MachineError(
                f"the elementwise pass must be built into {self._config.name}: "
                "set elementwise_lanes"
            )
        second = len(words) if number == 2 else 0
        if len(self._second) != second:
            raise MachineError(
                f"its FETCH must bring {second} words of a second operand, not {len(self._second)}"
            )
        if not number:
            return words
        race = self._loads[LoadTarget.LOOKUP].read(site, slice(0, number * TABLE_ENTRIES))
        self._refuse_race(race, _UNITS[LoadTarget.LOOKUP])
        written = self._core.written[LoadTarget.LOOKUP]
        return elementwise(values, self._core.lookup, written, (words, self._second)[:number])

    def _store(self, site: Site, address: int, words: Words) -> None:
        space, first = self._place(address, len(words))
        if space == Space.TENSOR:
            self._forget_taken(first, len(words))
        self._note_write(site, space, slice(first, first + len(words)))
        self._memories[space].write(first, words)

    def _forget_taken(self, first: int, count: int) -> None:
        """What a STORE to tensor memory overwrites of its own image is in order, once that has been
        taken; of what is read as the second operand, too, that is not known."""
        image, second = self._read_inside
        number = image - first
        over = np.flatnonzero((number >= 0) & (number < count))
        taken = over[over < self._taken[number[over]]]
        if len(taken):
            units = np.setdiff1d(image[taken], second)
            self._accesses[Space.TENSOR].forget(Engine.FETCH, units)

    def _scatter(self, site: Site, values: Mapping[str, int], words: Words) -> None:
        rows, pixels, size = values["rows"], values["pixels"], values["pixel_bytes"]
        length, word_bytes = pixels * size, self._config.word_bytes
        if len(words) != rows * self._config.words(length):
            raise MachineError(
                f"its count must be the {rows * self._config.words(length)} words of its rows, "
                f"not {len(words)}"
            )
        if not rows * length:
            return
        reach = (rows - 1) * values["row_pitch"] + (pixels - 1) * values["pixel_pitch"] + size
        space, first = self._place(values["address"], reach, unit=word_bytes)
        places = (
            first
            + np.arange(rows)[:, None, None] * values["row_pitch"]
            + np.arange(pixels)[:, None] * values["pixel_pitch"]
            + np.arange(size)
        ).reshape(-1)
        self._note_write(site, space, np.unique(places // word_bytes))
        run = Words(
            data=words.data.reshape(rows, -1)[:, :length].reshape(-1),
            known=words.known.reshape(rows, -1)[:, :length].reshape(-1),
        )
        self._memories[space].scatter(places, run)


def _places(count: int, run: int, skip: int) -> NDArray[np.int64]:
    """Words in runs, counted from the first one on."""
    if count and not run:
        raise MachineError("its runs must have a word or more")
    places = np.arange(count)
    return places + places // max(run, 1) * skip


def _expect(words: Words, count: int) -> None:
    if len(words) != count:
        raise MachineError(f"it must be given the {count} words that it takes, not {len(words)}")
