# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""What the core's fields and its step table mean, in plain Python: a program's sums, and a check
of every read's place in the line buffer."""

import numpy as np

from macaw.arch.core import EXCESS
from macaw.compiler.conv2d import Conv2dProgram

BANKS = 4


class Machine:
    """Executes descriptor, table and weights of a program; of the layer it knows nothing else."""

    def __init__(self, program: Conv2dProgram, image: np.ndarray):
        self.fields = fields = program.descriptor
        self.array = program.config.array
        self.prologue, self.body = self.split(program.table)
        self.weights = program.weights.astype(np.int64)
        flat = image.reshape(fields["height"], fields["row_bytes"]).view(np.uint8)
        self.rows = (flat ^ (128 * fields["input_unsigned"])).view(np.int8).astype(np.int64)
        self.used_words: set[int] = set()

    def split(self, table: tuple[dict[str, int], ...]) -> tuple:
        """The entries ahead of a row's first pixel, and those of each pixel."""
        prologue = self.fields["prologue"]
        assert len(table) == prologue + self.fields["body"] + 1
        return table[:prologue], table[prologue:]

    def read(self, row: int, offset: int, count: int) -> np.ndarray:
        """``count`` bytes at ``offset`` of an image row, with padding around the image."""
        values = np.full(count, self.fields["input_zero_point"], np.int64)
        if 0 <= row < self.fields["height"]:
            first, last = max(offset, 0), min(offset + count, self.fields["row_bytes"])
            if first < last:
                values[first - offset : last - offset] = self.rows[row, first:last]
        return values

    def word(self, index: int) -> np.ndarray:
        index += self.fields["weight_start"]
        self.used_words.add(index)
        return self.weights[index]

    def check_banks(self, output_row: int, entry: dict[str, int], rows: int, words: int) -> None:
        """The image rows that a read wants stand where the ring's addresses say, and lie in
        banks of their own."""
        fields, ring = self.fields, self.fields["ring_words"]
        start = fields["row_start"] + output_row * fields["row_step"] + entry["row_words"]
        top = output_row * fields["row_stride"] - fields["padding_top"] + entry["row"]
        distances = [0, fields["next_row"], fields["second_row"], fields["third_row"]]
        wanted = []
        for index in range(rows):
            row = top + index * fields["dilation"]
            in_kernel = entry["row"] + index * fields["dilation"] < fields["extent"]
            if in_kernel and 0 <= row < fields["height"]:
                address = (start + distances[index]) % ring
                assert address == row * fields["pitch"] % ring
                wanted += [(address + word) % BANKS for word in range(words)]
        assert len(set(wanted)) == len(wanted), f"rows {rows}, words {words} collide"

    def groups(self):
        """(input position, output channels) of each column group."""
        fields = self.fields
        for outer in range(fields["outer_groups"] + 1):
            for inner in range(fields["inner_groups"] + 1):
                channels = fields["group_channels"]
                if inner == fields["inner_groups"]:
                    final = outer == fields["outer_groups"]
                    channels = fields["final_channels" if final else "inner_channels"]
                yield fields["position"] + outer * fields["group_step"], channels

    def run(self) -> np.ndarray:
        """int64 [output rows, pixels, channels]: sums over the int8 image, with the array's
        excess in window mode, zero points of the weights taken off."""
        one_row = self._window_row if self.fields["window"] else self._dense_row
        return np.array([one_row(row) for row in range(self.fields["output_rows"] + 1)])

    def _dense_row(self, output_row: int) -> np.ndarray:
        fields, lanes = self.fields, self.array.lanes
        assert not self.prologue
        top = output_row * fields["row_stride"] - fields["padding_top"]
        result, base = [], 0
        for position, channels in self.groups():
            pixels = []
            for pixel in range(fields["pixels"] + 1):
                index, complete = base, False
                sums = np.full(self.array.columns, 1 << 40)
                for entry in self.body:
                    row = top + entry["row"]
                    self.check_banks(output_row, entry, 1 + entry["paired"], 2)
                    for read in range(entry["count"] + 1):
                        offset = position + pixel * fields["pixel_step"] + entry["offset"]
                        offset += read * entry["stride"]
                        if entry["paired"]:
                            upper = self.read(row + fields["dilation"], offset, lanes // 2)
                            taps = np.append(self.read(row, offset, lanes // 2), upper)
                        else:
                            taps = self.read(row, offset, lanes)
                        if entry["first"] and read == 0:
                            sums[:] = 0
                        assert entry["evaluate"]
                        assert not complete
                        sums += (self.word(index) + EXCESS - fields["weight_offset"]) @ taps
                        index += 1
                        complete = bool(entry["last"]) and read == entry["count"]
                assert complete
                pixels.append(sums[:channels])
            base = base if fields["weights_shared"] else index
            result.append(pixels)
        return np.concatenate(result, axis=1)

    def _window_row(self, output_row: int) -> np.ndarray:
        fields, lanes = self.fields, self.array.lanes
        result, base = [], 0
        for position, channels in self.groups():
            window = np.full((4, self.array.window_columns, lanes), 1 << 40)
            pixels: list[np.ndarray] = []
            first = None
            for entry in self.prologue:
                assert not entry["evaluate"]
                window = self._window_entry(output_row, entry, position, window)
                first = window.copy() if entry["capture"] else first
            for pair in range(fields["pixels"] + 1):
                index, complete = base, False
                here = position + pair * fields["pixel_step"]
                sums = np.full((2, lanes), 1 << 40)
                for entry in self.body:
                    window = self._window_entry(output_row, entry, here, window)
                    if entry["evaluate"]:
                        assert not complete
                        assert first is not None
                        if entry["first"]:
                            sums[:] = 0
                        index = self._evaluate(index, (first, window), sums)
                        complete = bool(entry["last"])
                    first = window.copy() if entry["capture"] else first
                assert complete
                pixels += list(sums[:, :channels])
            base = base if fields["weights_shared"] else index
            result.append(pixels[: len(pixels) - fields["odd_width"]])
        return np.concatenate(result, axis=1)

    def _window_entry(self, output_row, entry, position, window):
        """The window behind an entry's reads."""
        fields, lanes = self.fields, self.array.lanes
        top = output_row * fields["row_stride"] - fields["padding_top"] + entry["row"]
        for read in range(entry["count"] + 1):
            offset = position + entry["offset"] + read * entry["stride"]
            runs = [self.read(top + i * fields["dilation"], offset, lanes) for i in range(4)]
            if entry["four"]:
                assert (
                    offset % (lanes if fields["final_channels"] > lanes // 2 else lanes // 2) == 0
                )
                self.check_banks(output_row, entry, 4, 1)
                newest = runs
            elif entry["high"]:
                self.check_banks(output_row, entry, 2, 2)
                newest = [*self.waiting, *runs[:2]]
            else:
                newest = [*runs[:2], *runs[:2]]
                self.waiting = runs[:2]
            if entry["shift"]:
                column = np.array(newest)[:, np.newaxis]
                window = np.concatenate([window[:, 1:], column], axis=1)
        return window

    def _evaluate(self, index, pixels, sums):
        half, lanes = self.array.pair_channels, self.array.lanes
        for phase in range(self.array.phases):
            word = self.word(index)
            for pixel, window in enumerate(pixels):
                for channel in range(half):
                    taps = window[:, :, phase * half + channel].reshape(lanes)
                    sums[pixel, phase * half + channel] += word[channel] @ (taps + EXCESS)
            index += 1
        return index
