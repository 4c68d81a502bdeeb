# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Golden against recorded results of every framework: needs none of them."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from golden_layers import CLASSES, Layer
from golden_litert import SINGLE_AWAY, LiteLayer, Recipe
from golden_recorded import (
    LITERT_KERNELS,
    TFLITE_RUNTIME_KERNELS,
    onnx_bias,
    read_about,
    read_layers,
    record_tensorflow_lite,
    record_torch_and_onnxruntime,
)
from golden_torch import ENGINES, requantization

from macaw.arch import Mode
from macaw.golden import onnxruntime_requantization, requantize

_FIXED = (Mode.FIXED_DOUBLE_AWAY, Mode.FIXED_DOUBLE_UP, Mode.FIXED_SINGLE, SINGLE_AWAY)
RECORDED = Path(__file__).parent / "recorded"


def _load(name: str) -> dict[str, np.ndarray]:
    with np.load(RECORDED / f"{name}.npz") as file:
        return dict(file)


def test_the_files_are_small() -> None:
    assert sum(path.stat().st_size for path in RECORDED.glob("*.npz")) < 300_000


@pytest.mark.parametrize("engine", ENGINES)
def test_equal_to_recorded_torch(engine: str) -> None:
    arrays = _load("torch_onnxruntime")
    vnni = read_about(arrays)["vnni"]
    classes, others = Counter(), Counter()
    for index, layer in read_layers(Layer, arrays):
        expected = arrays.get(f"{index}.{engine}")
        if expected is None:
            continue
        accumulators = layer.accumulators()
        for name in ENGINES:
            result = requantize(accumulators, requantization(name, layer, vnni=vnni))
            others[name] += np.count_nonzero(result != expected)
            if name == engine:
                np.testing.assert_array_equal(result, expected, err_msg=layer.label)
        classes.update(dict.fromkeys(layer.classes, expected.size))
    print(f"\n{engine}: the other engines' formulas are wrong in {dict(others)}")
    assert set(classes) == set(CLASSES)
    assert all(others[name] > 0 for name in ENGINES if name != engine)


def test_equal_to_recorded_onnxruntime() -> None:
    arrays = _load("torch_onnxruntime")
    compared, sums = 0, 0
    for index, layer in read_layers(Layer, arrays):
        expected = arrays.get(f"{index}.onnxruntime")
        if expected is None:
            continue
        accumulators = layer.accumulators()
        parameters = layer.scales() | {"bias": onnx_bias(layer)}
        del parameters["relu"]
        result = requantize(accumulators, onnxruntime_requantization(**parameters))
        np.testing.assert_array_equal(result, expected, err_msg=layer.label)
        compared += expected.size
        exact = arrays.get(f"{index}.accumulators")
        if exact is not None:
            np.testing.assert_array_equal(accumulators, exact, err_msg=layer.label)
            sums += exact.size
    assert compared > 3000
    assert sums > 500


@pytest.mark.parametrize(("kind", "resolver", "recipe", "float32_product"), LITERT_KERNELS)
def test_equal_to_recorded_litert(
    kind: str, resolver: str, recipe: Recipe, float32_product: bool
) -> None:
    _compare_lite(resolver, kind, recipe, float32_product)


@pytest.mark.parametrize("kind", TFLITE_RUNTIME_KERNELS)
def test_equal_to_recorded_tflite_runtime(kind: str) -> None:
    _compare_lite("tflite_runtime", kind, *TFLITE_RUNTIME_KERNELS[kind])


def _compare_lite(name: str, kind: str, recipe: Recipe, float32_product: bool) -> None:
    arrays = _load("tensorflow_lite")
    compared, wrong = 0, 0
    for index, layer in read_layers(LiteLayer, arrays):
        if layer.kind != kind:
            continue
        expected, accumulators = arrays[f"{index}.{name}"], layer.accumulators()
        result = layer.golden(recipe, accumulators, float32_product=float32_product)
        np.testing.assert_array_equal(result, expected, err_msg=layer.label)
        compared += expected.size
        for rival in set(_FIXED) - {recipe}:
            other = layer.golden(rival, accumulators, float32_product=float32_product)
            wrong += np.count_nonzero(other != expected)
    print(f"\n{name}, {kind}: {compared} outputs; other recipes are wrong in {wrong}")
    assert compared > 1000
    assert wrong > 0


@pytest.mark.filterwarnings("ignore:.*quantized tensor.*deprecated:UserWarning")
def test_recorded_torch_and_onnxruntime_can_be_made_again(oracle, processor) -> None:
    processor("x86")
    torch, runtime = oracle("torch"), oracle("onnx")
    recorded = _load("torch_onnxruntime")
    again = record_torch_and_onnxruntime(torch, runtime)
    same_choice = read_about(again)["vnni"] == read_about(recorded)["vnni"]
    _assert_same(again, recorded, left_out="" if same_choice else ".x86")


def test_recorded_tensorflow_lite_can_be_made_again(oracle) -> None:
    again = record_tensorflow_lite(oracle("tflite"), None)
    _assert_same(again, _load("tensorflow_lite"), left_out=".tflite_runtime")


def _assert_same(
    again: dict[str, np.ndarray], recorded: dict[str, np.ndarray], left_out: str
) -> None:
    """The same arrays, but for the versions and for names with a certain end."""
    names = {name for name in recorded if not (left_out and name.endswith(left_out))}
    assert names == {name for name in again if not (left_out and name.endswith(left_out))}
    for name in names - {"about"}:
        np.testing.assert_array_equal(again[name], recorded[name], err_msg=name)
    assert read_about(again)["layers"] == read_about(recorded)["layers"]
