# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The requantiser gives the golden model's results, for cases that are hard by construction."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from amaranth.back import rtlil
from amaranth.hdl import signed, unsigned
from requantizer_cases import CLASSES, LAYERS, Cases, draw
from requantizer_rivals import FAULTS, rounded

from macaw.arch import (
    PRESETS,
    AcceleratorConfig,
    AccumulatorConfig,
    Mode,
    Requantization,
    RequantizerConfig,
    Technology,
)
from macaw.golden.requantize import requantize
from macaw.hw.requantizer import (
    Requantizer,
    RequantizerLane,
    channel_parameters_layout,
)
from macaw.sim.vectors import apply

SEED = 20261125
CHANNELS = 256
_FLOAT32, _FIXED = (Mode.FLOAT32,), (Mode.FIXED_DOUBLE_AWAY,)


def config_of(modes, technology=Technology.GENERIC, *, bits=32, lanes=2):
    return AcceleratorConfig(
        name="requantizer",
        technology=technology,
        accumulator=AccumulatorConfig(bits=bits),
        requantizer=RequantizerConfig(lanes=lanes, modes=modes),
    )


CONFIGS = [
    pytest.param(config_of(modes, technology), id=f"{technology}-{'-'.join(modes)}")
    for technology, both in (
        (Technology.GENERIC, _FLOAT32 + _FIXED),
        (Technology.ECP5, _FIXED + _FLOAT32),
    )
    for modes in (_FLOAT32, _FIXED, both)
]


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Cases of one class, and the mode and layer under which they are requantised."""

    mode: Mode
    layer: tuple[int, int, int]
    name: str
    cases: Cases


def batches_of(config, *, n, layers=LAYERS):
    """All classes of all modes of ``config`` under all ``layers``, n * CHANNELS cases each."""
    return [
        Batch(
            mode=mode,
            layer=layer,
            name=name,
            cases=draw(
                mode,
                name,
                seed=(SEED, layer_index, class_index),
                n=n,
                channels=CHANNELS,
                accumulator_bits=config.accumulator.bits,
            ),
        )
        for mode in config.requantizer.modes
        for layer_index, layer in enumerate(layers)
        for class_index, name in enumerate(CLASSES[mode])
    ]


def golden(batch):
    zero_point, minimum, maximum = batch.layer
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
    inputs = {
        "accumulators": vectors("accumulators"),
        "parameters": {what: vectors(what) for what in ("bias", "multiplier", "shift")},
        "layer": {
            what: np.repeat(values, [size + idle for size in sizes])
            for what, values in layers.items()
        },
    }
    results = apply(requantizer, inputs, latency=requantizer.latency)["results"]
    starts = np.cumsum([0, *(size + idle for size in sizes[:-1])])
    return [
        results[start : start + size].reshape(batch.cases.sums.shape)
        for start, size, batch in zip(starts, sizes, batches, strict=True)
    ]


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
    batches = batches_of(config, n=72)
    assert check(config, batches) >= 10**6 * len(config.requantizer.modes)


@pytest.mark.full
@pytest.mark.parametrize("config", CONFIGS)
def test_every_class_is_exact_at_length(config):
    count = 0
    for layer in LAYERS:
        count += check(config, batches_of(config, n=900, layers=(layer,)))
    assert count >= 10**7 * len(config.requantizer.modes)


@pytest.mark.parametrize("name", PRESETS)
def test_presets_are_exact(name):
    """With the accumulators' own width and modes; two lanes stand for more."""
    config = PRESETS[name]
    lanes = min(2, config.requantizer.lanes)
    config = replace(config, requantizer=replace(config.requantizer, lanes=lanes))
    batches = batches_of(config, n=16, layers=LAYERS[:2])
    assert check(config, batches) == 16 * CHANNELS * len(batches)


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
    cases = draw(mode, name, seed=SEED, n=64, channels=CHANNELS)
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
    for mode, shifts in ((Mode.FLOAT32, (0, 63)), (Mode.FIXED_DOUBLE_AWAY, (-31, 30))):
        drawn = [draw(mode, name, seed=SEED, n=64, channels=CHANNELS) for name in CLASSES[mode]]
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
    ],
)
def test_parameters_are_as_wide_as_the_modes_need(modes, widths):
    layout = channel_parameters_layout(config_of(modes))
    assert {name: field.shape for name, field in layout} == widths


@pytest.mark.parametrize("modes", [_FLOAT32, _FIXED])
def test_a_single_mode_pays_for_no_other(modes):
    """Neither the other mode's steps nor a multiplexer by the mode are in the design."""
    both = rtlil.convert(RequantizerLane(config_of(_FLOAT32 + _FIXED)), emit_src=False)
    single = rtlil.convert(RequantizerLane(config_of(modes)), emit_src=False)
    [other] = {*_FLOAT32, *_FIXED} - {*modes}
    for text, present in ((both, True), (single, False)):
        assert f"{modes[0]}_before" in text
        assert (f"{other}_before" in text) == present
        assert (r"connect \S \layer [0]" in text) == present


@pytest.mark.parametrize("component", [Requantizer, RequantizerLane])
def test_refusals(component):
    with pytest.raises(TypeError, match=r"^config must be an AcceleratorConfig, not 'tiny'$"):
        component("tiny")
