# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Single operators against each of PyTorch's engines, live.

Run with ``-s`` for the number of values that were compared.
"""

import warnings
from contextlib import contextmanager

import numpy as np
import pytest
from golden_torch import ENGINES, engine_set
from torch_cases import CASES, PLANAR

from macaw.golden import (
    engines,
    pool,
    resize,
    run,
    torch_elementwise,
    torch_numbers,
    torch_pool,
    torch_tables,
)
from macaw.golden.kernels import torch as kernels
from macaw.golden.torch_numbers import SINGLES, VECTORS
from macaw.nn import ModelError, Semantics, from_torch

MODULES = 20
EVERY = {**CASES, **PLANAR}


@contextmanager
def engine_alone(torch, engine):
    """An engine on one thread, without warnings."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with warnings.catch_warnings(), engine_set(torch, engine), torch.no_grad():
            warnings.simplefilter("ignore")
            yield
    finally:
        torch.set_num_threads(threads)


def array(value):
    return (value.int_repr() if value.is_quantized else value).numpy()


def differences(torch, engine, name, count=MODULES, *, first=False):
    """How many values differ, over some modules of one maker, or up to the ``first`` one with a
    difference; what the importer refuses is left out."""
    different = total = refused = 0
    for index in range(count):
        if first and different:
            return different
        rng = np.random.default_rng([11, index])
        with engine_alone(torch, engine):
            module, inputs = EVERY[name](torch, rng, engine)
            if name in PLANAR and engine != "qnnpack":
                inputs = tuple(each.contiguous() for each in inputs)
            try:
                graph = from_torch(module, inputs, engine=engine)
            except ModelError:
                refused += 1
                continue
            expected = array(module(*inputs))
        (ours,) = run(graph, [array(each) for each in inputs]).values()
        assert (ours.shape, ours.dtype) == (expected.shape, expected.dtype)
        different += np.count_nonzero(ours != expected)
        total += expected.size
    print(f"\n{engine} {name}: {total} values, {refused} of {count} refused", end="")
    assert refused < count
    return different


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", EVERY)
def test_equal_to_torch(oracle, processor, name, engine):
    if name == "avg_pool2d":
        processor(engine)
    assert differences(oracle("torch"), engine, name) == 0


@pytest.mark.full
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", EVERY)
def test_equal_to_torch_on_many_modules(oracle, processor, name, engine):
    processor(engine)
    assert differences(oracle("torch"), engine, name, 300) == 0


def half_up(values, shift):
    count = np.asarray(shift, np.int64)
    return (np.asarray(values, np.int64) + ((np.int64(1) << count) >> 1)) >> count


def half_away(values):
    """A rival of `round_half_even`."""
    return np.trunc(np.float64(values) + np.copysign(0.5, values))


def two_steps(a, b, c):
    """A rival of `fma32`."""
    return np.float32(a) * np.float32(b) + np.float32(c)


def moved_before(values, scale, zero_point, *, signed=False):
    """A rival of `quantize`: nothing is fused."""
    moved = np.float32(values) * (np.float32(1) / np.float32(scale)) + np.float32(zero_point)
    return np.clip(np.rint(moved), 0, 255).astype(np.uint8)


def zero_point_after(sums, count, zero_point, dtype):
    """A rival of `mean`."""
    return np.clip(np.rint(sums / np.float32(count)) + zero_point, 0, 255).astype(dtype)


def coarse(values):
    """A rival of `float32`, for functions."""
    return np.asarray(values, np.float16).astype(np.float32)


def exact_factor(sums, counts, unit, dtype):
    """A rival of `qnnpack_average`: the reciprocal is not rounded."""
    moved = np.rint(sums / np.float64(counts) * (1 + 1e-7)) + unit.zero_point
    return np.clip(moved, 0, 255).astype(dtype)


def half_pixels(images, size, nearest=resize.resize_nearest):
    """A rival of `resize_nearest`."""
    return nearest(images, size, half_pixel_centers=True)


def zero_padded(images, kernel, stride, padding, fill, taps=pool.taps):
    """A rival of `taps`: padding wins."""
    return taps(images, kernel, stride, padding, 255 - fill)


TABLE = torch_tables, "float32", coarse
RIVALS = [
    ("adaptive_avg_pool2d", "fbgemm", torch_pool, "fma32", two_steps),
    ("adaptive_avg_pool2d", "qnnpack", torch_pool, "qnnpack_average", exact_factor),
    ("add", "fbgemm", torch_numbers, "VECTORS", SINGLES),
    ("add", "x86", torch_numbers, "SINGLES", VECTORS),
    ("add", "qnnpack", torch_elementwise, "shift_away", half_up),
    ("add_relu", "onednn", torch_numbers, "VECTORS", SINGLES),
    ("avg_pool2d", "fbgemm", torch_numbers, "VECTORS", SINGLES),
    ("avg_pool2d", "x86", torch_numbers, "SINGLES", VECTORS),
    ("avg_pool2d", "qnnpack", torch_pool, "qnnpack_average", exact_factor),
    ("batch_norm2d", "fbgemm", torch_elementwise, "round_half_even", half_away),
    ("cat of channels", "fbgemm", torch_numbers, "VECTORS", SINGLES),
    ("cat of channels", "fbgemm", torch_numbers, "SINGLES", VECTORS),
    ("cat of rows", "fbgemm", kernels, "quantize", moved_before),
    ("clamp", "fbgemm", torch_numbers, "SINGLES", VECTORS),
    ("elu", "fbgemm", torch_numbers, "VECTORS", SINGLES),
    ("hardsigmoid", "fbgemm", *TABLE),
    ("hardswish", "fbgemm", torch_numbers, "VECTORS", SINGLES),
    ("hardswish", "qnnpack", kernels, "SINGLES", VECTORS),
    ("interpolate", "fbgemm", resize, "resize_nearest", half_pixels),
    ("leaky_relu", "fbgemm", torch_numbers, "VECTORS", SINGLES),
    ("max_pool2d", "fbgemm", pool, "taps", zero_padded),
    ("mean", "fbgemm", torch_pool, "mean", zero_point_after),
    ("mean", "qnnpack", torch_pool, "qnnpack_average", exact_factor),
    ("mul", "fbgemm", torch_elementwise, "round_half_even", half_away),
    ("quantize_per_tensor", "fbgemm", kernels, "quantize", moved_before),
    ("relu", "fbgemm", kernels, "limit_level", lambda limit, unit, dtype: 0),
    ("sigmoid", "fbgemm", *TABLE),
    ("tanh", "fbgemm", *TABLE),
]


@pytest.mark.parametrize(("name", "engine", "module", "attribute", "rival"), RIVALS)
def test_rival_is_noticed(oracle, monkeypatch, name, engine, module, attribute, rival):
    monkeypatch.setattr(module, attribute, rival)
    assert differences(oracle("torch"), engine, name, 20 * MODULES, first=True) > 0


@pytest.mark.parametrize("name", ["conv2d", "linear"])
@pytest.mark.parametrize(
    ("engine", "rival"),
    [
        ("qnnpack", engines.fbgemm_requantization),
        ("fbgemm", engines.qnnpack_requantization),
        ("onednn", engines.qnnpack_requantization),
    ],
)
def test_rival_engine_is_noticed(oracle, monkeypatch, name, engine, rival):
    def other(*, linear=False, **more):
        return rival(**more)

    monkeypatch.setitem(kernels._ENGINES, Semantics(engine), other)
    assert differences(oracle("torch"), engine, name, 20 * MODULES, first=True) > 0


def test_rival_engine_is_noticed_in_conv_transpose2d(oracle, monkeypatch):
    rival = engines.fbgemm_requantization
    monkeypatch.setitem(kernels._ENGINES, Semantics.QNNPACK, rival)
    assert differences(oracle("torch"), "qnnpack", "conv_transpose2d", 200, first=True) > 0


def test_rival_engine_is_noticed_with_output_padding(oracle, processor, monkeypatch):
    """x86 hands what onednn does not take to fbgemm."""
    processor("x86")
    monkeypatch.setattr(kernels, "_output_padding", lambda place: False)
    assert differences(oracle("torch"), "x86", "conv_transpose2d", 200, first=True) > 0


def test_two_threads_have_two_rests(oracle):
    """Vectors are counted from the start of each thread's share: what the documentation says of
    one thread. Of a sum of 131,100 values on two threads, few differ, and by one."""
    torch = oracle("torch")
    rng = np.random.default_rng(5)
    units = (0.0625, 3), (0.03125, 101), (0.0625, 7)
    values = [rng.integers(0, 256, 131_100).astype(np.uint8) for _ in range(2)]
    with engine_alone(torch, "fbgemm"):
        quantised = [
            torch._make_per_tensor_quantized_tensor(torch.from_numpy(each), *unit)
            for each, unit in zip(values, units, strict=False)
        ]
        results = []
        for count in (1, 2):
            torch.set_num_threads(count)
            results.append(torch.ops.quantized.add(*quantised, *units[2]).int_repr().numpy())
    apart = np.flatnonzero(results[0] != results[1])
    print(f"\n{len(apart)} of {len(values[0])} values differ between one thread and two", end="")
    assert len(apart) < 64
    assert np.all(np.abs(results[0][apart].astype(int) - results[1][apart]) <= 1)
