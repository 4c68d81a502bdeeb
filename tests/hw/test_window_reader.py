# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Line buffer, window reader and weight addresses walk a convolution as it is defined."""

import dataclasses
import re

import numpy as np
import pytest
from conv2d_layers import paths, random_case
from window_reading import WindowReading, expected_evaluations

from macaw.arch import ArrayConfig, preset
from macaw.hw.window_reader import WindowReader
from macaw.sim.conv2d import core_streams
from macaw.sim.streams import run

TINY = preset("tiny")
COVERS = {
    "dense unpaired", "dense paired", "block-diagonal", "wide groups", "several column groups",
    "split weights", "window of four rows", "window of two rows", "window of one row",
    "sliding window", "walking window", "odd width", "ring wraps", "shared weights",
}  # fmt: skip


def covering(first, count, config):
    """``count`` random layers from seed ``first`` on, and those that a path still needs."""
    cases, missing = [], set(COVERS)
    for seed in range(first, first + 1000):
        case = random_case(seed, config)
        found = paths(case.program)
        if len(cases) < count or missing & found:
            cases.append(case)
            missing -= found
        if len(cases) >= count and not missing:
            return cases
    raise AssertionError(f"not covered: {sorted(missing)}")


def joined(parts):
    """Streams' words, one layer behind the other."""
    if isinstance(parts[0], dict):
        return {name: joined([part[name] for part in parts]) for name in parts[0]}
    return np.concatenate(parts)


def expected(case):
    flip = 0 if case.layer.input_signed else -128
    return list(
        expected_evaluations(case.program, (case.image.astype(np.int16) + flip).astype(np.int8))
    )


def first_difference(case, words):
    """A sentence about the first evaluation that is not as expected, or ``None``."""
    operands = words["window" if case.program.walk.window else "activations"]
    for index, model in enumerate(expected(case)):
        name = "evaluation {}, of row {}, pixel {}, channel {}".format(index, *model.where)
        for field in ("first", "last", "finish", "group_end", "row_end", "address"):
            # The ends say something of complete sums only.
            if model.last or not field.endswith("_end"):
                found, wanted = int(words[field][index]), int(getattr(model, field))
                if found != wanted:
                    return f"{name}: {field} is {found}, not {wanted}"
        wrong = np.flatnonzero((operands[index] != model.operands) & model.mask)
        if wrong.size:
            found, wanted = operands[index][wrong[0]], model.operands[wrong[0]]
            return f"{name}: operand {wrong[0]} is {found}, not {wanted}"
    return None


def _check_pace(case, cycles, last, taken):
    """Evaluations come as the accumulators want them; gives the clock in which the last sums of
    ``cycles`` are taken, where those before it were in clock ``taken``."""
    config, phases = case.program.config, case.program.config.array.phases
    seed = f"(seed {case.seed})"
    if not case.program.walk.window or config.narrow:
        assert cycles[last][0] >= taken + config.beats, seed
        apart = int(np.diff(cycles[last]).min(initial=config.beats))
        assert apart >= config.beats, f"sums complete {apart} clocks apart {seed}"
        return cycles[last][-1]
    apart = int(np.diff(cycles).min())
    assert apart >= config.phase_interval, f"evaluations are {apart} clocks apart {seed}"
    for pair, clock in enumerate(cycles[last][::phases]):
        early = taken + config.beats - clock
        assert early <= 0, f"the sums of pair {pair} complete {early} clocks early {seed}"
        taken = clock + (phases - 1) * config.beats
    return taken


def check(cases, config, *, idle=0.0, no_credit=0.0):
    """All ``cases``, each twice, in one run."""
    cases = [case for case in cases for _ in range(2)]
    streams = [core_streams(case.program, case.image) for case in cases]
    sources = {
        name: joined([stream[name] for stream in streams])
        for name in ("table", "descriptor", "image")
    }
    counts = [len(expected(case)) for case in cases]
    groups = [case.program.walk.groups.outer * case.program.walk.groups.inner for case in cases]
    rows = [case.layer.shape.output_height for case in cases]
    sources["rooms"] = np.zeros(sum(rows), np.uint8)
    sources["groups"] = np.zeros(np.dot(rows, groups), np.uint8)
    result = run(
        WindowReading(config),
        sources,
        {"evaluations": sum(counts)},
        idle={"image": idle, "rooms": no_credit, "groups": no_credit},
        seed=cases[0].seed,
        quiet_cycles=10_000,
        drain_cycles=200,
    )
    words = result.words["evaluations"]
    start = 0
    for case, count in zip(cases, counts, strict=True):
        part = {name: values[start : start + count] for name, values in words.items()}
        wrong = first_difference(case, part)
        assert wrong is None, f"{wrong} ({case})"
        start += count
    cycles, first = words["cycle"].astype(np.int64), 0
    taken = -config.beats
    for case, count in zip(cases, counts, strict=True):
        part = slice(first, first + count)
        taken = _check_pace(case, cycles[part], words["last"][part].astype(bool), taken)
        first += count
    for name, values in sources.items():
        taken = result.transfers[name].words
        wanted = len(values["address"] if name == "table" else values["height"]
                     if name == "descriptor" else values)  # fmt: skip
        assert taken == wanted, f"{taken} words of {name} were taken, not {wanted}"


@pytest.mark.parametrize(("first", "idle", "no_credit"), [(100, 0.0, 0.0), (200, 0.4, 0.8)])
def test_random_layers_on_tiny(first, idle, no_credit):
    check(covering(first, 15, TINY), TINY, idle=idle, no_credit=no_credit)


@pytest.mark.full
@pytest.mark.parametrize("first", [10_000, 20_000])
def test_more_layers_on_tiny(first):
    check(covering(first, 100, TINY), TINY, idle=0.2, no_credit=0.5)


@pytest.mark.full
@pytest.mark.parametrize("name", ["gw2a18", "ecp5_25f", "ecp5_85f"])
def test_random_layers_on_a_preset(name):
    config = preset(name)
    cases = [random_case(seed, config) for seed in range(2000, 2020)]
    check(cases, config, idle=0.2, no_credit=0.5)


@pytest.mark.full
@pytest.mark.parametrize(("lanes", "columns"), [(8, 8), (16, 4), (32, 2)])
def test_other_arrays(lanes, columns):
    config = dataclasses.replace(TINY, array=ArrayConfig(lanes=lanes, columns=columns))
    check([random_case(seed, config) for seed in range(3000, 3015)], config, idle=0.2)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"read_latency": 3}, ValueError, "read_latency must be in 4 ... 64, not 3"),
        ({"read_latency": 3.0}, TypeError, "read_latency must be an integer, not 3.0"),
        ({"activation_lead": 0}, ValueError, "activation_lead must be in 1 ... 16, not 0"),
        ({"activation_lead": None}, TypeError, "activation_lead must be an integer, not None"),
    ],
)
def test_refusals(arguments, error, message):
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        WindowReader(TINY, **{"read_latency": 8, "activation_lead": 2} | arguments)
