# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Small networks for PyTorch's quantisation, and the comparison of every tensor with PyTorch's.

PyTorch is imported within functions: the modules here can be read without it.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from torch_processor import needs_vnni

from macaw.golden import run
from macaw.nn import QuantizedGraph, from_torch

ENGINES = ("qnnpack", "fbgemm", "onednn", "x86")


@contextmanager
def engine_set(torch: Any, engine: str) -> Iterator[None]:
    """PyTorch's quantised engine for a while, on one thread, without warnings."""
    if engine == "onednn":
        needs_vnni(torch, engine)
    before, threads = torch.backends.quantized.engine, torch.get_num_threads()
    torch.backends.quantized.engine = engine
    torch.set_num_threads(1)
    try:
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")
            yield
    finally:
        torch.backends.quantized.engine = before
        torch.set_num_threads(threads)


def all_values(torch: Any, module: Any, *inputs: Any) -> dict[str, Any]:
    """What every call of a module's forward gives, by the names of torch.fx."""
    traced = torch.fx.GraphModule(module, torch.fx.Tracer().trace(module))
    values = {}

    class Interpreter(torch.fx.Interpreter):
        def run_node(self, node: Any) -> Any:
            result = super().run_node(node)
            # A copy: what follows may write over it.
            values[node.name] = result.clone() if isinstance(result, torch.Tensor) else result
            return result

    with torch.no_grad():
        Interpreter(traced).run(*inputs)
    return values


def array(value: Any) -> np.ndarray:
    """A tensor of PyTorch in numpy: the integers of a quantised one."""
    return (value.int_repr() if value.is_quantized else value.detach()).numpy()


def differences(
    torch: Any, module: Any, graph: QuantizedGraph, *inputs: Any
) -> tuple[dict[str, int], int]:
    """Of every tensor that both have, the number of values that differ, and how many there are."""
    values = all_values(torch, module, *inputs)
    ours = run(graph, [array(each) for each in inputs], all_tensors=True)
    different, total = {}, 0
    for name, value in values.items():
        if not isinstance(value, torch.Tensor) or name not in ours:
            continue
        expected, result = array(value), ours[name]
        if expected.ndim == 4:
            moved = expected.transpose(0, 2, 3, 1)
            assert moved.shape != expected.shape or moved.size == len(moved), "axes look alike"
            expected = moved if moved.shape == result.shape else expected
        assert (result.shape, result.dtype) == (expected.shape, expected.dtype)
        different[name] = int(np.count_nonzero(result != expected))
        total += expected.size
    last = next(reversed(values))
    results = values[last] if isinstance(values[last], tuple) else (values[last],)
    for name, value in zip(graph.outputs, results, strict=True):
        expected = array(value)
        assert ours[name].shape == expected.shape
        different[f"output {name}"] = int(np.count_nonzero(ours[name] != expected))
    return different, total


def check(torch: Any, module: Any, engine: str, *inputs: Any) -> QuantizedGraph:
    """Import a module, and find it equal to PyTorch at every tensor."""
    graph = from_torch(module, inputs, engine=engine)
    different, total = differences(torch, module, graph, *inputs)
    print(f"\n{graph.name}, {engine}: {len(different)} tensors, {total} values", end="")
    wrong = {name: count for name, count in different.items() if count}
    assert wrong == {}, wrong
    assert len(different) > 1
    return graph


def quantised(torch: Any, module: Any, engine: str, *examples: Any, fuse: Any = ()) -> Any:
    """A module in eager mode, calibrated on examples, and converted for an engine."""
    from torch.ao import quantization

    module.eval()
    if fuse:
        quantization.fuse_modules(module, list(fuse), inplace=True)
    module.qconfig = quantization.get_default_qconfig(engine)
    quantization.prepare(module, inplace=True)
    for example in examples:
        module(example)
    return quantization.convert(module, inplace=True)


def quantised_by_fx(torch: Any, module: Any, engine: str, *examples: Any) -> Any:
    """The same in FX graph mode."""
    from torch.ao import quantization
    from torch.ao.quantization import quantize_fx

    mapping = quantization.get_default_qconfig_mapping(engine)
    prepared = quantize_fx.prepare_fx(module.eval(), mapping, (examples[0],))
    for example in examples:
        prepared(example)
    return quantize_fx.convert_fx(prepared, qconfig_mapping=mapping)


def photographs(torch: Any, count: int, size: int) -> Any:
    """Pieces of a photograph: [count, 3, size, size], about 0 and of variance 1."""
    from skimage import data

    image = data.astronaut().astype(np.float32)
    rng = np.random.default_rng(count)
    pieces = []
    for _ in range(count):
        y, x = rng.integers(0, 512 - 2 * size, 2)
        pieces.append(image[y : y + 2 * size : 2, x : x + 2 * size : 2])
    batch = np.stack(pieces).transpose(0, 3, 1, 2)
    return torch.from_numpy(np.ascontiguousarray((batch - 120) / 80))


def residual_network(torch: Any, channels: int = 20) -> Any:
    """Convolutions dense and depthwise, a residual sum, pools, a concatenation, a linear layer."""
    nn = torch.nn

    class Residual(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            functional = torch.ao.nn.quantized.FloatFunctional
            self.quantise = torch.ao.quantization.QuantStub()
            self.first = nn.Conv2d(3, channels, 3, stride=2, padding=1)
            self.norm = nn.BatchNorm2d(channels)
            self.relu = nn.ReLU()
            self.depthwise = nn.Conv2d(channels, channels, 3, padding=1, groups=channels)
            self.pointwise = nn.Conv2d(channels, channels, 1, bias=False)
            self.sum, self.join = functional(), functional()
            self.largest = nn.MaxPool2d(3, 2, 1)
            self.mean = nn.AvgPool2d(2)
            self.wide = nn.Conv2d(2 * channels, 24, 3, dilation=2, groups=2)
            self.wide_relu = nn.ReLU()
            self.dropout = nn.Dropout()
            self.hidden = nn.Linear(24 * 4, 20)
            self.hidden_relu = nn.ReLU()
            self.scores = nn.Linear(20, 10)
            self.dequantise = torch.ao.quantization.DeQuantStub()

        def forward(self, x: Any) -> Any:
            x = self.relu(self.norm(self.first(self.quantise(x))))
            x = self.sum.add_relu(self.pointwise(self.depthwise(x)), x)
            x = self.join.cat([self.largest(x), self.mean(x)], dim=1)
            x = self.wide_relu(self.wide(x))
            x = self.dropout(torch.flatten(torch.nn.functional.max_pool2d(x, 2), 1))
            return self.dequantise(self.scores(self.hidden_relu(self.hidden(x))))

    torch.manual_seed(7)
    return Residual()


#: What of `residual_network` is fused before it is quantised.
RESIDUAL_FUSED = (
    ["first", "norm", "relu"],
    ["wide", "wide_relu"],
    ["hidden", "hidden_relu"],
)


def residual_file(torch: Any, path: Any, engine: str, images: Any) -> Any:
    """Writes `residual_network`, quantised for an engine and traced, to a path or a file; the
    module."""
    with engine_set(torch, engine):
        module = quantised(torch, residual_network(torch), engine, images, fuse=RESIDUAL_FUSED)
        torch.jit.save(torch.jit.trace(module, images[:1]), path)
    return module


def mobile_network(torch: Any, *, relu6: bool = True) -> Any:
    """Inverted residuals with ReLU6, squeeze and excitation, hard-swish, a global mean."""
    nn = torch.nn
    functional = torch.ao.nn.quantized.FloatFunctional

    class Squeeze(nn.Module):
        def __init__(self, channels: int) -> None:
            super().__init__()
            self.pool = nn.AdaptiveAvgPool2d(1)
            self.down = nn.Conv2d(channels, 8, 1)
            self.relu = nn.ReLU(inplace=True)
            self.up = nn.Conv2d(8, channels, 1)
            self.gate = nn.Sigmoid()
            self.product = functional()

        def forward(self, x: Any) -> Any:
            return self.product.mul(x, self.gate(self.up(self.relu(self.down(self.pool(x))))))

    class Inverted(nn.Module):
        def __init__(self, channels: int) -> None:
            super().__init__()
            wide = 3 * channels
            self.expand = nn.Sequential(
                nn.Conv2d(channels, wide, 1, bias=False),
                nn.BatchNorm2d(wide),
                nn.ReLU6() if relu6 else nn.ReLU(),
            )
            self.depthwise = nn.Sequential(
                nn.Conv2d(wide, wide, 3, padding=1, groups=wide, bias=False),
                nn.BatchNorm2d(wide),
                nn.Hardswish(),
            )
            self.squeeze = Squeeze(wide)
            self.project = nn.Conv2d(wide, channels, 1)
            self.sum = functional()

        def forward(self, x: Any) -> Any:
            y = self.squeeze(self.depthwise(self.expand(x)))
            return self.sum.add(self.project(y), x)

    class Mobile(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.quantise = torch.ao.quantization.QuantStub()
            self.first = nn.Conv2d(3, 16, 3, stride=2, padding=1)
            self.blocks = nn.Sequential(Inverted(16), Inverted(16))
            self.pool = nn.AdaptiveAvgPool2d((1, 1))
            self.scores = nn.Linear(16, 10)
            self.dequantise = torch.ao.quantization.DeQuantStub()

        def forward(self, x: Any) -> Any:
            x = self.pool(self.blocks(self.first(self.quantise(x))))
            return self.dequantise(self.scores(x.reshape(x.shape[0], -1)))

    torch.manual_seed(8)
    return Mobile()


def functions_network(torch: Any, *, clamps: bool = True) -> Any:
    """What the other networks do not have: each function, transposed convolution, nearest pixels,
    halves put together again, several outputs."""
    nn = torch.nn
    functional = torch.ao.nn.quantized.FloatFunctional

    class Functions(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.quantise = torch.ao.quantization.QuantStub()
            self.first = nn.Conv2d(3, 12, (3, 2), padding=(1, 0), stride=(1, 2))
            self.norm = nn.BatchNorm2d(12)
            self.leaky = nn.LeakyReLU(0.2)
            self.middle = nn.Conv2d(12, 12, 3, padding=2, dilation=2)
            self.tanh = nn.Tanh()
            self.limits = nn.Hardtanh(-0.4, 0.5) if clamps else nn.ReLU()
            self.join, self.mix = functional(), functional()
            self.again = nn.Conv2d(24, 12, 1)
            self.elu = nn.ELU(0.7)
            self.single = nn.Conv2d(12, 1, 1)
            self.scores = nn.Linear(12, 3)
            self.dequantise = torch.ao.quantization.DeQuantStub()

        def forward(self, x: Any) -> Any:
            x = self.leaky(self.norm(self.first(self.quantise(x))))
            y = self.tanh(self.middle(x))
            x = self.join.cat([self.limits(x), y], dim=1)
            x = self.again(x)
            left, right = x.chunk(2, 1)
            x = self.mix.cat([right, left], 1)
            z = self.elu(x)
            rows = self.scores(z.permute(0, 2, 3, 1))
            larger = torch.nn.functional.interpolate(self.single(x), scale_factor=2.0)
            return self.dequantise(rows), self.dequantise(larger)

    torch.manual_seed(9)
    return Functions()


def deep_network(torch: Any) -> Any:
    """Eight residual blocks as those of ResNet-18, at a quarter of its channels."""
    nn = torch.nn

    class Block(nn.Module):
        def __init__(self, inner: int, outer: int, stride: int) -> None:
            super().__init__()
            self.first = nn.Conv2d(inner, outer, 3, stride, 1, bias=False)
            self.first_norm, self.relu = nn.BatchNorm2d(outer), nn.ReLU(inplace=True)
            self.second = nn.Conv2d(outer, outer, 3, 1, 1, bias=False)
            self.second_norm = nn.BatchNorm2d(outer)
            self.short = nn.Identity()
            if stride > 1:
                self.short = nn.Sequential(
                    nn.Conv2d(inner, outer, 1, stride, bias=False), nn.BatchNorm2d(outer)
                )
            self.last_relu = nn.ReLU(inplace=True)

        def forward(self, x: Any) -> Any:
            y = self.relu(self.first_norm(self.first(x)))
            y = self.second_norm(self.second(y))
            return self.last_relu(y + self.short(x))

    class Deep(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first = nn.Conv2d(3, 16, 7, 2, 3, bias=False)
            self.norm, self.relu = nn.BatchNorm2d(16), nn.ReLU(inplace=True)
            self.pool = nn.MaxPool2d(3, 2, 1)
            sizes = [(16, 16, 1), (16, 16, 1), (16, 32, 2), (32, 32, 1)]
            sizes += [(32, 64, 2), (64, 64, 1), (64, 128, 2), (128, 128, 1)]
            self.blocks = nn.Sequential(*(Block(*size) for size in sizes))
            self.mean = nn.AdaptiveAvgPool2d((1, 1))
            self.scores = nn.Linear(128, 1000)

        def forward(self, x: Any) -> Any:
            x = self.blocks(self.pool(self.relu(self.norm(self.first(x)))))
            return self.scores(torch.flatten(self.mean(x), 1))

    torch.manual_seed(10)
    module = Deep()
    for layer in module.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.running_mean.normal_(0, 0.3)
            layer.running_var.uniform_(0.3, 2)
    return module


def random_network(torch: Any, rng: np.random.Generator, engine: str) -> Any:
    """A dozen layers on images, one after the other, some with a second path beside them."""
    nn = torch.nn
    channels = int(rng.choice([6, 8, 16, 24]))

    def layer() -> Any:
        kernel = int(rng.choice([1, 3]))
        groups = int(rng.choice([1, 2, channels]))
        choices = [
            lambda: nn.Conv2d(channels, channels, kernel, padding=kernel // 2, groups=groups),
            lambda: nn.BatchNorm2d(channels),
            lambda: nn.LeakyReLU(0.1),
            lambda: nn.Hardswish(),
            lambda: nn.Sigmoid(),
            lambda: nn.ReLU(),
            lambda: nn.Upsample(scale_factor=2.0),
            lambda: nn.AvgPool2d(2),
            lambda: nn.MaxPool2d(2, ceil_mode=True),
            lambda: nn.Tanh() if engine == "qnnpack" else nn.Hardtanh(-0.5, 1.0),
        ]
        return choices[rng.integers(len(choices))]()

    class Step(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = layer()
            self.kind = str(rng.choice(["alone", "alone", "sum", "product", "join"]))
            self.other = nn.Conv2d(channels, channels, 1)
            self.functional = torch.ao.nn.quantized.FloatFunctional()
            self.narrow = nn.Conv2d(2 * channels, channels, 1) if self.kind == "join" else None

        def forward(self, x: Any) -> Any:
            x = self.layer(x)
            match self.kind:
                case "sum":
                    return self.functional.add(x, self.other(x))
                case "product":
                    return self.functional.mul(self.other(x), x)
                case "join":
                    return self.narrow(self.functional.cat([x, self.other(x)], dim=1))
            return x

    class Network(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.quantise = torch.ao.quantization.QuantStub()
            self.first = nn.Conv2d(3, channels, 3, stride=2)
            self.steps = nn.ModuleList(Step() for _ in range(12))
            self.pool = nn.AdaptiveAvgPool2d((2, 1))
            self.scores = nn.Linear(2 * channels, 7)
            self.dequantise = torch.ao.quantization.DeQuantStub()

        def forward(self, x: Any) -> Any:
            x = self.first(self.quantise(x))
            for step in self.steps:
                x = step(x)
            return self.dequantise(self.scores(torch.flatten(self.pool(x), 1)))

    torch.manual_seed(int(rng.integers(1 << 30)))
    return Network()
