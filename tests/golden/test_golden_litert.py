# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The fixed point modes against TensorFlow Lite's kernels, each in the mode that is its own."""

import importlib
from collections import Counter

import numpy as np
import pytest
from golden_litert import KINDS, build_model, make_lite_layer, run_model

from macaw.arch import Mode

SEED = 3
LAYERS = 90
OUTPUTS = 5000
MODES = (Mode.FIXED_DOUBLE_AWAY, Mode.FIXED_DOUBLE_UP, Mode.FIXED_SINGLE)


@pytest.mark.parametrize(
    ("kind", "resolver", "mode", "product"),
    [
        ("CONV_2D", "BUILTIN_REF", Mode.FIXED_DOUBLE_AWAY, "exact"),
        ("DEPTHWISE_CONV_2D", "BUILTIN_REF", Mode.FIXED_DOUBLE_AWAY, "exact"),
        ("FULLY_CONNECTED", "BUILTIN_REF", Mode.FIXED_SINGLE, "exact"),
        ("CONV_2D", "BUILTIN_WITHOUT_DEFAULT_DELEGATES", Mode.FIXED_DOUBLE_UP, "exact"),
        ("FULLY_CONNECTED", "BUILTIN_WITHOUT_DEFAULT_DELEGATES", Mode.FIXED_DOUBLE_UP, "float32"),
    ],
)
def test_kernels_have_their_modes(
    oracle, kind: str, resolver: str, mode: Mode, product: str
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
        ours = layer.golden(mode, accumulators, float32_product=float32_product)
        different = np.argwhere(ours != expected)
        assert len(different) == 0, (
            f"{resolver}, seed {SEED}, {layer.label}: {len(different)} of {expected.size} "
            f"differ, first at {different[0].tolist()}"
        )
        compared += expected.size
        for rival in set(MODES) - {mode}:
            other = layer.golden(rival, accumulators, float32_product=float32_product)
            wrong[rival.value] += np.count_nonzero(other != expected)
        other = layer.golden(mode, accumulators, float32_product=not float32_product)
        wrong["product"] += np.count_nonzero(other != expected)
    print(f"\n{kind}, {resolver}: {compared} outputs, 0 mismatches; rivals: {dict(wrong)}")
    assert compared > 100_000
    assert all(count > 0 for count in wrong.values())
