# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""TorchScript modules and their files: the graphs of the modules that they were made of."""

import zipfile

import numpy as np
import pytest
from torch_models import (
    RESIDUAL_FUSED,
    array,
    engine_set,
    functions_network,
    mobile_network,
    photographs,
    quantised,
    residual_network,
)

from macaw.golden import run
from macaw.nn import ModelError, Semantics, from_torch, load


@pytest.fixture
def torch(oracle):
    return oracle("torch")


def assert_equal(torch, graph, module, images):
    """The outputs are those of the module."""
    expected = module(images)
    expected = expected if isinstance(expected, tuple) else (expected,)
    results = run(graph, [array(images)])
    for name, value in zip(graph.outputs, expected, strict=True):
        assert np.array_equal(results[name], array(value))


@pytest.mark.parametrize("engine", ["qnnpack", "x86"])
@pytest.mark.parametrize("kind", ["residual", "mobile", "functions"])
def test_traced_networks(torch, processor, tmp_path, kind, engine):
    processor(engine)
    with engine_set(torch, engine):
        images, clamps = photographs(torch, 2, 32), engine != "qnnpack"
        network = {
            "residual": lambda: residual_network(torch),
            "mobile": lambda: mobile_network(torch, relu6=clamps),
            "functions": lambda: functions_network(torch, clamps=clamps),
        }[kind]()
        fused = RESIDUAL_FUSED if kind == "residual" else ()
        module = quantised(torch, network, engine, images, fuse=fused)
        path = tmp_path / "network.pt"
        torch.jit.save(torch.jit.trace(module, images), path)
        graph = load(path, example_inputs=images, engine=engine)
        assert (graph.name, graph.semantics) == ("network", Semantics(engine))
        original = from_torch(module, images, engine=engine)
        assert_equal(torch, graph, module, images)
        ours, theirs = (run(each, [array(images)], all_tensors=True) for each in (graph, original))
        for one, other in zip(graph.operators, original.operators, strict=True):
            assert type(one) is type(other)
            assert np.array_equal(ours[one.outputs[0]], theirs[other.outputs[0]])


def branches(torch):
    """A module whose branches torch.fx cannot follow."""

    class Branches(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.quantise = torch.ao.quantization.QuantStub()
            self.first, self.second = torch.nn.Conv2d(3, 6, 3), torch.nn.Conv2d(6, 6, 1)
            self.dequantise = torch.ao.quantization.DeQuantStub()

        def forward(self, x):
            x = self.first(self.quantise(x))
            if x.size(1) > 4 and len(x.shape) == 4:
                left, right = x.chunk(2, 1)
                x = torch.cat([right, left], 1)
            else:
                x = torch.relu(x)
            y = torch.relu(self.second(x))
            return self.dequantise(x), self.dequantise(torch.flatten(y, 1))

    torch.manual_seed(3)
    return Branches()


def test_scripted_branches_are_followed(torch, tmp_path):
    with engine_set(torch, "fbgemm"):
        images = photographs(torch, 2, 20)
        module = quantised(torch, branches(torch), "fbgemm", images)
        with pytest.raises(ModelError, match=r"must have a forward that torch\.fx can trace"):
            from_torch(module, images, engine="fbgemm")
        script = torch.jit.script(module)
        assert_equal(torch, from_torch(script, images, engine="fbgemm"), module, images)


def test_lists_and_choices_are_followed(torch):
    class Choices(torch.nn.Module):
        def pick(self, x, y: torch.Tensor | None = None):
            if y is None:
                y = torch.relu_(x)
            return torch.cat([x, y], 1), x.split([1, 2], dim=1)

        def forward(self, x):
            first, (second, third) = self.pick(x.contiguous())
            pieces = torch.chunk(first, 3, 1)
            return [pieces[1], torch.relu(third), second]

    with engine_set(torch, "fbgemm"):
        image = torch.quantize_per_tensor(torch.randn(1, 3, 4, 4) * 9, 0.125, 99, torch.quint8)
        script = torch.jit.script(Choices().eval())
        graph = from_torch(script, image.clone(), engine="fbgemm")
        assert_equal(torch, graph, lambda x: tuple(script(x.clone())), image)


def test_file_is_packed_for_the_engine(torch, tmp_path):
    """The engine is chosen as a file is read: each gives the bits that PyTorch then gives."""
    path = tmp_path / "branches.pt"
    with engine_set(torch, "fbgemm"):
        images = photographs(torch, 2, 20)
        torch.jit.save(torch.jit.script(quantised(torch, branches(torch), "fbgemm", images)), path)
    for engine in ("qnnpack", "fbgemm", "onednn"):
        graph = load(path, example_inputs=images, engine=engine)
        with engine_set(torch, engine):
            assert_equal(torch, graph, torch.jit.load(path), images)


def test_refusals(torch, tmp_path):
    path = tmp_path / "small.pt"
    with engine_set(torch, "fbgemm"):
        image = torch.quantize_per_tensor(torch.randn(1, 3, 4, 4), 0.1, 3, torch.quint8)
        torch.jit.save(torch.jit.trace(torch.nn.ReLU().eval(), image), path)
        with pytest.raises(ModelError, match=r"^small.pt, a PyTorch file, needs example_inputs$"):
            load(path)
        with pytest.raises(ModelError, match="example_inputs must be 1 tensors, not 2"):
            load(path, example_inputs=(image, image), engine="fbgemm")
        other = tmp_path / "other.pt2"
        with zipfile.ZipFile(other, "w") as archive:
            archive.writestr("nothing", "")
        with pytest.raises(ModelError, match="^other.pt2 must be a file of torch.jit: "):
            load(other, example_inputs=image)

        class Loop(torch.nn.Module):
            def forward(self, x):
                for _ in range(x.size(0)):
                    x = torch.relu(x)
                return x

        with pytest.raises(ModelError, match="the node prim::Loop of the script is not supported"):
            from_torch(torch.jit.script(Loop().eval()), image, engine="fbgemm")

        class Number(torch.nn.Module):
            def forward(self, x):
                return torch.relu(x), x.size(0)

        with pytest.raises(ModelError, match="outputs must be tensors, not "):
            from_torch(torch.jit.script(Number().eval()), image, engine="fbgemm")
