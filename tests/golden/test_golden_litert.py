# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The fixed point recipes against TensorFlow Lite's kernels, each with the one it computes."""

import importlib
from collections import Counter

import numpy as np
import pytest
from golden_litert import KINDS, SINGLE_AWAY, Recipe, build_model, make_lite_layer, run_model

from macaw.arch import Mode

SEED = 3
LAYERS = 150
OUTPUTS = 5000
RECIPES = (Mode.FIXED_DOUBLE_AWAY, Mode.FIXED_DOUBLE_UP, Mode.FIXED_SINGLE, SINGLE_AWAY)


@pytest.mark.parametrize(
    ("kind", "resolver", "recipe", "product"),
    [
        ("CONV_2D", "BUILTIN_REF", Mode.FIXED_DOUBLE_AWAY, "exact"),
        ("DEPTHWISE_CONV_2D", "BUILTIN_REF", Mode.FIXED_DOUBLE_AWAY, "exact"),
        ("FULLY_CONNECTED", "BUILTIN_REF", SINGLE_AWAY, "exact"),
        ("CONV_2D", "BUILTIN_WITHOUT_DEFAULT_DELEGATES", Mode.FIXED_DOUBLE_UP, "exact"),
        ("FULLY_CONNECTED", "BUILTIN_WITHOUT_DEFAULT_DELEGATES", Mode.FIXED_DOUBLE_UP, "float32"),
    ],
)
def test_kernels_have_their_recipes(
    oracle, kind: str, resolver: str, recipe: Recipe, product: str
) -> None:
    name = oracle("tflite").__name__
    schema = importlib.import_module(f"{name}.schema_py_generated")
    interpreter = importlib.import_module(f"{name}.interpreter")
    flatbuffers = importlib.import_module("flatbuffers")
    compared, wrong = 0, Counter()
    float32_product = product == "float32"
    for index in range(KINDS.index(kind), LAYERS, len(KINDS)):
        layer = make_lite_layer(SEED, index, OUTPUTS)
        expected = run_model(
            interpreter, build_model(schema, flatbuffers, layer), resolver, layer.inputs
        )
        accumulators = layer.accumulators()
        ours = layer.golden(recipe, accumulators, float32_product=float32_product)
        different = np.argwhere(ours != expected)
        assert len(different) == 0, (
            f"{resolver}, seed {SEED}, {layer.label}: {len(different)} of {expected.size} "
            f"differ, first at {different[0].tolist()}"
        )
        compared += expected.size
        for rival in set(RECIPES) - {recipe}:
            other = layer.golden(rival, accumulators, float32_product=float32_product)
            wrong[str(rival)] += np.count_nonzero(other != expected)
        other = layer.golden(recipe, accumulators, float32_product=not float32_product)
        wrong["product"] += np.count_nonzero(other != expected)
    print(f"\n{kind}, {resolver}: {compared} outputs, 0 mismatches; rivals: {dict(wrong)}")
    assert compared > 100_000
    assert all(count > 0 for count in wrong.values())


def test_single_rounding_differs_from_half_away_at_negative_ties_alone() -> None:
    """What connects ``fixed_single``, half up, with the kernel that rounds half away."""
    ties = 0
    for index in range(KINDS.index("FULLY_CONNECTED"), LAYERS, len(KINDS)):
        layer = make_lite_layer(SEED, index, OUTPUTS)
        accumulators = layer.accumulators()
        ours, away = (
            layer.golden(recipe, accumulators, float32_product=False)
            for recipe in (Mode.FIXED_SINGLE, SINGLE_AWAY)
        )
        parameters = layer.requantization(Mode.FIXED_SINGLE, float32_product=False)
        biased = (accumulators + np.array(parameters.bias, np.int32)).astype(np.int64)
        shift = 31 - parameters.shift[0]
        tie = (biased * parameters.multiplier[0]) % (1 << shift) == 1 << (shift - 1)
        np.testing.assert_array_equal(ours[~(tie & (biased < 0))], away[~(tie & (biased < 0))])
        ties += np.count_nonzero(ours != away)
    assert ties > 0
