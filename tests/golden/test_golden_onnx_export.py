# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Networks that PyTorch exported, and ONNX Runtime's tool quantised, against the runtime."""

import importlib

import numpy as np
import pytest
import torch_networks
from onnx_files import runtime_results
from onnx_networks import exported, exposed, image, quantised
from torch_models import photographs

from macaw.golden import run
from macaw.nn import from_onnx


def residual(nn):
    """Two residual blocks, the second with a stride, batch norms folded by the export."""

    class Block(nn.Module):
        def __init__(self, channels, out, stride):
            super().__init__()
            self.body = nn.Sequential(
                nn.Conv2d(channels, out, 3, stride, 1, bias=False),
                nn.BatchNorm2d(out),
                nn.ReLU(),
                nn.Conv2d(out, out, 3, 1, 1, bias=False),
                nn.BatchNorm2d(out),
            )
            self.skip = nn.Conv2d(channels, out, 1, stride)

        def forward(self, x):
            return nn.functional.relu(self.body(x) + self.skip(x))

    return nn.Sequential(
        nn.Conv2d(3, 16, 3, 1, 1), nn.ReLU(), nn.MaxPool2d(3, 2, 1), Block(16, 16, 1),
        Block(16, 32, 2), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(32, 10),
    )  # fmt: skip


def inverted(nn):
    """Depthwise convolutions between pointwise ones, with hard swish and ReLU6."""
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, 2, 1), nn.Hardswish(), nn.Conv2d(8, 32, 1), nn.ReLU6(),
        nn.Conv2d(32, 32, 3, 1, 1, groups=32), nn.ReLU6(), nn.Conv2d(32, 8, 1), nn.BatchNorm2d(8),
        nn.SiLU(), nn.AvgPool2d(2), nn.Flatten(2), nn.Flatten(), nn.Linear(128, 10), nn.Tanh(),
    )  # fmt: skip


def gated(nn):
    """Down, up and beside each other, halves multiplied: shapes are computed in the file."""
    torch = importlib.import_module("torch")

    class Gated(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.down = nn.Conv2d(3, 8, 3, 1, 1), nn.Conv2d(8, 8, 3, 2, 1)
            self.last = nn.Conv2d(16, 4, 3, 1, 1)

        def forward(self, x):
            x = nn.functional.relu(self.first(x))
            up = nn.functional.leaky_relu(self.down(x))
            up = nn.functional.interpolate(up, scale_factor=2)
            gate, value = torch.chunk(self.last(torch.cat([x, up], 1)), 2, 1)
            return torch.sigmoid(gate) * value

    return Gated()


@pytest.mark.parametrize("build", [residual, inverted, gated])
@pytest.mark.parametrize(("form", "signed"), [("QDQ", False), ("QDQ", True), ("QOperator", False)])
def test_exported_network(oracle, tmp_path, build, form, signed):
    torch, runtime = oracle("torch"), oracle("onnx")
    torch.manual_seed(6)
    module = build(torch.nn)
    for layer in module.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            torch.nn.init.normal_(layer.running_mean, 0, 0.3)
            torch.nn.init.uniform_(layer.running_var, 0.5, 2)
    model = exported(torch, module.eval(), torch.zeros(1, 3, 16, 16))
    shown = exposed(quantised(model, tmp_path, form=form, signed=signed, per_channel=True))
    content = shown.SerializeToString()
    graph, compared = from_onnx(content), 0
    for seed in range(2):
        ours = run(graph, [image(seed)])
        for name, expected in runtime_results(runtime, content, [image(seed)]).items():
            assert np.array_equal(ours[name], expected), name
            compared += expected.size
    assert compared > 10_000


@pytest.mark.full
@pytest.mark.parametrize("form", ["QDQ", "QOperator"])
@pytest.mark.parametrize("name", torch_networks.NETWORKS)
def test_known_network(oracle, tmp_path, name, form):
    """Whole networks for 224x224 pixels, calibrated with photographs, at every tensor."""
    torch, runtime = oracle("torch"), oracle("onnx")
    images = photographs(torch, 4, 224)
    module = torch_networks.seeded(torch, name, images)
    each = [np.ascontiguousarray(one) for one in images.numpy()[:, None]]
    model = exported(torch, module, images[:1])
    model = quantised(model, tmp_path, form=form, signed=False, per_channel=True, images=each)
    content = exposed(model).SerializeToString()
    ours, compared = run(from_onnx(content), each[:1]), 0
    for tensor, expected in runtime_results(runtime, content, each[:1]).items():
        assert np.array_equal(ours[tensor], expected), tensor
        compared += expected.size
    assert compared > 1_000_000
