# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The narrow core's accumulators sum, overflow and empty themselves as the golden model says."""

import numpy as np
import pytest
from narrow_configs import NARROW, WIDE_LANES
from side_by_side import SideBySide

from macaw.golden.accumulate import accumulate
from macaw.hw.narrow.lane_accumulators import LaneAccumulators
from macaw.sim.vectors import apply

SEED = 20261212
#: Clocks of a run; the first part is dense, the rest in window mode.
COUNT, SWITCH = 6_000, 3_000
CONFIGS = {"narrow": NARROW, "saturating": WIDE_LANES}


def reductions(generator, config):
    """(window, clocks of the steps, channels) of reductions as close together as is allowed, or
    farther apart."""
    interval = config.requantizer.interval
    for window, begin, limit in ((False, 0, SWITCH), (True, SWITCH, COUNT)):
        most = config.array.lanes if window else config.array.columns
        clock, free = begin, begin
        while clock < limit - 200:
            pauses = generator.choice([1.0, 1.0, 0.7])
            count = int(generator.choice([1, 1, 2, 3, 9]))
            steps = (clock + np.cumsum(generator.geometric(pauses, count))).tolist()
            steps[-1] = max(steps[-1], free)
            channels = int(generator.choice([1, most, generator.integers(1, most + 1)]))
            yield window, steps, channels
            clock, free = steps[-1], steps[-1] + channels * interval


def stimuli(generator, config, found):
    """Inputs for every clock: what does not count is random as well."""

    def numbers(bits, count):
        half = 1 << (bits - 1)
        extreme = generator.choice([-half, -1, 0, 1, half - 1], (COUNT, count))
        drawn = generator.integers(-half, half, (COUNT, count))
        return np.where(generator.random((COUNT, 1)) < 0.3, extreme, drawn)

    array = config.array
    valid = np.zeros(COUNT, np.int64)
    first, last = generator.integers(0, 2, (2, COUNT))
    count = generator.integers(1, array.lanes + 1, COUNT)
    for _, steps, channels in found:
        valid[steps] = 1
        first[steps], last[steps] = 0, 0
        first[steps[0]], last[steps[-1]] = 1, 1
        count[steps[-1] + 1] = channels
    sum_bits = 16 + array.lanes.bit_length() - 1
    return {
        "window": (np.arange(COUNT) >= SWITCH).astype(np.int64),
        "channels": numbers(17, array.lanes),
        "sums": numbers(sum_bits, array.columns),
        "valid": valid,
        "first": first,
        "last": last,
        "count": count,
        "place": {
            name: generator.integers(0, 2, COUNT) for name in ("finish", "group_end", "row_end")
        },
    }


def expected(config, inputs, found):
    """(clock of the announcement, value, whether the pixel's last, group_end, row_end)."""
    for window, steps, channels in found:
        terms = inputs["channels" if window else "sums"][steps]
        at = steps[-1] + 1
        ends = [int(inputs["place"][name][at]) for name in ("group_end", "row_end")]
        for channel in range(channels):
            total = accumulate(
                terms[:, channel], bits=config.accumulator.bits,
                overflow=config.accumulator.overflow,
            )  # fmt: skip
            clock = at + channel * config.requantizer.interval
            yield clock, int(total), channel == channels - 1, *ends


def test_sums_are_those_of_the_golden_model():
    generator = np.random.default_rng(SEED)
    blocks = {name: LaneAccumulators(config) for name, config in CONFIGS.items()}
    found = {name: list(reductions(generator, config)) for name, config in CONFIGS.items()}
    stimulus = {name: stimuli(generator, CONFIGS[name], found[name]) for name in CONFIGS}
    inputs = {
        f"{name}__{port}": values for name in CONFIGS for port, values in stimulus[name].items()
    }
    outputs = apply(SideBySide(blocks), inputs, latency=0)
    for name, config in CONFIGS.items():
        announced = np.flatnonzero(outputs[f"{name}__announced"])
        wanted = [each for each in expected(config, stimulus[name], found[name])
                  if each[0] < COUNT - 1]  # fmt: skip
        assert [each[0] for each in wanted] == announced.tolist(), f"{name}, seed {SEED}"
        place = outputs[f"{name}__announced_place"]
        for clock, value, last, *ends in wanted:
            at = f"{name}, clock {clock}, seed {SEED}"
            assert int(outputs[f"{name}__value"][clock + 1]) == value, at
            assert bool(place["finish"][clock]) == last, at
            if last:
                assert [int(place[end][clock]) for end in ("group_end", "row_end")] == ends, at
        # Sums that never leave the accumulator's range would not tell the overflows apart.
        low = min(each[1] for each in wanted)
        assert name != "saturating" or low == -(1 << (config.accumulator.bits - 1))


def test_refusals():
    with pytest.raises(TypeError, match=r"^config must be an AcceleratorConfig, not 8$"):
        LaneAccumulators(8)
