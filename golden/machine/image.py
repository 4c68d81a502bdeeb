# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The image of a layer as its reads find it in the line buffer."""

from collections.abc import Collection, Iterator, Mapping
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from macaw.arch import AcceleratorConfig
from macaw.arch.core import SIZE_BITS, step_fields
from macaw.golden.machine.errors import MachineError
from macaw.golden.machine.walk import Group, Read, Walk
from macaw.golden.machine.words import Words

__all__ = ["ImageReader"]

_BANKS = 4

#: Bits of a row's number, padding included, beside its sign.
_ROW_BITS = SIZE_BITS + 1

#: Activations that are looked at together.
_TILE_VALUES = 1 << 22


class ImageReader:
    """Reads of all pixels of some result rows at once.

    ``words`` is the image stream, height * (row_words + 1) words; inside, bytes are int8 and
    padding holds the input's zero point.

    Raises `MachineError` for a ring that the line buffer does not hold or whose rows the layer
    would wait for in vain, for offsets that do not fit their field, and for bytes that are not
    known.
    """

    def __init__(
        self,
        config: AcceleratorConfig,
        layer: Mapping[str, int],
        walk: Walk,
        words: Words,
    ) -> None:
        self._layer = layer
        self._walk = walk
        self._lanes = lanes = config.array.lanes
        row_bytes = (layer["row_words"] + 1) * lanes
        if layer["row_bytes"] > row_bytes:
            raise MachineError(
                f"row_bytes must be at most those of row_words ({row_bytes}), "
                f"not {layer['row_bytes']}"
            )
        if not layer["height"]:
            raise MachineError("height must be at least 1, not 0")
        self._check_ring(config)
        self._tops = (
            np.arange(layer["output_rows"] + 1) * layer["row_stride"] - layer["padding_top"]
        )
        last_bottom = int(self._tops[-1]) + layer["extent"]
        if last_bottom >= 1 << _ROW_BITS:
            raise MachineError(
                f"image rows must be below {1 << _ROW_BITS}, not up to {last_bottom}"
            )
        reads = [*walk.prologue, *walk.body]
        [field] = [field for field in step_fields(config) if field.name == "offset"]
        first = min(group.position for group in walk.groups)
        last = max(group.position for group in walk.groups)
        last += (walk.pixels - 1) * layer["pixel_step"]
        self._first_byte = first + min(read.offset for read in reads)
        last_byte = last + max(read.offset for read in reads)
        for offset in (self._first_byte, last_byte):
            if not field.minimum <= offset <= field.maximum:
                raise MachineError(
                    f"byte offsets must be in {field.minimum} ... {field.maximum}, not {offset}"
                )
        self._padded = self._pad(words, reads, last_byte + lanes)

    def _check_ring(self, config: AcceleratorConfig) -> None:
        layer = self._layer
        pitch, rows, words = layer["pitch"], layer["ring_rows"], layer["ring_words"]
        if pitch * rows != words or not 0 < words <= config.memory.activation_words:
            raise MachineError(
                f"ring_words must be ring_rows of a pitch ({rows} * {pitch}), and at most "
                f"{config.memory.activation_words}, not {words}"
            )
        base = layer["ring_base"]
        if base % _BANKS or base + words > config.memory.activation_words:
            raise MachineError(
                f"ring_base must be a multiple of {_BANKS} and leave room for ring_words ({words}) "
                f"below {config.memory.activation_words}, not {base}"
            )
        if pitch <= layer["row_words"]:
            raise MachineError(
                f"pitch must be at least the words of a row ({layer['row_words'] + 1}), not {pitch}"
            )
        inner = ("row_start", "row_step", "next_row", "second_row", "third_row")
        places = {name: layer[name] for name in inner}
        places |= {"row_words of a step": max(read.row_words for read in self._walk.body)}
        for name, place in places.items():
            if place >= words:
                raise MachineError(f"{name} must be below ring_words ({words}), not {place}")
        needed = min(layer["extent"], layer["height"])
        if rows < needed:
            raise MachineError(f"ring_rows must hold the {needed} rows of a kernel, not {rows}")

    def _pad(self, words: Words, reads: list[Read], last_byte: int) -> NDArray[np.int8]:
        """Rows and bytes from the first to the last that any read meets, padding included."""
        layer = self._layer
        height, row_bytes = layer["height"], layer["row_bytes"]
        self._first_row = min(int(self._tops[0]), 0)
        rows = max(read.row for read in reads) + (_BANKS - 1) * layer["dilation"] + 1
        last_row = max(int(self._tops[-1]) + rows, height)
        first_byte = self._first_byte = min(self._first_byte, 0)
        size = (last_row - self._first_row, max(last_byte, row_bytes) - first_byte)
        padded = np.full(size, layer["input_zero_point"], np.int8)
        unknown = ~words.known.reshape(height, -1)[:, :row_bytes].all(axis=1)
        if unknown.any():
            row = int(np.flatnonzero(unknown)[0])
            raise MachineError(f"all bytes of image row {row} must have been written")
        image = words.data.reshape(height, -1)[:, :row_bytes]
        if layer["input_unsigned"]:
            image = image ^ np.uint8(0x80)
        padded[-self._first_row :][:height, -first_byte:][:, :row_bytes] = image.view(np.int8)
        return padded

    def run(
        self, rows: slice, group: Group, read: Read, index: int = 0, pixels: int | None = None
    ) -> NDArray[np.int8]:
        """What ``read`` finds in its row ``index`` (0 ... 3) for ``pixels`` pixels of ``group``,
        by default all: a view (result rows, pixels, lanes)."""
        layer = self._layer
        tops = self._tops[rows]
        top = int(tops[0]) + read.row + index * layer["dilation"] - self._first_row
        byte = group.position + read.offset - self._first_byte
        row_bytes = self._padded.shape[1]
        count = self._walk.pixels if pixels is None else pixels
        return np.lib.stride_tricks.as_strided(
            self._padded[top:, byte:],
            (len(tops), count, self._lanes),
            (layer["row_stride"] * row_bytes, layer["pixel_step"], 1),
            writeable=False,
        )

    def tiles(self, row_values: int) -> Iterator[slice]:
        """The result rows in parts, in which ``row_values`` values a row are not too many."""
        rows, tile = self._layer["output_rows"] + 1, max(1, _TILE_VALUES // row_values)
        for first in range(0, rows, tile):
            yield slice(first, min(first + tile, rows))

    def check(self, read: Read, rows: Collection[int]) -> None:
        """Refuse a read of which the line buffer would not bring all of ``rows`` (0 ... 3).

        Raises `MachineError` for ring addresses that are not those of the image rows, for rows
        that are not waited for, and for rows that cannot be read in one clock.
        """
        for index in rows:
            self._check_row(read, index)
        four = "four" in read.flags
        addresses = np.stack([self._addresses(read, index) for index in sorted(rows)], axis=-1)
        words = addresses[..., None] + np.arange(1 if four else 2)
        for one, other in combinations(words.reshape(len(words), -1).T, 2):
            if ((one != other) & (one % _BANKS == other % _BANKS)).any():
                raise MachineError(f"the {len(rows)} rows of a read must lie in banks of their own")
        places = [group.position + read.offset for group in self._walk.groups]
        few = all(group.channels <= self._lanes // 2 for group in self._walk.groups)
        unit = self._lanes // 2 if few else self._lanes
        if four and any(place % unit for place in (*places, self._layer["pixel_step"])):
            raise MachineError(f"four rows must be read at multiples of {unit} bytes")

    def _check_row(self, read: Read, index: int) -> None:
        layer = self._layer
        distance = read.row + index * layer["dilation"]
        numbers = self._tops + distance
        inside = (numbers >= 0) & (numbers < layer["height"])
        if inside.any() and distance >= layer["extent"]:
            raise MachineError(
                f"a read of kernel row {distance} must be within extent ({layer['extent']})"
            )
        found = self._addresses(read, index)
        wanted = numbers % layer["ring_rows"] * layer["pitch"]
        wrong = np.flatnonzero(inside & (found != wanted))
        if len(wrong):
            place = int(wrong[0])
            raise MachineError(
                f"image row {numbers[place]} must be read from word {wanted[place]} of the ring, "
                f"not {found[place]}"
            )

    def _addresses(self, read: Read, index: int) -> NDArray[np.int64]:
        """The ring address of row ``index`` of ``read``, for each result row."""
        layer = self._layer
        start = layer["row_start"] + np.arange(layer["output_rows"] + 1) * layer["row_step"]
        further = (0, layer["next_row"], layer["second_row"], layer["third_row"])[index]
        return np.asarray((start + read.row_words + further) % layer["ring_words"], np.int64)
