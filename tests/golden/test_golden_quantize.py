# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Quantisation at the border of a network, against PyTorch."""

import re

import numpy as np
import pytest

from macaw.golden.quantize import choose_scale, dequantize, quantize

SEED = 11
RANGES = [(-2.0, 2.5), (0.0, 6.0), (-1.5, 0.0), (0.3, 4.0), (-1e-3, 7.0), (-2.118, 2.64)]


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize(("minimum", "maximum"), RANGES)
def test_scales_are_the_observers(oracle, minimum, maximum, signed):
    torch = oracle("torch")
    dtype = torch.qint8 if signed else torch.quint8
    observer = torch.ao.quantization.MinMaxObserver(dtype=dtype, reduce_range=False)
    observer(torch.tensor([minimum, maximum]))
    scale, zero_point = observer.calculate_qparams()
    assert choose_scale(minimum, maximum, signed=signed) == (float(scale), int(zero_point))


@pytest.mark.filterwarnings("ignore:.*deprecated:UserWarning")
@pytest.mark.parametrize("signed", [False, True])
def test_values_are_pytorchs(oracle, signed):
    torch = oracle("torch")
    rng = np.random.default_rng(SEED)
    dtype = torch.qint8 if signed else torch.quint8
    for minimum, maximum in RANGES:
        scale, zero_point = choose_scale(minimum, maximum, signed=signed)
        values = rng.uniform(minimum * 1.2 - 0.1, maximum * 1.2, 1 << 16).astype(np.float32)
        # Ties, and the values beside them.
        values[: 1 << 12] = (rng.integers(-300, 300, 1 << 12) + 0.5) * scale
        theirs = torch.quantize_per_tensor(torch.from_numpy(values), scale, zero_point, dtype)
        ours = quantize(values, scale, zero_point, signed=signed)
        np.testing.assert_array_equal(ours, theirs.int_repr().numpy(), f"{SEED=}")
        real = dequantize(ours, scale, zero_point)
        np.testing.assert_array_equal(real, theirs.dequantize().numpy(), f"{SEED=}")


def test_numbers_come_back():
    scale, zero_point = choose_scale(-1.0, 3.0)
    every = np.arange(256, dtype=np.uint8)
    real = dequantize(every, scale, zero_point)
    np.testing.assert_array_equal(quantize(real, scale, zero_point), every)
    assert real[zero_point] == 0


@pytest.mark.parametrize(
    ("minimum", "maximum"), [(1.0, -1.0), (0.0, 0.0), (float("nan"), 1.0), (0.0, float("inf"))]
)
def test_empty_ranges_are_refused(minimum, maximum):
    sentence = f"range must be finite and not empty, not {minimum!r} ... {maximum!r}"
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        choose_scale(minimum, maximum)
