# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""MacawQuantizer: what its observers choose, and what it annotates."""

import sys

import numpy as np
import pytest
from torch_programs import all_operators, program, silent

from macaw.nn import ModelError, from_torch
from macaw.nn.exact import EXACT_SUM
from macaw.nn.graph import operators as op
from macaw.nn.torch import MacawQuantizer, observers


@pytest.fixture
def torch(oracle):
    return oracle("torch")


@pytest.fixture(scope="module", autouse=True)
def silent_import(oracle):
    with silent(oracle("torch")):
        observers.image_observer()


@pytest.mark.parametrize(
    ("low", "high", "scale", "point"),
    [
        (0.0, 255 / 64, 1 / 64, -128),
        (0.0, 256 / 64, 1 / 32, -128),
        (-1.0, 1.0, 1 / 64, -64),
        (-127.5, 127.5, 1.0, 0),
        (-255.0, -3.0, 1.0, 127),
        (2.0, 6.0, 1 / 32, -128),
        (0.0, 0.0, 1.0, -128),
        (0.0, 2.0**60, 2.0**39, -128),
    ],
)
def test_images_have_the_smallest_power_that_holds_them(torch, low, high, scale, point):
    observer = observers.image_observer()(
        dtype=torch.int8, qscheme=torch.per_tensor_affine, quant_min=-128, quant_max=127
    )
    observer(torch.tensor([low, high]))
    found = observer.calculate_qparams()
    assert (float(found[0]), int(found[1])) == (scale, point)


def weight_scales(torch, weights, axis=0):
    observer = observers.weight_observer()(
        dtype=torch.int8, qscheme=torch.per_channel_symmetric, quant_min=-127, quant_max=127,
        ch_axis=axis,
    )  # fmt: skip
    observer(weights)
    scales, points = observer.calculate_qparams()
    assert not points.any()
    return scales.tolist()


def test_weights_have_the_better_of_two_powers(torch):
    """One large weight of many is cut off, several are not; and so along the other axis."""
    rows = torch.full((3, 200), 0.4)
    rows[0, 0] = 1.0
    rows[1, :100] = 1.0
    rows[2] = 0.0
    expected = [2.0**-7, 2.0**-6, 2.0**-1]
    rows[0, 0] = 1.01
    found = weight_scales(torch, rows)
    assert found[:2] == expected[:2]
    assert found[2] in (1.0, 0.5)
    assert weight_scales(torch, rows.T.contiguous(), axis=1) == found


def heavy(torch):
    """A layer with a channel of many large weights, and one of small ones."""
    layer = torch.nn.Conv2d(600, 2, 3)
    with torch.no_grad():
        layer.weight[0] = torch.where(layer.weight[0] > 0, 1.0, -0.99)
    return torch.nn.Sequential(layer)


def test_scales_are_doubled_until_sums_are_exact(torch, monkeypatch):
    torch.manual_seed(5)
    network, images = heavy(torch), torch.randn(1, 600, 5, 5)
    graph = from_torch(program(torch, network, images), images)
    [layer] = [each for each in graph.operators if isinstance(each, op.Conv2d)]
    weights = graph.tensors[layer.inputs[1]]
    bounds = np.abs(weights.data.astype(np.int64)).sum(axis=(1, 2, 3)) * 255
    assert EXACT_SUM / 4 < bounds[0] < EXACT_SUM
    assert weights.quantization.scale[0] == 2.0**-3
    monkeypatch.setattr(observers, "_SUM_LIMIT", 1 << 40)
    with pytest.raises(ModelError, match="sums of channel 0 must be at most 2"):
        from_torch(program(torch, network, images), images)


def test_biases_are_derived(torch):
    image, weights = (
        type("Observer", (), {"calculate_qparams": lambda _, each=each: (each, None)})()
        for each in (torch.tensor([0.25]), torch.tensor([0.5, 2.0]))
    )
    scales, points = observers.derived_bias([image, weights])
    assert scales.tolist() == [0.125, 0.5]
    assert points.tolist() == [0, 0]


def test_what_shares_a_scale(torch):
    images = torch.randn(1, 3, 36, 36, generator=torch.Generator().manual_seed(1))
    graph = from_torch(program(torch, all_operators(torch), images), images)
    for operator in graph.operators:
        if isinstance(operator, op.MaxPool2d | op.Concat | op.Split | op.ResizeNearest):
            names = (*operator.inputs, *operator.outputs)
            assert len({graph.tensors[name].quantization for name in names}) == 1
    # Where a scale would have to change, a requantise would stand.
    assert not any(isinstance(each, op.Requantize) for each in graph.operators)
    averages = [each for each in graph.operators
                if isinstance(each, op.Mean | op.AdaptiveAveragePool2d)]  # fmt: skip
    for operator in averages:
        before, after = (graph.tensors[each[0]] for each in (operator.inputs, operator.outputs))
        assert after.scale < before.scale


def test_without_torchao_it_is_refused(monkeypatch):
    monkeypatch.setitem(sys.modules, "torchao", None)
    with pytest.raises(ModelError, match=r"MacawQuantizer needs torchao: pip install macaw\[torch"):
        MacawQuantizer().annotate(None)
    assert MacawQuantizer().transform_for_annotation(3) == 3
