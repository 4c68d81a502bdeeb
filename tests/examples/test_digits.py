# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The digits' network as it is committed: the golden model and PyTorch give what stands beside it,
and the example would make it again."""

import runpy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch_models

from macaw.cli.digits import DIGITS_DATA, held_back_digits
from macaw.golden import run
from macaw.nn import Semantics, load
from macaw.nn.graph.operators import (
    AdaptiveAveragePool2d,
    Conv2d,
    Linear,
    MaxPool2d,
    Reshape,
    Transpose,
)

EXAMPLE = Path(__file__).parents[2] / "examples" / "digits.py"
COUNT = 360
#: How many of them are recognised.
RIGHT = 356


@pytest.fixture(scope="module")
def network():
    return held_back_digits(DIGITS_DATA)


def golden(graph, images):
    """The graph's logits for each digit."""
    return np.concatenate([next(iter(run(graph, [each[np.newaxis]]).values())) for each in images])


def test_what_is_committed(network):
    graph, digits = network
    assert graph.semantics is Semantics.QNNPACK
    assert graph.macs == 8 * 8 * 16 * 9 + 8 * 8 * 32 * 16 * 9 + 4 * 4 * 32 * 32 * 9 + 32 * 10
    arrays = (digits.images, digits.labels, digits.logits)
    assert [each.shape for each in arrays] == [(COUNT, 1, 8, 8), (COUNT,), (COUNT, 10)]
    assert {each.dtype.name for each in arrays} == {"uint8"}
    assert digits.images.max() == 16
    assert np.bincount(digits.labels).min() > COUNT // 20
    assert sum(path.stat().st_size for path in DIGITS_DATA.iterdir()) < 60_000


def test_accuracy(network):
    _, digits = network
    assert np.count_nonzero(digits.logits.argmax(axis=1) == digits.labels) == RIGHT
    assert RIGHT / COUNT > 0.98


def test_golden_gives_pytorchs_logits(network):
    graph, digits = network
    np.testing.assert_array_equal(golden(graph, digits.images), digits.logits)


@pytest.mark.parametrize("name", ["first#weights", "third#weights", "scores#weights"])
def test_another_weight_gives_others(network, name):
    graph, digits = network
    tensor = graph.tensors[name]
    data = tensor.data.copy()
    data.flat[data.size // 2] ^= 1 << 6
    tensors = {**graph.tensors, name: replace(tensor, data=data)}
    found = golden(replace(graph, tensors=tensors), digits.images[:40])
    assert np.count_nonzero(found != digits.logits[:40]) > 0


def pytorchs(torch, graph, images):
    """The committed graph's weights and scales in PyTorch's own operators."""
    functional = torch.ao.nn.quantized.functional

    def weights(tensor, axes):
        data = torch.from_numpy(np.ascontiguousarray(tensor.data.transpose(axes)))
        return torch._make_per_tensor_quantized_tensor(data, tensor.scale, tensor.zero_point)

    x = torch._make_per_tensor_quantized_tensor(
        torch.from_numpy(images), graph.tensors[graph.inputs[0]].scale, 0
    )
    for operator in graph.operators:
        result = graph.tensors[operator.outputs[0]]
        operands = [graph.tensors[name] for name in operator.inputs]
        match operator:
            case Conv2d():
                layer = torch.ao.nn.intrinsic.quantized.ConvReLU2d(
                    operands[1].shape[3], operands[1].shape[0], 3, padding=1
                )
            case Linear():
                layer = torch.ao.nn.quantized.Linear(*operands[1].shape[::-1])
            case MaxPool2d():
                x = torch.nn.functional.max_pool2d(x, operator.kernel)
            case AdaptiveAveragePool2d():
                x = functional.adaptive_avg_pool2d(x, operator.size)
            case Reshape():
                x = x.flatten(1)
            case _:
                assert isinstance(operator, Transpose)
        if isinstance(operator, Conv2d | Linear):
            axes = (0, 3, 1, 2) if isinstance(operator, Conv2d) else (0, 1)
            layer.set_weight_bias(weights(operands[1], axes), torch.tensor(operands[2].data))
            layer.scale, layer.zero_point = result.scale, result.zero_point
            x = layer(x)
    return x.int_repr().numpy()


def test_pytorch_gives_these_logits(oracle, network):
    torch = oracle("torch")
    graph, digits = network
    with torch_models.engine_set(torch, "qnnpack"):
        found = pytorchs(torch, graph, digits.images)
        np.testing.assert_array_equal(found, digits.logits)
        # Another order of rounding is not the same.
        torch.backends.quantized.engine = "fbgemm"
        assert np.count_nonzero(pytorchs(torch, graph, digits.images) != digits.logits) > 0


def example(folder, epochs):
    """The example with so many epochs, into a folder: its verdict."""
    main = runpy.run_path(str(EXAMPLE))["main"]
    names = main.__globals__
    names["train"].__kwdefaults__["epochs"] = epochs
    names.update(DATA=folder, NETWORK=folder / "n.macaw", HELD_BACK=folder / "h.npz")
    return main()


def made_again(oracle, folder, epochs):
    """What the example writes: its logits, and those of the golden model for its network."""
    torch = oracle("torch")
    oracle("examples")
    before = torch.backends.quantized.engine, torch.get_num_threads()
    try:
        assert example(folder, epochs) is True
    finally:
        torch.backends.quantized.engine = before[0]
        torch.set_num_threads(before[1])
    _, committed = held_back_digits(DIGITS_DATA)
    with np.load(folder / "h.npz") as arrays:
        np.testing.assert_array_equal(arrays["images"], committed.images)
        np.testing.assert_array_equal(arrays["labels"], committed.labels)
        return arrays["logits"], golden(load(folder / "n.macaw"), arrays["images"])


def test_the_example_of_one_epoch(oracle, tmp_path):
    logits, ours = made_again(oracle, tmp_path, 1)
    np.testing.assert_array_equal(ours, logits)


@pytest.mark.full
def test_the_example(oracle, tmp_path):
    logits, ours = made_again(oracle, tmp_path, 30)
    np.testing.assert_array_equal(ours, logits)
    _, committed = held_back_digits(DIGITS_DATA)
    assert np.count_nonzero(logits.argmax(axis=1) == committed.labels) > 0.97 * COUNT
