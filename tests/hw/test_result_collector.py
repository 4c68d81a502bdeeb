# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The result collector writes every result of a row once, at its place."""

import dataclasses
import random

import numpy as np
import pytest
from layer_words import random_groups
from side_by_side import SideBySide

from macaw.arch import ArrayConfig, MemoryConfig, RequantizerConfig, preset
from macaw.arch.core import layer_fields
from macaw.hw.result_collector import ResultCollector
from macaw.sim.vectors import apply

SEED = 20261208
PLACES = ("finish", "group_end", "row_end")
VARIANTS = {
    "slow": (8, 4, 1), "even": (8, 4, 2), "fast": (8, 4, 4), "square": (8, 8, 8),
    "serial": (8, 4, 2, "serial"), "serial_in_one": (8, 2, 2, "serial"),
}  # fmt: skip


def configuration(lanes, columns, requantizer_lanes, multiplier="single"):
    return dataclasses.replace(
        preset("tiny"),
        array=ArrayConfig(lanes=lanes, columns=columns),
        requantizer=RequantizerConfig(lanes=requantizer_lanes, multiplier=multiplier),
        memory=MemoryConfig(result_words=256),
    )


class Stimuli:
    """Inputs clock by clock, and the rows of results that they make."""

    def __init__(self, config, seed):
        self._config = config
        self._random = random.Random(seed)
        self._layer = {}
        self.clocks, self.rows = [], []

    def _clock(self, results=None, *, start=False, last=None, place=None):
        generator = self._random
        lanes = self._config.requantizer.lanes
        noise = [generator.randint(-128, 127) for _ in range(lanes)]
        self.clocks.append(
            {
                "layer": self._layer,
                "start": int(start),
                "results": noise if results is None else results,
                "valid": int(results is not None),
                "last": generator.randint(0, 1) if last is None else int(last),
                "place": place or {name: generator.randint(0, 1) for name in PLACES},
            }
        )

    def idle(self, clocks):
        for _ in range(clocks):
            self._clock()

    def layer(self, window):
        """A layer of some rows; the groups of a row follow each other, their pixels as well."""
        generator, config = self._random, self._config
        groups, fields = random_groups(generator, config, window, outer=2)
        channels = sum(count for _, count in groups)
        width = generator.randint(1, 6)
        self.idle(8)
        self._layer = {**fields, "result_step": channels, "odd_width": width % 2}
        self.idle(2)
        self._clock()
        self._clock(start=True)
        for _ in range(generator.randint(1, 3)):
            row = np.full((width, channels), -1)
            for index, group in enumerate(groups):
                for x in range(0, width, 1 + window):
                    self._pixel(row, group, x, window, last_group=index == len(groups) - 1)
            self.rows.append(row.reshape(-1))

    def _pixel(self, row, group, x, window, *, last_group):
        """All evaluations of a pixel, or of a pair in window mode."""
        generator, config = self._random, self._config
        half, lanes = config.array.pair_channels, config.requantizer.lanes
        first, channels = group
        end = x + 1 + window >= len(row)
        phases = config.array.phases if window else 1
        for phase in range(phases):
            while generator.random() < 0.2:
                self._clock()
            values = [generator.randint(-128, 127) for _ in range(config.array.columns)]
            for column, value in enumerate(values):
                pixel, channel = divmod(column, half) if window else (0, column)
                channel += phase * half
                if channel < channels and x + pixel < len(row):
                    row[x + pixel, first + channel] = value & 0xFF
            place = {
                "finish": int(phase == phases - 1),
                "group_end": int(end),
                "row_end": int(end and last_group),
            }
            for start in range(0, len(values), lanes):
                last = start + lanes == len(values)
                self._clock(values[start : start + lanes], last=last, place=place)
                for _ in range(config.requantizer.interval - 1):
                    self._clock()

    def inputs(self):
        """The inputs as `macaw.sim.vectors.apply` takes them."""
        names = [field.name for field in layer_fields(self._config)]
        arrays = {
            name: np.array([clock[name] for clock in self.clocks])
            for name in ("start", "results", "valid", "last")
        }
        for name, fields in (("layer", names), ("place", PLACES)):
            arrays[name] = {
                field: np.array([clock[name].get(field, 0) for clock in self.clocks])
                for field in fields
            }
        return arrays


def written_rows(write_valid, write):
    """The rows that the writes make, each byte with the number of its writes."""
    row = {}
    for clock in np.flatnonzero(write_valid):
        address, count = int(write["address"][clock]), int(write["count"][clock])
        for byte in range(count):
            value, times = int(write["data"][clock][byte]), row.get(address + byte, (0, 0))[1]
            row[address + byte] = (value, times + 1)
        if write["row_end"][clock]:
            yield row
            row = {}
    if row:
        yield row


def check(configs, layers):
    stimuli = {name: Stimuli(config, f"{SEED} {name}") for name, config in configs.items()}
    for part in stimuli.values():
        for index in range(layers):
            part.layer(window=index % 2 == 1)
    length = max(len(part.clocks) for part in stimuli.values()) + 16
    for part in stimuli.values():
        part.idle(length - len(part.clocks))
    inputs = {name: part.inputs() for name, part in stimuli.items()}
    found = apply(
        SideBySide({name: ResultCollector(config) for name, config in configs.items()}),
        {f"{name}__{port}": inputs[name][port] for name in configs for port in inputs[name]},
        latency=0,
    )
    for name, part in stimuli.items():
        rows = list(written_rows(found[f"{name}__write_valid"], found[f"{name}__write"]))
        for index, (row, expected) in enumerate(zip(rows, part.rows, strict=False)):
            wanted = {byte: (int(value), 1) for byte, value in enumerate(expected)}
            wrong = next((b for b in sorted(row | wanted) if row.get(b) != wanted.get(b)), None)
            assert wrong is None, (
                f"{name}, row {index}, byte {wrong}: (value, writes) is {row.get(wrong)}, "
                f"not {wanted.get(wrong)} (seed {SEED})"
            )
        assert len(rows) == len(part.rows), f"{name}: {len(rows)} rows, not {len(part.rows)}"


def test_every_result_of_a_row_is_written_once():
    check({name: configuration(*variant) for name, variant in VARIANTS.items()}, layers=24)


@pytest.mark.full
def test_results_of_large_arrays():
    check({"square": configuration(16, 16, 16), "wide": configuration(32, 4, 1)}, layers=60)
