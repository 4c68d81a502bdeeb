# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The single operators of exported programs: each as PyTorch's own float32 steps give it."""

from importlib import import_module

import numpy as np
import pytest

from macaw.golden import pt2e, requantize
from macaw.golden.fixed_point import Affine
from macaw.golden.quantize import onnxruntime_quantize
from macaw.golden.torch_numbers import SINGLES

SCALES = (0.5, 0.25, 1.0, 0.1, 0.0123456, 3.7, 7 / 16)
POINTS = (0, 3, -128, 127, -7)


@pytest.fixture
def torch(oracle):
    torch = oracle("torch")
    # It registers the operators.
    import_module("torch.ao.quantization.fx._decomposed")
    return torch


def unit_and_more(torch, scale, point):
    """Scale and zero point, and what both operators of PyTorch take."""
    scale = float(np.float32(scale))
    return Affine(scale, point), (scale, point, -128, 127, torch.int8)


def quantised(torch, values, parameters):
    operator = torch.ops.quantized_decomposed.quantize_per_tensor.default
    return operator(values, *parameters).numpy()


def real(torch, values, parameters):
    operator = torch.ops.quantized_decomposed.dequantize_per_tensor.default
    return operator(torch.from_numpy(values), *parameters)


@pytest.mark.parametrize("scale", SCALES)
def test_quantize(torch, scale):
    rng = np.random.default_rng(1)
    rival = quotient = 0
    for point in POINTS:
        affine, parameters = unit_and_more(torch, scale, point)
        steps = np.float32(np.arange(-300, 300) / 2 * affine.scale)
        values = np.concatenate([
            steps, np.nextafter(steps, np.inf), np.nextafter(steps, -np.inf),
            rng.normal(0, 60 * scale, 3000).astype(np.float32), np.float32([1e30, -1e30, np.inf]),
        ]).astype(np.float32)  # fmt: skip
        expected = quantised(torch, torch.from_numpy(values), parameters)
        found = pt2e.quantize(values, affine, np.int8)
        np.testing.assert_array_equal(found, expected)
        with np.errstate(invalid="ignore"):
            other = SINGLES.quantize(values[:-1], affine, np.int8)
        rival += np.count_nonzero(other != expected[:-1])
        quotient += np.count_nonzero(
            onnxruntime_quantize(values, *affine, dtype=np.int8) != expected
        )
    # The zero point before the rounding is another formula, and so is a quotient, where the scale
    # is no power of two.
    assert rival > 0
    assert (quotient > 0) == (scale not in (0.5, 0.25, 1.0))


@pytest.mark.parametrize("name", ["add", "multiply"])
def test_binary_of_every_pair(torch, name):
    rng = np.random.default_rng(2)
    values = np.arange(-128, 128, dtype=np.int8)
    first, second = (grid.ravel() for grid in np.meshgrid(values, values, indexing="ij"))
    rival = 0
    for _ in range(12):
        (a, of_a), (b, of_b), (c, of_c) = (
            unit_and_more(torch, rng.choice(SCALES), int(rng.choice(POINTS))) for _ in range(3)
        )
        function = torch.add if name == "add" else torch.mul
        result = function(real(torch, first, of_a), real(torch, second, of_b))
        expected = quantised(torch, result, of_c)
        found = pt2e.binary(
            getattr(np, name), first, second, operands=(a, b), result=c, bounds=(-128, 127)
        )
        np.testing.assert_array_equal(found, expected)
        np.testing.assert_array_equal(
            pt2e.binary(
                getattr(np, name), first, second, operands=(a, b), result=c, bounds=(-5, 90)
            ),
            np.clip(expected, -5, 90),
        )
        wide = getattr(np, name)(
            (first - np.float64(a.zero_point)) * a.scale,
            (second - np.float64(b.zero_point)) * b.scale,
        )
        exact = np.clip(np.rint(wide / c.scale) + c.zero_point, -128, 127)
        rival += np.count_nonzero(exact != expected)
    # The exact value, rounded once, is another formula.
    assert rival > 0


def test_rescaled(torch):
    values = np.arange(-128, 128, dtype=np.int8)
    for scale in SCALES:
        for other in SCALES:
            a, of_a = unit_and_more(torch, scale, 5)
            b, of_b = unit_and_more(torch, other, -9)
            expected = quantised(torch, real(torch, values, of_a), of_b)
            found = pt2e.rescaled(values, operand=a, result=b, dtype=np.int8)
            np.testing.assert_array_equal(found, expected)
    same = Affine(0.1, 5)
    assert np.array_equal(pt2e.rescaled(values, operand=same, result=same, dtype=np.int8), values)


@pytest.mark.parametrize("count", [4, 6, 9, 14, 25, 49, 64, 100, 144])
@pytest.mark.parametrize("power", [-2, -1, 0, 1, 3])
def test_average_of_every_sum(torch, count, power):
    """As one division, as two, and as one multiplication where that misses no tie."""
    operand, result = Affine(0.25, -3), Affine(0.25 / 2.0**power, 7)
    sums = np.arange(-255 * count, 255 * count + 1)
    found = pt2e.average(sums, count, operand=operand, result=result, dtype=np.int8)
    _, parameters = unit_and_more(torch, *result)
    total = torch.from_numpy(sums.astype(np.float32) * np.float32(operand.scale))
    root = int(np.sqrt(count))
    ways = [total / count] + ([total / root / root] if root * root == count else [])
    for way in ways:
        np.testing.assert_array_equal(quantised(torch, way, parameters), found)
    parameters = multiplication(count, operand, result)
    if parameters is None:
        assert count & (count - 1), "a power of two misses none"
    else:
        np.testing.assert_array_equal(requantize(sums[:, np.newaxis], parameters)[:, 0], found)


def multiplication(count, operand, result):
    """The parameters of an average as one multiplication; ``None`` where there are none."""
    try:
        return pt2e.average_requantization(
            count, channels=1, operand=operand, result=result, signed=True
        )
    except ValueError:
        return None


def test_some_averages_are_refused_and_most_are_not():
    unit = Affine(1.0, 0)
    refused = [count for count in range(1, 500) if multiplication(count, unit, unit) is None]
    with pytest.raises(ValueError, match=f"no ties that {refused[0]} times a float32 misses"):
        pt2e.average_requantization(refused[0], channels=1, operand=unit, result=unit, signed=True)
    assert 0 < len(refused) < 100
    assert all(count % 2 == 0 and count & (count - 1) for count in refused)


def test_requantization_rounds_once():
    """``m`` is the quantise's own factor, but for a power of two. At a scale of 7/16 the quotient,
    another formula, has its ties elsewhere."""
    scale = 7 / 16
    found = pt2e.requantization(
        input_scale=0.25, weight_scales=(0.125, 2.0**-9), output_scale=scale,
        bias=np.int32([5, -7]), zero_point=3, bounds=(3, 90), signed=True,
    )  # fmt: skip
    sums = np.arange(-4000, 4000, dtype=np.int32).repeat(2).reshape(-1, 2)
    real = (sums + np.int32([5, -7])) * np.float32(0.25) * np.float32([0.125, 2.0**-9])
    expected = np.clip(pt2e.quantize(real, Affine(scale, 3), np.int8), 3, 90)
    np.testing.assert_array_equal(requantize(sums, found), expected)
    quotient = np.clip(np.rint(real / np.float32(scale)) + 3, 3, 90)
    assert np.count_nonzero(quotient != expected) > 10


@pytest.mark.parametrize("size", [(2, 7), (2, 13), (4, 7), (5, 6), (7, 8)])
def test_kernels_of_averages_divide(torch, size):
    """Each of PyTorch's, in both memory formats, at every sum; products with a float32 would miss
    some of these ties."""
    rows, columns = size
    count = rows * columns
    sums = np.arange(-128 * count, 127 * count + 1)
    base = sums // count
    values = base[:, np.newaxis] + (np.arange(count) < (sums - base * count)[:, np.newaxis])
    assert np.array_equal(values.sum(axis=1), sums)
    unit = Affine(0.5, 0)
    expected = pt2e.average(sums, count, operand=unit, result=unit, dtype=np.int8)
    _, parameters = unit_and_more(torch, *unit)
    channels = 40
    padded = np.concatenate([values, np.zeros((-len(values) % channels, count))])
    images = torch.from_numpy(np.float32(padded * 0.5)).reshape(-1, channels, rows, columns)
    wide = torch.cat([images, images], dim=2)
    functional = torch.nn.functional
    for form in (torch.contiguous_format, torch.channels_last):
        image = images.contiguous(memory_format=form)
        taller = wide.contiguous(memory_format=form)
        for found in (
            image.mean((2, 3)),
            functional.avg_pool2d(image, size),
            functional.adaptive_avg_pool2d(image, 1),
            functional.adaptive_avg_pool2d(taller, (2, 1))[:, :, 1],
        ):
            given = quantised(torch, found, parameters).reshape(-1)[: len(sums)]
            np.testing.assert_array_equal(given, expected)
    product = np.rint(np.float32(sums * 0.5) * (np.float32(1) / np.float32(count)) / 0.5)
    assert np.any(product != expected) == (multiplication(count, unit, unit) is None)
