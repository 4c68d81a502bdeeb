# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""What the narrow core's fields and its step table mean, in plain Python: a program's sums, and a
check of every read's place in the row buffer."""

import numpy as np
from compiler_machine import Machine

from macaw.compiler.conv2d import Conv2dProgram


class NarrowMachine(Machine):
    """Executes descriptor, table and weights of a program for a narrow core; of the layer it knows
    nothing else."""

    def __init__(self, program: Conv2dProgram, image: np.ndarray):
        super().__init__(program, image)
        self.memory_words = program.config.memory.activation_words

    def split(self, table: tuple[dict[str, int], ...]) -> tuple:
        """Nothing is ahead of a row's first pixel, and a pixel's last entry ends the table."""
        assert [bool(entry["last"]) for entry in table] == [False] * (len(table) - 1) + [True]
        return (), table

    def check_place(self, output_row: int, entry: dict[str, int]) -> int:
        """The image row of an entry, which stands where the ring's address says."""
        fields = self.fields
        pitch = fields["row_words"] + 1
        row = output_row * fields["row_stride"] - fields["padding_top"] + entry["row"]
        assert 0 <= entry["row"] < fields["extent"]
        assert min(fields["extent"], fields["height"]) <= fields["ring_rows"]
        assert fields["ring_rows"] * pitch <= self.memory_words
        address = fields["row_start"] + output_row * fields["row_step"] + entry["row_words"]
        if 0 <= row < fields["height"]:
            assert (address - row * pitch) % self.memory_words == 0
        return row

    def run(self) -> np.ndarray:
        """int64 [output rows, pixels, channels]: sums over the int8 image."""
        return np.array([self._row(row) for row in range(self.fields["output_rows"] + 1)])

    def _row(self, output_row: int) -> np.ndarray:
        fields, lanes = self.fields, self.array.lanes
        result, base = [], 0
        for position, channels in self.groups():
            pixels = []
            for pixel in range(fields["pixels"] + 1):
                index = base
                sums = np.full(lanes if fields["window"] else self.array.columns, 1 << 40)
                for entry in self.body:
                    row = self.check_place(output_row, entry)
                    for read in range(entry["count"] + 1):
                        offset = position + pixel * fields["pixel_step"] + entry["offset"]
                        taps = self.read(row, offset + read * entry["stride"], lanes)
                        if entry["first"] and read == 0:
                            sums[:] = 0
                        sums += self._found(self.word(index) * taps)
                        index += 1
                pixels.append(sums[:channels])
            base = index
            result.append(pixels)
        return np.concatenate(result, axis=1)

    def _found(self, products: np.ndarray) -> np.ndarray:
        """The columns' sums; in window mode the sums of two neighbouring lanes each, from the
        columns 0 and 1 in turn."""
        if not self.fields["window"]:
            return products.sum(axis=1)
        lane = np.arange(self.array.lanes)
        return products[lane % 2, lane] + products[lane % 2, lane ^ 1]
