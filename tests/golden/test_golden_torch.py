# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Golden convolutions and linear layers against PyTorch's own, engine by engine."""

from collections import Counter

import numpy as np
import pytest
from golden_layers import CLASSES, Layer, make_layer
from golden_rivals import RIVALS
from golden_torch import ENGINES, requantization, run_torch

from macaw.golden import requantize

pytestmark = pytest.mark.filterwarnings("ignore:.*quantized tensor.*deprecated:UserWarning")

SEED = 20260


def _compare(torch, engine: str, layers: int, outputs: int) -> tuple[int, int]:
    """Layers ``0 ... layers - 1``: no mismatch, and rivals that fail in every class.

    Prints a table of the classes; returns the numbers of outputs and of different shapes.
    """
    vnni = torch.cpu._is_vnni_supported()
    compared, failed = Counter(), Counter()
    total, shapes = 0, set()
    for index in range(layers):
        layer = make_layer(SEED, index, weight_zero_points=engine != "onednn", outputs=outputs)
        ours = requantization(engine, layer, vnni=vnni)
        accumulators = layer.accumulators()
        expected = run_torch(torch, engine, layer)
        _assert_equal(requantize(accumulators, ours), expected, engine, layer)
        total += expected.size
        shapes.add((layer.shape, layer.inputs.shape, layer.weights.shape))
        for name in layer.classes:
            compared[name] += expected.size
            failed[name] += np.count_nonzero(
                RIVALS[name](accumulators, ours, layer, engine) != expected
            )
    print(f"\n{engine}: {total} outputs of {len(shapes)} shapes, 0 mismatches, seed {SEED}")
    for name in CLASSES:
        print(f"  {name:40} {compared[name]:9}; {RIVALS[name].__name__}: {failed[name]} wrong")
    for name in CLASSES:
        assert compared[name] > 0, f"no layer of the class {name!r}"
        assert failed[name] > 0, f"{RIVALS[name].__name__} does not fail in the class {name!r}"
    return total, len(shapes)


def _assert_equal(result, expected, engine: str, layer: Layer) -> None:
    different = np.argwhere(result != expected)
    if len(different):
        first = tuple(int(index) for index in different[0])
        pytest.fail(
            f"{engine}, seed {SEED}, {layer.label}, {sorted(layer.classes)}: "
            f"{len(different)} of {expected.size} differ, first at {first}: "
            f"{result[first]}, not {expected[first]}"
        )


@pytest.mark.parametrize("engine", ENGINES)
def test_equal_to_torch(oracle, processor, engine: str) -> None:
    processor(engine)
    total, shapes = _compare(oracle("torch"), engine, layers=84, outputs=16_000)
    assert total >= 10**6
    assert shapes >= 80


@pytest.mark.full
@pytest.mark.parametrize("engine", ENGINES)
def test_equal_to_torch_on_ten_million_outputs(oracle, processor, engine: str) -> None:
    processor(engine)
    total, shapes = _compare(oracle("torch"), engine, layers=560, outputs=20_000)
    assert total >= 10**7
    assert shapes >= 500


def test_torch_default_engine_is_x86_where_it_can_be(oracle) -> None:
    torch = oracle("torch")
    if "x86" in torch.backends.quantized.supported_engines:
        assert torch.backends.quantized.engine == "x86"
