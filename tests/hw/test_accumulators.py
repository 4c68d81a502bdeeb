# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The accumulators sum, overflow and empty themselves as the golden model says."""

import dataclasses

import numpy as np
import pytest
from amaranth.hdl import Shape
from side_by_side import SideBySide

from macaw.arch import AccumulatorConfig, ArrayConfig, Overflow, RequantizerConfig, preset
from macaw.golden.accumulate import accumulate
from macaw.hw.accumulators import Accumulators
from macaw.sim.vectors import apply

SEED = 20261201
#: Clocks of a run; the first part is dense, the rest in window mode.
COUNT, SWITCH = 6_000, 3_000
PLACES = ("finish", "group_end", "row_end")
FLAGS = ("valid", "first", "last", "place")


def configuration(lanes, columns, requantizer_lanes, bits, overflow, multiplier="single", **more):
    return dataclasses.replace(
        preset("tiny"),
        array=ArrayConfig(lanes=lanes, columns=columns),
        requantizer=RequantizerConfig(lanes=requantizer_lanes, multiplier=multiplier),
        accumulator=AccumulatorConfig(bits=bits, overflow=overflow),
        **more,
    )


def reductions(generator, config):
    """The clocks of the steps of each reduction, and of its values. In window mode as many as there
    are phases take turns, ``config.phase_interval`` clocks apart; completing steps are
    ``config.beats`` clocks apart for each phase, and often no more."""
    clock, completed, taken = 0, -COUNT, -COUNT
    found = []
    for limit, turns in ((SWITCH, 1), (COUNT, config.array.phases)):
        least = 1 if turns == 1 else config.phase_interval
        while clock < limit - 300 - 12 * turns * least:
            steps = int(generator.choice([1, 1, 2, 3, 9]))
            pauses = generator.choice([1.0, 1.0, 0.7])
            members = [[] for _ in range(turns)]
            for step in range(steps):
                clock += int(generator.geometric(pauses)) - 1 + least
                if step == steps - 1:
                    clock = max(clock, completed + turns * config.beats)
                    completed = clock
                for phase, member in enumerate(members):
                    clock += least if phase else 0
                    member.append(clock)
            for member in members:
                taken = max(member[-1], taken + config.beats)
                found.append((member, taken))
        clock = limit
    return found


def stimuli(generator, config, steps):
    """Inputs for every clock: what does not count is random as well."""
    component = Accumulators(config)
    members = component.signature.members
    column_bits = Shape.cast(members["sums"].shape).width // config.array.columns
    flags = {name: np.zeros(COUNT, np.uint8) for name in ("valid", "first", "last")}
    flags["valid"][[clock for member, _ in steps for clock in member]] = 1
    for name, index in (("first", 0), ("last", -1)):
        flags[name] = np.where(flags["valid"], 0, generator.integers(0, 2, COUNT))
        flags[name][[member[index] for member, _ in steps]] = 1

    def numbers(bits, *shape):
        half = 1 << (bits - 1)
        values = generator.integers(-half, half, (COUNT, *shape))
        extreme = generator.choice([-half, -1, 0, 1, half - 1], (COUNT, *shape))
        return np.where(generator.random((COUNT, 1) if shape else COUNT) < 0.3, extreme, values)

    place = {name: generator.integers(0, 2, COUNT) for name in PLACES}
    phases = config.array.phases
    turned = [member[-1] for member, _ in steps if member[-1] >= SWITCH]
    for first in range(0, len(turned), phases):
        pair = turned[first : first + phases]
        for name in PLACES:
            place[name][pair] = 0 if name == "finish" else place[name][pair[-1]]
        place["finish"][pair[-1]] = 1

    return {
        **flags,
        "window": (np.arange(COUNT) >= SWITCH).astype(np.uint8),
        "sums": numbers(column_bits, config.array.columns),
        "corrections": numbers(column_bits + 1, config.array.columns),
        "place": place,
    }


def expected_outputs(config, inputs, steps):
    """(valid, last, values, place) of each clock, as if the latency were 0."""
    lanes, interval = config.requantizer.lanes, config.requantizer.interval
    valid, last = np.zeros((2, COUNT), np.uint8)
    values = np.zeros((COUNT, lanes), np.int64)
    place = {name: np.zeros(COUNT, np.uint8) for name in PLACES}
    for member, taken in steps:
        terms = inputs["sums"][member] + inputs["corrections"][member]
        sums = accumulate(
            terms.T, bits=config.accumulator.bits, overflow=config.accumulator.overflow
        )
        clocks = taken + interval * np.arange(config.portions)
        valid[clocks], last[clocks[-1]] = 1, 1
        values[clocks] = sums.reshape(config.portions, lanes)
        for name in PLACES:
            place[name][clocks] = inputs["place"][name][member[-1]]
    return valid, last, values, place


def check(configs):
    generator = np.random.default_rng(SEED)
    steps = {name: reductions(generator, config) for name, config in configs.items()}
    inputs = {name: stimuli(generator, config, steps[name]) for name, config in configs.items()}
    outputs = ("values", "values_valid", "values_last", "values_place")
    blocks = {name: Accumulators(config) for name, config in configs.items()}
    found = apply(
        SideBySide(blocks),
        {f"{name}__{port}": inputs[name][port] for name in configs for port in inputs[name]},
        latency={
            f"{name}__{port}": blocks[name].latency
            - (0 if port == "values" else Accumulators.announcement)
            for name in configs
            for port in outputs
        },
        early={
            f"{name}__{port}": clocks
            for name in configs
            for port, clocks in {
                "corrections": -blocks[name].correction_lag,
                **dict.fromkeys(FLAGS, 1),
            }.items()
        },
    )
    for name, config in configs.items():
        valid, last, values, place = expected_outputs(config, inputs[name], steps[name])
        np.testing.assert_array_equal(found[f"{name}__values_valid"], valid, f"{name}, {SEED=}")
        counts = valid.astype(bool)
        wrong = np.argwhere(counts[:, None] & (found[f"{name}__values"] != values))
        assert not wrong.size, (
            f"{name}: {len(wrong)} values differ with seed {SEED}, the first in clock "
            f"{wrong[0][0]}, lane {wrong[0][1]}: {found[f'{name}__values'][*wrong[0]]}, "
            f"not {values[*wrong[0]]}"
        )
        np.testing.assert_array_equal(
            found[f"{name}__values_last"][counts], last[counts], f"{name}, {SEED=}"
        )
        for flag, bits in place.items():
            np.testing.assert_array_equal(
                found[f"{name}__values_place"][flag][counts],
                bits[counts],
                f"{name}, {flag}, {SEED=}",
            )


def test_sums_wrap_or_saturate_step_by_step():
    check(
        {
            "one_lane": configuration(8, 4, 1, 18, Overflow.WRAP),
            "two_lanes": configuration(8, 4, 2, 20, Overflow.SATURATE),
            "all_lanes": configuration(8, 4, 4, 8, Overflow.SATURATE),
            "two_columns": configuration(8, 2, 1, 8, Overflow.WRAP),
            "one_phase_more": configuration(8, 8, 4, 27, Overflow.WRAP),
            "widest": configuration(8, 2, 2, 32, Overflow.SATURATE),
            "serial": configuration(8, 4, 2, 27, Overflow.WRAP, "serial"),
            "serial_in_one": configuration(8, 2, 2, 20, Overflow.SATURATE, "serial"),
            "compact": configuration(8, 4, 2, 20, Overflow.SATURATE, compact=True),
            "serial_compact": configuration(8, 2, 2, 27, Overflow.WRAP, "serial", compact=True),
        }
    )


@pytest.mark.full
def test_sums_of_large_arrays():
    check(
        {
            "square": configuration(16, 16, 16, 27, Overflow.WRAP),
            "slow": configuration(32, 32, 2, 22, Overflow.SATURATE),
        }
    )
