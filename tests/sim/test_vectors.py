# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Vectors go in one a cycle, and the answers come back at the stated latency."""

import re

import numpy as np
import pytest
from sim_designs import Inverter, Scaled

from macaw.sim.vectors import apply

SEED = 20261125
COUNT = 1000


def operands():
    generator = np.random.default_rng(SEED)
    return {
        "a": generator.integers(-128, 128, COUNT),
        "b": generator.integers(-128, 128, (COUNT, 3)),
        "c": generator.integers(-(1 << 19), 1 << 19, COUNT),
    }


def expected(values):
    return values["a"][:, None] * values["b"] + values["c"][:, None]


def test_an_input_may_come_late():
    values = operands()
    answers = apply(Scaled(), values, latency=2, early={"c": -1})
    assert np.array_equal(answers["y"], expected(values)), f"seed {SEED}"


def test_inputs_may_come_early():
    values = operands()
    answers = apply(Scaled(), values, latency={"y": 1}, early={"a": 1, "b": 1})
    assert np.array_equal(answers["y"], expected(values)), f"seed {SEED}"


def test_a_constant_holds_throughout():
    values = operands() | {"c": -5}
    answers = apply(Scaled(), values, latency=2)
    assert np.array_equal(answers["y"], values["a"][:, None] * values["b"] - 5), f"seed {SEED}"


@pytest.mark.parametrize(("latency", "early"), [(1, -1), (3, -1), (2, 0), (2, -2)])
def test_another_latency_gives_other_answers(latency, early):
    values = operands()
    answers = apply(Scaled(), values, latency=latency, early={"c": early})
    assert not np.array_equal(answers["y"], expected(values)), f"seed {SEED}"


def test_wide_words_without_a_clock():
    words = np.random.default_rng(SEED).integers(0, 256, (50, 257), dtype=np.uint8)
    words[:, -1] &= 0b111
    answers = apply(Inverter(2051), {"a": words}, latency=0)["y"]
    wanted = ~words
    wanted[:, -1] &= 0b111
    assert np.array_equal(answers, wanted), f"seed {SEED}"


def test_progress_and_waves(tmp_path, capsys):
    reports = []
    waves = tmp_path / "deep" / "inverter"
    words = np.arange(256)
    apply(
        Inverter(8), {"a": words}, latency=0, waves=waves,
        progress=lambda done, total: reports.append((done, total)),
    )  # fmt: skip
    (written,) = waves.parent.iterdir()
    assert written.suffix in (".vcd", ".fst")
    assert written.stat().st_size > 1000
    assert str(written) in capsys.readouterr().out
    assert reports[-1][1] == 256


@pytest.mark.parametrize(
    ("changes", "options", "message"),
    [
        ({"d": 1}, {}, "inputs must name ports among a, b, c, not 'd'"),
        ({"c": None}, {}, "inputs must give every input port, and lack c"),
        ({"a": [1, 2]}, {}, "inputs must have arrays of one length, not [2, 1000]"),
        ({"a": 1, "b": np.zeros((0, 3), int), "c": 1}, {"latency": {}},
         "latency of y must be an integer, not None"),
        ({"a": [128] * COUNT}, {}, "a must be in -128 ... 127, not 128"),
        ({}, {"outputs": ["z"]}, "outputs must name ports among y, not 'z'"),
        ({}, {"early": {"z": 1}}, "early must name ports among a, b, c, not 'z'"),
        ({}, {"latency": -1}, "latency of y must be in 0 ... 65536, not -1"),
    ],
)  # fmt: skip
def test_refusals(changes, options, message):
    values = {name: part for name, part in (operands() | changes).items() if part is not None}
    with pytest.raises((TypeError, ValueError), match=f"^{re.escape(message)}$"):
        apply(Scaled(), values, **({"latency": 2} | options))


def test_only_components_are_taken():
    with pytest.raises(TypeError, match=r"^component must be an amaranth wiring.Component, not 1$"):
        apply(1, {}, latency=0)
