# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The requantiser gives the golden model's results, for cases that are hard by construction."""

import re
from dataclasses import dataclass, replace

import numpy as np
import pytest
from amaranth.back import rtlil
from amaranth.hdl import signed, unsigned
from requantizer_cases import CLASSES, LAYERS, Cases, draw, layers_of
from requantizer_rivals import FAULTS, rounded

from macaw.arch import (
    PRESETS,
    AcceleratorConfig,
    AccumulatorConfig,
    Float32Chain,
    Mode,
    Multiplier,
    RawSums,
    Requantization,
    RequantizerConfig,
    Technology,
)
from macaw.golden.requantize import requantize
from macaw.hw.layouts import channel_parameters_layout
from macaw.hw.requantizer import Requantizer, RequantizerLane
from macaw.sim.vectors import apply

SEED = 20261125
CHANNELS = 256
_FLOAT32, _FIXED = (Mode.FLOAT32,), (Mode.FIXED_DOUBLE_AWAY,)
_NEW = (
    Mode.RAW, Mode.FLOAT32_CHAIN, Mode.FLOAT32_BIAS, Mode.FIXED_SINGLE, Mode.FIXED_DOUBLE_UP,
)  # fmt: skip
#: Modes whose rival computes in fractions, which takes long.
_SLOW = (Mode.FLOAT32_BIAS, Mode.FLOAT32_CHAIN)


def config_of(
    modes, technology=Technology.GENERIC, *, bits=32, lanes=2, multiplier=Multiplier.SINGLE
):
    return AcceleratorConfig(
        name="requantizer",
        technology=technology,
        accumulator=AccumulatorConfig(bits=bits),
        requantizer=RequantizerConfig(lanes=lanes, modes=modes, multiplier=multiplier),
    )


CONFIGS = [
    pytest.param(config_of(modes, technology), id=f"{technology}-{'-'.join(modes)}")
    for technology, both in (
        (Technology.GENERIC, _FLOAT32 + _FIXED),
        (Technology.ECP5, _FIXED + _FLOAT32),
    )
    for modes in (_FLOAT32, _FIXED, both, _NEW + both)
]
#: Lanes that multiply serially: one mode, both families, every mode that they have.
SERIAL = [
    pytest.param(config_of(modes, multiplier=Multiplier.SERIAL), id=f"serial-{'-'.join(modes)}")
    for modes in (
        _FLOAT32, _FIXED, (Mode.FIXED_DOUBLE_UP,), _FIXED + _FLOAT32,
        (Mode.FLOAT32, Mode.FIXED_DOUBLE_UP, Mode.FIXED_DOUBLE_AWAY),
    )
]  # fmt: skip
#: Lanes that multiply on device multipliers alone.
PARALLEL = [
    pytest.param(
        config_of(modes, Technology.ECP5, multiplier=Multiplier.PARALLEL),
        id=f"parallel-{'-'.join(modes)}",
    )
    for modes in (_FLOAT32, _FIXED, _NEW + _FIXED + _FLOAT32)
]
#: One of the new modes alone.
ALONE = [
    pytest.param(config_of((mode,), technology), id=f"{technology}-{mode}")
    for technology in (Technology.GENERIC, Technology.ECP5)
    for mode in _NEW
]


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Cases of one class, and the mode and layer under which they are requantised."""

    mode: Mode
    layer: tuple[int, int, int]
    name: str
    cases: Cases


def batches_of(config, *, results, layers=LAYERS):
    """All classes of all modes of ``config`` under all ``layers``; for each mode ``results`` cases
    or a few more."""
    return [
        Batch(
            mode=mode,
            layer=layer,
            name=name,
            cases=draw(
                mode,
                name,
                seed=(SEED, layer_index, class_index),
                n=-(-results // (CHANNELS * len(layers_of(mode, layers)) * len(CLASSES[mode]))),
                channels=CHANNELS,
                accumulator_bits=config.accumulator.bits,
            ),
        )
        for mode in config.requantizer.modes
        for layer_index, layer in enumerate(layers_of(mode, layers))
        for class_index, name in enumerate(CLASSES[mode])
    ]


def golden(batch):
    zero_point, minimum, maximum = batch.layer
    if batch.mode is Mode.RAW:
        sums = requantize(batch.cases.accumulators, RawSums(bias=batch.cases.bias))
        return sums.view(np.int8).reshape(*sums.shape, 4)[..., range(CHANNELS), batch.cases.shift]
    if batch.mode is Mode.FLOAT32_BIAS:
        bounds = {"zero_point": zero_point, "minimum": minimum, "maximum": maximum}
        return requantize(batch.cases.sums, replace(batch.cases.real, signed=True, **bounds))
    if batch.mode is Mode.FLOAT32_CHAIN:
        real, offset = batch.cases.real, 0 if batch.cases.real.signed else 128
        bounds = {"zero_point": zero_point, "minimum": minimum, "maximum": maximum}
        bounds = {what: value + offset for what, value in bounds.items()}
        results = requantize(batch.cases.sums, replace(real, **bounds))
        return (results.astype(np.int16) - offset).astype(np.int8)
    requantization = Requantization(
        mode=batch.mode,
        bias=batch.cases.bias,
        multiplier=batch.cases.multiplier,
        shift=batch.cases.shift,
        zero_point=zero_point,
        minimum=minimum,
        maximum=maximum,
    )
    return requantize(batch.cases.accumulators, requantization)


def hardware(config, batches):
    """The results of ``batches``, int8 [n, channels] each, from one run.

    Behind each batch the pipeline runs empty, since a layer holds until its last result.
    """
    requantizer = Requantizer(config)
    lanes, idle = config.requantizer.lanes, requantizer.latency

    def vectors(what):
        """``what`` of all cases, in the order of time, [vectors, lanes]."""
        parts = []
        for batch in batches:
            values = np.broadcast_to(getattr(batch.cases, what), batch.cases.sums.shape)
            parts += [values.reshape(-1, lanes), np.zeros((idle, lanes), np.int64)]
        return np.concatenate(parts)

    sizes = [batch.cases.sums.size // lanes for batch in batches]
    layers = {
        "mode": [config.requantizer.modes.index(batch.mode) for batch in batches],
        "zero_point": [batch.layer[0] for batch in batches],
        "minimum": [batch.layer[1] for batch in batches],
        "maximum": [batch.layer[2] for batch in batches],
    }
    if Mode.FLOAT32_CHAIN in config.requantizer.modes:
        chains = [isinstance(batch.cases.real, Float32Chain) for batch in batches]
        entries = [
            batch.cases.real.layer_entries if chain else {}
            for chain, batch in zip(chains, batches, strict=True)
        ]
        layers["output_unsigned"] = [
            chain and not batch.cases.real.signed
            for chain, batch in zip(chains, batches, strict=True)
        ]
        for what in ("input_multiplier", "output_multiplier"):
            layers[what] = [values.get(what, 0) for values in entries]
    inputs = {
        "accumulators": vectors("accumulators"),
        "parameters": {what: vectors(what) for what, _ in channel_parameters_layout(config)},
        "layer": {
            what: np.repeat(np.asarray(values, np.int64), [size + idle for size in sizes])
            for what, values in layers.items()
        },
    }
    taken = slice(None)
    if config.requantizer.multiplier == Multiplier.SERIAL:
        inputs, taken = in_serial(inputs, config.requantizer.interval)
    results = apply(requantizer, inputs, latency=requantizer.latency)["results"][taken]
    starts = np.cumsum([0, *(size + idle for size in sizes[:-1])])
    return [
        results[start : start + size].reshape(batch.cases.sums.shape)
        for start, size, batch in zip(starts, sizes, batches, strict=True)
    ]


def in_serial(inputs, interval):
    """``inputs`` as serial lanes take them, and the clocks of their starts: ``interval`` clocks
    apart, some of them more; accumulators are there for one clock only, the rest until the next
    start."""
    count = len(inputs["accumulators"])
    random = np.random.default_rng(SEED)
    apart = interval + random.choice((0, 0, 0, 0, 1, 2, 17), count)
    starts = np.cumsum(apart) - apart
    start = np.zeros(apart.sum(), np.int64)
    start[starts] = 1
    held = {
        name: {what: np.repeat(values, apart, axis=0) for what, values in inputs[name].items()}
        for name in ("parameters", "layer")
    }
    accumulators = np.repeat(~inputs["accumulators"], apart, axis=0)
    accumulators[starts] = inputs["accumulators"]
    return {"start": start, "accumulators": accumulators, **held}, starts


def check(config, batches):
    """Compares with the golden model; returns the number of results."""
    for batch, results in zip(batches, hardware(config, batches), strict=True):
        expected = golden(batch)
        wrong = np.argwhere(results != expected)
        assert not wrong.size, report(batch, results, expected, wrong)
    return sum(batch.cases.sums.size for batch in batches)


def report(batch, results, expected, wrong):
    cases, (row, channel) = batch.cases, wrong[0]
    return (
        f"class {batch.name!r} of {batch.mode}, seed {SEED}: {len(wrong)} of {results.size} "
        f"results differ; the first for accumulator {cases.accumulators[row, channel]}, "
        f"bias {cases.bias[channel]}, multiplier {cases.multiplier[channel]}, "
        f"shift {cases.shift[channel]}, (zero point, minimum, maximum) {batch.layer}: "
        f"{results[row, channel]}, not {expected[row, channel]}"
    )


@pytest.mark.parametrize("config", CONFIGS)
def test_every_class_is_exact(config):
    batches = batches_of(config, results=10**6)
    assert check(config, batches) >= 10**6 * len(config.requantizer.modes)


@pytest.mark.parametrize("config", ALONE[: len(_NEW)])
def test_every_class_is_exact_in_a_lane_of_one_mode(config):
    assert check(config, batches_of(config, results=10**5)) >= 10**5


@pytest.mark.parametrize("config", [*SERIAL, *PARALLEL])
def test_every_class_is_exact_with_every_multiplier(config):
    assert check(config, batches_of(config, results=10**5)) >= 10**5


@pytest.mark.full
@pytest.mark.parametrize("config", [*CONFIGS, *ALONE, *SERIAL, *PARALLEL])
def test_every_class_is_exact_at_length(config):
    count = 0
    for layer in LAYERS:
        count += check(config, batches_of(config, results=10**7 // len(LAYERS), layers=(layer,)))
    assert count >= 10**7 * len(config.requantizer.modes)


@pytest.mark.parametrize("name", PRESETS)
def test_presets_are_exact(name):
    """With the accumulators' own width and modes; two lanes stand for more."""
    config = PRESETS[name]
    lanes = min(2, config.requantizer.lanes)
    config = replace(config, requantizer=replace(config.requantizer, lanes=lanes))
    batches = batches_of(config, results=60_000, layers=LAYERS[:2])
    assert check(config, batches) >= 60_000 * len(config.requantizer.modes)


@pytest.mark.parametrize(
    ("mode", "name", "fault"),
    [
        (mode, name, fault)
        for mode in FAULTS
        for name, faults in FAULTS[mode].items()
        for fault in faults
    ],
)
def test_every_class_sees_its_fault(mode, name, fault):
    """Results with the fault differ in at least 2 of 1000, without one in none."""
    n = 16 if mode in _SLOW else 64
    cases = draw(mode, name, seed=SEED, n=n, channels=CHANNELS)
    batch = Batch(mode=mode, layer=(0, -128, 127), name=name, cases=cases)
    expected = golden(batch)
    assert (rounded(mode, cases, batch.layer) == expected).all(), f"seed {SEED}"
    differing = np.count_nonzero(rounded(mode, cases, batch.layer, fault) != expected)
    assert 1000 * differing >= 2 * expected.size, f"seed {SEED}: {differing} differ"
    inside = np.count_nonzero(abs(expected.astype(int)) < 127)
    assert 10 * inside >= 3 * expected.size, f"seed {SEED}: {inside} within the bounds"


@pytest.mark.parametrize("mode", CLASSES)
def test_every_class_has_a_fault_to_see(mode):
    assert CLASSES[mode].keys() == FAULTS[mode].keys()


def test_cases_reach_the_ends_of_every_range():
    shifts_of = {
        Mode.FLOAT32: (0, 63), Mode.FLOAT32_BIAS: (23, 63), Mode.FLOAT32_CHAIN: (0, 127),
        Mode.RAW: (0, 3),
    }  # fmt: skip
    for mode in CLASSES:
        shifts = shifts_of.get(mode, (-31, 30))
        drawn = [
            draw(mode, name, seed=(SEED, index), n=16, channels=CHANNELS)
            for name in CLASSES[mode]
            for index in range(4)
        ]
        shift = np.concatenate([cases.shift for cases in drawn])
        sums = np.concatenate([cases.sums.ravel() for cases in drawn])
        assert set(shift) == set(range(shifts[0], shifts[1] + 1))
        assert (sums.min(), sums.max()) == (-(1 << 31), (1 << 31) - 1)
        assert {0, 1, -1, 1 << 24, -(1 << 24), (1 << 24) + 1} <= set(sums)
        unwrapped = np.concatenate([(c.accumulators + c.bias).ravel() for c in drawn])
        assert np.mean(unwrapped != sums) > 0.1


@pytest.mark.parametrize(
    ("modes", "widths"),
    [
        (_FLOAT32, {"bias": signed(32), "multiplier": unsigned(24), "shift": unsigned(6)}),
        (_FIXED, {"bias": signed(32), "multiplier": unsigned(31), "shift": signed(6)}),
        (_FLOAT32 + _FIXED, {"bias": signed(32), "multiplier": unsigned(31), "shift": signed(7)}),
        (
            (Mode.FLOAT32_CHAIN,),
            {
                "bias": signed(32),
                "multiplier": unsigned(24),
                "shift": unsigned(7),
                "fixed_bias": signed(58),
            },
        ),
        ((Mode.RAW,), {"bias": signed(32), "shift": unsigned(2)}),
        (
            (Mode.FIXED_SINGLE,),
            {"bias": signed(32), "multiplier": unsigned(31), "shift": signed(6)},
        ),
        (
            (Mode.FLOAT32_BIAS,),
            {
                "bias": signed(32),
                "multiplier": unsigned(24),
                "shift": unsigned(6),
                "fixed_bias": signed(58),
            },
        ),
    ],
)
def test_parameters_are_as_wide_as_the_modes_need(modes, widths):
    layout = channel_parameters_layout(config_of(modes))
    assert {name: field.shape for name, field in layout} == widths


#: What stands in a lane for a mode alone.
PARTS = {
    Mode.FLOAT32: {"float32_before", "float32_after", "multiplier"},
    Mode.FLOAT32_BIAS: {"float32_before.integer", "float32_before.normalizer", "float32_before",
                        "float32_after", "multiplier"},
    Mode.FLOAT32_CHAIN: {
        "chain_before", "chain_before.integer", "chain_before.multiplier_0",
        "chain_before.rounder_0", "chain_before.multiplier_1", "chain_before.rounder_1",
        "chain_before.placer", "chain_before.normalizer", "chain_after", "chain_after.rounder",
        "chain_after.placer", "multiplier",
    },
    Mode.FIXED_DOUBLE_AWAY: {"fixed_before", "fixed_after", "multiplier"},
    Mode.FIXED_DOUBLE_UP: {"fixed_before", "fixed_after", "multiplier"},
    Mode.FIXED_SINGLE: {"fixed_before", "fixed_after", "multiplier"},
    Mode.RAW: {"raw"},
}  # fmt: skip


@pytest.mark.parametrize("mode", PARTS)
def test_a_single_mode_pays_for_no_other(mode):
    """Neither another mode's steps nor a look at the mode are in the design."""
    all_modes = rtlil.convert(RequantizerLane(config_of(tuple(PARTS))), emit_src=False)
    single = rtlil.convert(RequantizerLane(config_of((mode,))), emit_src=False)
    for text, parts, present in (
        (all_modes, set.union(*PARTS.values()), True),
        (single, PARTS[mode], False),
    ):
        found = set(re.findall(r"^module \\top\.([\w.]+)", text, re.MULTILINE))
        assert found == parts | {"bounded"}
        assert bool(re.search(r"connect \\[ABS] \\layer \[(2:)?0\]", text)) == present


@pytest.mark.parametrize("component", [Requantizer, RequantizerLane])
def test_refusals(component):
    with pytest.raises(TypeError, match=r"^config must be an AcceleratorConfig, not 'tiny'$"):
        component("tiny")
