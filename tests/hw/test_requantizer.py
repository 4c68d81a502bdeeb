# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The requantiser gives the golden model's results, for cases that are hard by construction."""

import re
from dataclasses import replace

import numpy as np
import pytest
from amaranth.back import rtlil
from amaranth.hdl import signed, unsigned
from requantizer_cases import CLASSES, LAYERS, draw
from requantizer_check import CHANNELS, SEED, Batch, batches_of, check, config_of, golden
from requantizer_rivals import FAULTS, rounded

from macaw.arch import PRESETS, Mode, Technology
from macaw.hw.layouts import channel_parameters_layout
from macaw.hw.requantizer import Requantizer, RequantizerLane

_FLOAT32, _FIXED = (Mode.FLOAT32,), (Mode.FIXED_DOUBLE_AWAY,)
_NEW = (
    Mode.RAW, Mode.FLOAT32_CHAIN, Mode.FLOAT32_BIAS, Mode.FIXED_SINGLE, Mode.FIXED_DOUBLE_UP,
)  # fmt: skip
#: Modes whose rival computes in fractions, which takes long.
_SLOW = (Mode.FLOAT32_BIAS, Mode.FLOAT32_CHAIN)


def _config(technology, *modes):
    return pytest.param(config_of(modes, technology), id=f"{technology}-{'-'.join(modes)}")


#: On each technology a mode alone and every mode in one lane; the others run at length only.
CONFIGS = [
    _config(Technology.GENERIC, *_FLOAT32),
    _config(Technology.GENERIC, *_NEW, *_FLOAT32, *_FIXED),
    _config(Technology.ECP5, *_FIXED),
    _config(Technology.ECP5, *_NEW, *_FIXED, *_FLOAT32),
]
FURTHER = [
    _config(Technology.GENERIC, *_FIXED),
    _config(Technology.GENERIC, *_FLOAT32, *_FIXED),
    _config(Technology.ECP5, *_FLOAT32),
    _config(Technology.ECP5, *_FIXED, *_FLOAT32),
]
#: One of the new modes alone.
ALONE = [
    _config(technology, mode)
    for technology in (Technology.GENERIC, Technology.ECP5)
    for mode in _NEW
]


@pytest.mark.parametrize("config", CONFIGS)
def test_every_class_is_exact(config):
    batches = batches_of(config, results=2 * 10**5)
    assert check(config, batches) >= 2 * 10**5 * len(config.requantizer.modes)


@pytest.mark.parametrize("config", ALONE[: len(_NEW)])
def test_every_class_is_exact_in_a_lane_of_one_mode(config):
    assert check(config, batches_of(config, results=10**5)) >= 10**5


@pytest.mark.full
@pytest.mark.parametrize("config", [*CONFIGS, *FURTHER, *ALONE])
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
    batches = batches_of(config, results=20_000, layers=LAYERS[:2])
    assert check(config, batches) >= 20_000 * len(config.requantizer.modes)


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
