# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Seed A's example network, quantised by PyTorch: equal at every tensor in PyTorch, in the golden
model, on the machine in Python and on the machine's RTL."""

from dataclasses import replace

import numpy as np
import pytest
import torch_models

from macaw.arch.machines import machine_preset
from macaw.cli.verify_network import verify_network
from macaw.golden import run
from macaw.sim.memory_model import memory_model

TINY = machine_preset("tiny")
#: The values of each tensor that the machine makes.
VALUES = (28 * 28 * 16, 14 * 14 * 16, 14 * 14 * 32, 7 * 7 * 32, 32, 32, 10)
MACS = 28 * 28 * 16 * 27 + 14 * 14 * 32 * 144 + 32 * 10


def seed_a_network(torch):
    """Three layers with weights, for images of 28x28 pixels in three colours."""
    nn = torch.nn
    torch.manual_seed(1)
    return nn.Sequential(
        torch.ao.quantization.QuantStub(),
        nn.Conv2d(3, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2, 2),
        nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2, 2),
        nn.AdaptiveAvgPool2d((1, 1)), nn.Flatten(),
        nn.Linear(32, 10),
        torch.ao.quantization.DeQuantStub(),
    )  # fmt: skip


@pytest.fixture(scope="module")
def seed_a(oracle):
    """The graph, which is PyTorch's at every tensor, and these tensors for one image."""
    torch = oracle("torch")
    images = torch.randn(8, 3, 28, 28, generator=torch.Generator().manual_seed(2))
    with torch_models.engine_set(torch, "qnnpack"):
        module = torch_models.quantised(
            torch, seed_a_network(torch), "qnnpack", images, fuse=[["1", "2"], ["4", "5"]]
        )
        graph = torch_models.check(torch, module, "qnnpack", images[:1])
    inputs = [images[:1].numpy()]
    tensors = dict(zip(graph.inputs, inputs, strict=True)) | run(graph, inputs, all_tensors=True)
    return graph, tensors


def report(graph, tensors, **rungs):
    return verify_network(
        graph, tensors, TINY, model=memory_model("wide"), progress=lambda _: None, **rungs
    )


def test_seed_a_whole_on_the_machine(seed_a):
    graph, tensors = seed_a
    found = report(graph, tensors, machine=True, rtl=True)
    assert [rung.name for rung in found.rungs][:2] == ["machine", "rtl"]
    for rung in found.rungs:
        assert not rung.differences
    for rung in found.rungs[:2]:
        assert (rung.tensors, rung.values) == (len(VALUES), sum(VALUES))
    assert (found.macs, graph.macs, found.segments) == (MACS, MACS, 1)
    assert found.utilisation > 0.65


def test_seed_a_with_another_weight_differs(seed_a):
    graph, tensors = seed_a
    [name] = [each for each in graph.tensors if each.endswith("4#weights")]
    weights = graph.tensors[name]
    data = np.array(weights.data)
    data[7, 1, 1, 3] ^= 1 << 6
    other = replace(graph, tensors={**graph.tensors, name: replace(weights, data=data)})
    [rung] = report(other, tensors, machine=True, rtl=False).rungs
    assert next(iter(rung.differences)).endswith("4")
    assert len(rung.differences) > 1
